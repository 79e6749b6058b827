"""What one customer buys, and what it comes to."""

from decimal import Decimal
from typing import Dict, List, Optional

from bookshop.catalogue import Book
from bookshop.inventory import Inventory
from bookshop.prices import Offer, best_offer

OPEN, PLACED, CANCELLED = u'open', u'placed', u'cancelled'
CLOSED = set([PLACED, CANCELLED])


class OrderError(Exception):
    """The order is not in a state in which that can be done."""


class Line(object):
    """So many copies of one book, less the best offer there is for them."""

    def __init__(self, book: Book, copies: int, offers: List[Offer]) -> None:
        self.book = book
        self.copies = copies
        self.gross = book.price * copies
        self.offer: Optional[Offer] = None
        self.saving = Decimal(0)
        best = best_offer(offers, book.price, copies)
        if best:
            self.offer, self.saving = best

    @property
    def net(self) -> Decimal:
        """What the customer pays for this line."""
        return self.gross - self.saving


class Order(object):
    """A basket until it is placed; after that it does not change."""

    def __init__(self, customer: str, offers: Optional[List[Offer]] = None) -> None:
        self.customer = customer
        self.offers = offers or []
        self.status = OPEN
        self._copies: Dict[Book, int] = {}

    def __repr__(self) -> str:
        return '<Order of {0} ({1})>'.format(self.customer, self.status)

    def add(self, book: Book, copies: int = 1) -> None:
        """Put copies of a book in the basket."""
        self._must_be_open('add to')
        if copies < 1:
            raise ValueError('cannot add {} of {!r}'.format(copies, book))
        self._copies[book] = self._copies.get(book, 0) + copies

    def lines(self) -> List[Line]:
        """One line a book, in the order in which they were added."""
        return [Line(b, n, self.offers) for b, n in self._copies.items()]

    def total(self) -> Decimal:
        """What the customer pays."""
        return sum((line.net for line in self.lines()), Decimal(0))

    def place(self, inventory: Inventory) -> None:
        """Take the books off the shelf; if one is short, nothing is taken."""
        self._must_be_open('place')
        if not self._copies:
            raise OrderError('%s has an empty basket' % (self.customer,))
        inventory.take(self._copies)
        self.status = PLACED

    def cancel(self) -> None:
        """Give up the basket."""
        self._must_be_open('cancel')
        self.status = CANCELLED

    def _must_be_open(self, what: str) -> None:
        if self.status in CLOSED:
            raise OrderError('cannot {} {!r}'.format(what, self))
