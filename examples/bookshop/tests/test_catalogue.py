import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

from bookshop.catalogue import Book, Catalogue, CatalogueError, load_catalogue
from tests.shop import BOOKS, CITIES, SOLARIS


class BookTest(unittest.TestCase):
    def test_is_the_same_if_its_isbn_is(self):
        other = Book('9780156027601', 'SOLARIS', 'Lem', Decimal(1))
        self.assertEqual(len({SOLARIS, other, CITIES}), 2)

    def test_repr(self):
        self.assertEqual(repr(SOLARIS), "Book('9780156027601', 'Solaris')")

    def test_a_wrong_check_digit_is_noticed(self):
        with self.assertRaisesRegex(CatalogueError, "not an ISBN-13: '978-1'"):
            Book('978-1', 'Short', 'Nobody', Decimal(1))
        with self.assertRaises(CatalogueError):
            Book('9780156027602', 'Solaris', 'Stanisław Lem', Decimal(1))


class CatalogueTest(unittest.TestCase):
    def test_finds_a_book_by_isbn(self):
        catalogue = Catalogue([SOLARIS, CITIES])
        self.assertEqual(len(catalogue), 2)
        self.assertIs(catalogue.get('978-0-15-645380-6'), CITIES)
        self.assertIsNone(catalogue.get('9780141439518'))

    def test_searches_title_author_and_tags(self):
        catalogue = load_catalogue(BOOKS)
        found = [book.title for book in catalogue.search('SCIENCE-fiction le')]
        self.assertEqual(found, ['Solaris', 'The Left Hand of Darkness'])
        self.assertEqual(catalogue.search('lem calvino'), [])


class LoadTest(unittest.TestCase):
    def load(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, 'some.csv')
            path.write_text(text, encoding='utf-8')
            return load_catalogue(str(path))

    def test_reads_every_column(self):
        book = load_catalogue(BOOKS).get('9782070360024')
        self.assertEqual(book.title, "L'Étranger")
        self.assertEqual(book.author, 'Albert Camus')
        self.assertEqual(book.price, Decimal('7.50'))
        self.assertEqual(book.tags, {'novel', 'french'})

    def test_a_missing_column_is_named(self):
        with self.assertRaisesRegex(CatalogueError, 'no column price, tags'):
            self.load('isbn,title,author\n')

    def test_a_bad_line_is_named(self):
        with self.assertRaisesRegex(CatalogueError, "line 2: not a price: 'free'"):
            self.load('isbn,title,author,price,tags\n9780156027601,Solaris,Lem,free\n')
