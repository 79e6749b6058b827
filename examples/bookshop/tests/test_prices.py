import unittest
from decimal import Decimal

from bookshop.prices import (
    Offer,
    PercentOff,
    ThreeForTwo,
    best_offer,
    show_money,
    to_money,
)


class MoneyTest(unittest.TestCase):
    def test_is_rounded_to_the_penny(self):
        self.assertEqual(to_money('2.675'), Decimal('2.68'))
        self.assertEqual(str(to_money(12)), '12.00')

    def test_is_never_a_float(self):
        with self.assertRaisesRegex(TypeError, 'a float is no price: 8.99'):
            to_money(8.99)

    def test_is_a_number(self):
        with self.assertRaisesRegex(ValueError, "not a price: 'a tenner'"):
            to_money('a tenner')

    def test_is_shown_with_its_currency(self):
        self.assertEqual(show_money(Decimal('1234.5')), '£1,234.50')
        self.assertEqual(show_money(Decimal('-3'), 'EUR'), '-€3.00')


class OfferTest(unittest.TestCase):
    price = Decimal('9.99')

    def test_plain_offer_saves_nothing(self):
        self.assertEqual(Offer('none').saving(self.price, 5), 0)

    def test_percent_off(self):
        offer = PercentOff(15)
        self.assertEqual(offer.label, '15% off')
        self.assertEqual(offer.saving(self.price, 2), Decimal('3.00'))

    def test_every_third_copy_is_free(self):
        savings = [ThreeForTwo().saving(self.price, n) for n in (2, 3, 7)]
        self.assertEqual(savings, [0, self.price, 2 * self.price])

    def test_the_best_offer_wins(self):
        few, many = PercentOff(10), ThreeForTwo()
        self.assertEqual(best_offer([few, many], self.price, 2)[0], few)
        self.assertEqual(best_offer([few, many], self.price, 3)[0], many)

    def test_there_may_be_no_offer(self):
        self.assertIsNone(best_offer([], self.price, 3))
        self.assertIsNone(best_offer([ThreeForTwo()], self.price, 2))
