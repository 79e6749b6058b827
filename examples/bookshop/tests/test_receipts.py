import tempfile
import unittest
from pathlib import Path

from bookshop.orders import Order
from bookshop.prices import ThreeForTwo
from bookshop.receipts import GiftReceipt, Receipt, load_receipt
from tests.shop import CITIES, SOLARIS

RECEIPT = """\
      THE BOOKSHOP
------------------------
3 x Solaris       £26.97
  3 for 2         -£8.99
1 x Invisible...  £10.50
------------------------
TOTAL             £28.48
Thank you, Rheya!
"""

GIFT = """\
      THE BOOKSHOP
------------------------
3 x Solaris
1 x Invisible Cities
------------------------
With love from Rheya
"""


class ReceiptTest(unittest.TestCase):
    def setUp(self):
        self.order = Order('Rheya', [ThreeForTwo()])
        self.order.add(SOLARIS, 3)
        self.order.add(CITIES)

    def test_shows_every_line(self):
        self.assertEqual(Receipt(self.order, width=24).text(), RECEIPT)

    def test_a_gift_shows_no_price(self):
        gift = GiftReceipt(self.order)
        gift.width = 24
        self.assertEqual(gift.text(), GIFT)

    def test_a_gift_may_have_a_message(self):
        text = GiftReceipt(self.order, 'Bon voyage!').text()
        self.assertEqual(text.splitlines()[-1], 'Bon voyage!')

    def test_is_the_same_when_read_back(self):
        receipt = Receipt(self.order)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, 'slip.txt'))
            receipt.save(path)
            self.assertEqual(load_receipt(path), receipt.text())
