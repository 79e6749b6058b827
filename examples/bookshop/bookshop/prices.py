"""Prices, and what is taken off them.

Money is a Decimal, rounded to the penny.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Dict, List, Optional, Tuple

PENNY = Decimal('0.01')

SYMBOLS: Dict[str, str] = dict([
    ('EUR', u'€'),
    ('GBP', u'£'),  # the shop's own till
    ('USD', u'$'),
])


def to_money(value: Any) -> Decimal:
    """Turn a str, an int or a Decimal into money; a float is refused."""
    if isinstance(value, float):
        raise TypeError('a float is no price: %r' % (value,))
    try:
        return Decimal(value).quantize(PENNY, rounding=ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError('not a price: %r' % (value,)) from None


def show_money(amount: Decimal, currency: str = 'GBP') -> str:
    """Write an amount the way a price tag does."""
    sign = '-' if amount < 0 else ''
    return sign + SYMBOLS[currency] + '{:,.2f}'.format(abs(amount))


class Offer(object):
    """Something off the price. On its own, nothing is."""

    def __init__(self, label: str) -> None:
        self.label = label

    def saving(self, price: Decimal, copies: int) -> Decimal:
        """What a customer saves on so many copies of one book."""
        return Decimal(0)


class PercentOff(Offer):
    """The same share off every copy."""

    def __init__(self, percent: int) -> None:
        super(PercentOff, self).__init__('{}% off'.format(percent))
        self.percent = percent

    def saving(self, price: Decimal, copies: int) -> Decimal:
        return to_money(price * copies * self.percent / 100)


class ThreeForTwo(Offer):
    """Every third copy of a book is free."""

    def __init__(self) -> None:
        super(ThreeForTwo, self).__init__('3 for 2')

    def saving(self, price: Decimal, copies: int) -> Decimal:
        return price * (copies // 3)


def best_offer(
    offers: List[Offer], price: Decimal, copies: int
) -> Optional[Tuple[Offer, Decimal]]:
    """The offer that saves most, with what it saves; None if none saves."""
    savings = [(offer, offer.saving(price, copies)) for offer in offers]
    best = max(savings, key=lambda pair: pair[1], default=None)
    return best if best and best[1] > 0 else None
