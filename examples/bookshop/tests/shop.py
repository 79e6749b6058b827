"""The books that the tests buy and sell."""

from decimal import Decimal
from pathlib import Path

from bookshop.catalogue import Book

BOOKS = str(Path(__file__).parent.parent / 'books.csv')

SOLARIS = Book('978-0-15-602760-1', 'Solaris', 'Stanisław Lem', Decimal('8.99'))
CITIES = Book('9780156453806', 'Invisible Cities', 'Italo Calvino', Decimal('10.50'))
