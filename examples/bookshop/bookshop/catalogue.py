"""The books the shop knows, and how they are read from a CSV file."""

import csv
import io
from decimal import Decimal
from typing import Dict, Iterator, List, Optional, Set

from bookshop.prices import to_money

COLUMNS = set(['isbn', 'title', 'author', 'price', 'tags'])


class CatalogueError(ValueError):
    """The file holds something that is not a book."""


class Book(object):
    """One title. Two books are the same if their ISBNs are."""

    def __init__(
        self,
        isbn: str,
        title: str,
        author: str,
        price: Decimal,
        tags: Optional[Set[str]] = None,
    ) -> None:
        self.isbn = check_isbn(isbn)
        self.title = title
        self.author = author
        self.price = price
        self.tags = tags or set()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Book) and self.isbn == other.isbn

    def __hash__(self) -> int:
        return hash(self.isbn)

    def __repr__(self) -> str:
        return 'Book(%r, %r)' % (self.isbn, self.title)


def check_isbn(text: str) -> str:
    """Return an ISBN-13 without its hyphens, once its check digit is right."""
    isbn = text.replace('-', '').strip()
    digits = [int(char) for char in isbn if char in '0123456789']
    weighed = sum(digits[0::2]) + 3 * sum(digits[1::2])
    if not len(isbn) == len(digits) == 13 or weighed % 10:
        raise CatalogueError('not an ISBN-13: %r' % (text,))
    return isbn


class Catalogue(object):
    """Books by ISBN, in the order in which they came."""

    def __init__(self, books: Optional[List[Book]] = None) -> None:
        self._books: Dict[str, Book] = dict([(b.isbn, b) for b in books or []])

    def __len__(self) -> int:
        return len(self._books)

    def __iter__(self) -> Iterator[Book]:
        return iter(self._books.values())

    def get(self, isbn: str) -> Optional[Book]:
        """The book of that ISBN, hyphens or not, or None."""
        return self._books.get(isbn.replace('-', ''))

    def search(self, words: str) -> List[Book]:
        """The books that have every word in title, author or tags."""
        wanted = words.lower().split()
        return [b for b in self if all(word in _haystack(b) for word in wanted)]


def load_catalogue(path: str) -> Catalogue:
    """Read a catalogue from a CSV file with a header row."""
    with io.open(path, 'r', encoding='utf-8', newline='') as lines:
        reader = csv.DictReader(lines, restval='')
        missing = COLUMNS - set(reader.fieldnames or [])
        if missing:
            names = ', '.join(sorted(missing))
            raise CatalogueError('{}: no column {}'.format(path, names))
        return Catalogue([_book(path, reader.line_num, row) for row in reader])


def _book(path: str, line: int, row: Dict[str, str]) -> Book:
    try:
        price = to_money(row['price'])
        tags = set(row['tags'].split())
        return Book(row['isbn'], row['title'], row['author'], price, tags)
    except ValueError as error:
        raise CatalogueError('%s, line %d: %s' % (path, line, error)) from error


def _haystack(book: Book) -> str:
    return ' '.join([book.title, book.author] + sorted(book.tags)).lower()
