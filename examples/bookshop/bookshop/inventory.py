"""How many copies of each book are on the shelf."""

from typing import Dict, List, Tuple

from bookshop.catalogue import Book


class OutOfStock(Exception):
    """More copies were asked for than there are."""

    def __init__(self, book: Book, wanted: int, held: int) -> None:
        super(OutOfStock, self).__init__(
            '{}: {} wanted, {} held'.format(book.title, wanted, held)
        )
        self.book = book


class Inventory(object):
    """The shelf."""

    def __init__(self) -> None:
        self._copies: Dict[Book, int] = {}

    def copies(self, book: Book) -> int:
        """How many copies of this book there are."""
        return self._copies.get(book, 0)

    def receive(self, book: Book, copies: int) -> None:
        """Put new copies on the shelf."""
        if copies < 1:
            raise ValueError('cannot receive %s copies' % copies)
        self._copies[book] = self.copies(book) + copies

    def take(self, wanted: Dict[Book, int]) -> None:
        """Take all of these off the shelf, or none of them."""
        for book, copies in wanted.items():
            if copies > self.copies(book):
                raise OutOfStock(book, copies, self.copies(book))
        for book, copies in wanted.items():
            self._copies[book] -= copies

    def running_low(self, fewer_than: int = 3) -> List[Tuple[Book, int]]:
        """What to order again, fewest copies first."""
        low = [pair for pair in self._copies.items() if pair[1] < fewer_than]
        return sorted(low, key=lambda pair: (pair[1], pair[0].title))
