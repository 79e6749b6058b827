import unittest
from decimal import Decimal

from bookshop.inventory import Inventory, OutOfStock
from bookshop.orders import CANCELLED, OPEN, PLACED, Order, OrderError
from bookshop.prices import PercentOff, ThreeForTwo
from tests.shop import CITIES, SOLARIS


class OrderTest(unittest.TestCase):
    def setUp(self):
        self.order = Order('Rheya', [PercentOff(10), ThreeForTwo()])
        self.inventory = Inventory()
        self.inventory.receive(SOLARIS, 3)

    def test_adds_up(self):
        self.order.add(SOLARIS)
        self.order.add(CITIES)
        self.order.add(SOLARIS, 2)
        solaris, cities = self.order.lines()
        self.assertEqual((solaris.copies, solaris.offer.label), (3, '3 for 2'))
        self.assertEqual(solaris.gross, Decimal('26.97'))
        self.assertEqual(solaris.net, Decimal('17.98'))
        self.assertEqual(cities.offer.label, '10% off')
        self.assertEqual(self.order.total(), Decimal('27.43'))

    def test_an_empty_basket_costs_nothing(self):
        self.assertEqual(self.order.total(), 0)
        with self.assertRaisesRegex(OrderError, 'Rheya has an empty basket'):
            self.order.place(self.inventory)

    def test_placing_takes_the_books(self):
        self.order.add(SOLARIS, 2)
        self.order.place(self.inventory)
        self.assertEqual(self.order.status, PLACED)
        self.assertEqual(self.inventory.copies(SOLARIS), 1)

    def test_stays_open_if_a_book_is_short(self):
        self.order.add(SOLARIS, 4)
        with self.assertRaises(OutOfStock):
            self.order.place(self.inventory)
        self.assertEqual(self.order.status, OPEN)

    def test_does_not_change_once_it_is_closed(self):
        self.order.cancel()
        self.assertEqual(self.order.status, CANCELLED)
        refusal = 'cannot add to <Order of Rheya .cancelled.>'
        with self.assertRaisesRegex(OrderError, refusal):
            self.order.add(SOLARIS)

    def test_adds_at_least_one_copy(self):
        with self.assertRaisesRegex(ValueError, r"cannot add 0 of Book\('978"):
            self.order.add(SOLARIS, 0)
