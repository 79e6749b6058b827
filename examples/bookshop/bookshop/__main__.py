"""Buy the first book that each search finds: python3 -m bookshop lem calvino"""

import sys
from pathlib import Path

from bookshop.catalogue import load_catalogue
from bookshop.orders import Order
from bookshop.prices import ThreeForTwo
from bookshop.receipts import Receipt

BOOKS = Path(__file__).parent.parent / 'books.csv'


def main() -> None:
    catalogue = load_catalogue(str(BOOKS))
    order = Order('dear reader', [ThreeForTwo()])
    for words in sys.argv[1:]:
        for book in catalogue.search(words)[:1]:
            order.add(book)
    print(Receipt(order).text(), end='')


if __name__ == '__main__':
    main()
