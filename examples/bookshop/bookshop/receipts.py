"""The slip of paper at the end."""

import io
from typing import List, Optional

from bookshop.orders import Line, Order
from bookshop.prices import show_money

WIDTH = 40


class Receipt(object):
    """An order written out for the customer, `width` characters wide."""

    def __init__(self, order: Order, width: int = WIDTH) -> None:
        self.order = order
        self.width = width

    def text(self) -> str:
        """The whole receipt, with a newline at its end."""
        rows = [u'THE BOOKSHOP'.center(self.width).rstrip(), u'-' * self.width]
        for line in self.order.lines():
            rows.extend(self._rows(line))
        return '\n'.join(rows + self._foot()) + '\n'

    def save(self, path: str) -> None:
        """Write the receipt to a file."""
        with io.open(path, 'w', encoding='utf-8') as slip:
            slip.write(self.text())

    def _rows(self, line: Line) -> List[str]:
        what = '%d x %s' % (line.copies, line.book.title)
        rows = [self._row(what, show_money(line.gross))]
        if line.offer:
            label = '  {label}'.format(label=line.offer.label)
            rows.append(self._row(label, show_money(-line.saving)))
        return rows

    def _foot(self) -> List[str]:
        total = self._row('TOTAL', show_money(self.order.total()))
        thanks = 'Thank you, %s!' % (self.order.customer,)
        return [u'-' * self.width, total, thanks]

    def _row(self, left: str, right: str = '') -> str:
        """Text on the left, money on the right; text that is too long is cut."""
        room = self.width - len(right) - 1
        if len(left) > room:
            left = left[:room - 3].rstrip() + '...'
        return (left.ljust(room) + ' ' + right).rstrip()


class GiftReceipt(Receipt):
    """A receipt that does not say what anything cost."""

    def __init__(self, order: Order, message: Optional[str] = None) -> None:
        super(GiftReceipt, self).__init__(order)
        self.message = message

    def _rows(self, line: Line) -> List[str]:
        return [self._row('%d x %s' % (line.copies, line.book.title))]

    def _foot(self) -> List[str]:
        sender = 'With love from %s' % (self.order.customer,)
        return [u'-' * self.width, self.message or sender]


def load_receipt(path: str) -> str:
    """Read back a receipt that was saved."""
    with io.open(path, 'rt', encoding='utf-8') as slip:
        return slip.read()
