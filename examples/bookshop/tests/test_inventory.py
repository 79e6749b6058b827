import unittest

from bookshop.inventory import Inventory, OutOfStock
from tests.shop import CITIES, SOLARIS


class InventoryTest(unittest.TestCase):
    def setUp(self):
        self.inventory = Inventory()
        self.inventory.receive(SOLARIS, 2)
        self.inventory.receive(CITIES, 5)

    def test_counts_copies(self):
        self.inventory.receive(SOLARIS, 1)
        self.inventory.take({SOLARIS: 2})
        self.assertEqual(self.inventory.copies(SOLARIS), 1)

    def test_takes_all_or_nothing(self):
        with self.assertRaises(OutOfStock) as caught:
            self.inventory.take({CITIES: 1, SOLARIS: 3})
        self.assertEqual(str(caught.exception), 'Solaris: 3 wanted, 2 held')
        self.assertIs(caught.exception.book, SOLARIS)
        self.assertEqual(self.inventory.copies(CITIES), 5)

    def test_receives_at_least_one_copy(self):
        with self.assertRaisesRegex(ValueError, 'cannot receive 0 copies'):
            self.inventory.receive(SOLARIS, 0)

    def test_knows_what_is_running_low(self):
        self.assertEqual(self.inventory.running_low(), [(SOLARIS, 2)])
        low = self.inventory.running_low(fewer_than=6)
        self.assertEqual(low, [(SOLARIS, 2), (CITIES, 5)])
