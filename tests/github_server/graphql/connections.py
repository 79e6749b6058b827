"""Lists in pages: arguments, cursors and limits of GitHub's connections.

A cursor carries the key by which its item is sorted, so that a page goes on behind that key wherever the list
has moved meanwhile. 1 to 100 items a page are required (github-facts, section 3).
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from tests.github_server.graphql.registry import attributes
from tests.github_server.problems import Problem

ItemT = TypeVar("ItemT")
Key = list[str | int]
_MOST = 100


@dataclass(frozen=True, slots=True)
class Edge:
    node: object
    cursor: str


@dataclass(frozen=True)
class Page:
    """One page of a list. `total` counts the whole list when it is asked for."""

    edges: list[Edge]
    has_next: bool
    has_previous: bool
    total: Callable[[], int]


@dataclass(frozen=True)
class Cut:
    """Which part of a list is asked for."""

    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, object]) -> "Cut":
        """The part that the arguments of a connection ask for; other arguments are left alone."""
        return msgspec.convert(arguments, cls)

    def checked(self, name: str) -> "Cut":
        """Problem: a size is out of bounds; that one must be given is checked in `bounds`."""
        for word, size in (("first", self.first), ("last", self.last)):
            if size is not None and size < 0:
                raise Problem(f"`{word}` on the `{name}` connection cannot be less than zero.", 200, "INVALID")
            if size is not None and size > _MOST:
                text = f"Requesting {size} records on the `{name}` connection exceeds"
                text += f" the `{word}` limit of {_MOST} records."
                raise Problem(text, 200, "EXCESSIVE_PAGINATION")
        return self


def page(
    name: str,
    items: Sequence[ItemT],
    cut: Cut,
    *,
    key: Callable[[ItemT], Key] | None = None,
    descending: bool = False,
) -> Page:
    """A page of a list that is sorted by `key`, or by position where there is none."""
    cut.checked(name)
    keys: list[Key] = [key(item) for item in items] if key else [[index] for index in range(len(items))]
    start = _behind(keys, cut.after, descending=descending) if cut.after else 0
    end = _until(keys, cut.before, descending=descending) if cut.before else len(items)
    whole = start, end
    if cut.first is None and cut.last is None:
        end = start
    if cut.first is not None:
        end = min(end, start + cut.first)
    if cut.last is not None:
        start = max(start, end - cut.last)
    edges = [Edge(items[index], encode_cursor(keys[index])) for index in range(start, end)]
    return Page(edges, end < max(whole[1], end), start > 0, lambda: len(items))


def _behind(keys: list[Key], cursor: str, *, descending: bool) -> int:
    at = decode_cursor(cursor)
    return sum(1 for key in keys if (key >= at if descending else key <= at))


def _until(keys: list[Key], cursor: str, *, descending: bool) -> int:
    at = decode_cursor(cursor)
    return sum(1 for key in keys if (key > at if descending else key < at))


def encode_cursor(key: Key) -> str:
    return base64.b64encode(msgspec.json.encode(key)).decode()


def decode_cursor(cursor: str) -> Key:
    """The key of a cursor. Problem: it is none of ours."""
    try:
        return msgspec.json.decode(base64.b64decode(cursor), type=Key)
    except (ValueError, msgspec.DecodeError):
        raise Problem(
            f"`{cursor}` does not appear to be a valid cursor.", 200, "INVALID_CURSOR_ARGUMENTS"
        ) from None


attributes(
    "*Connection",
    {
        "nodes": lambda found: [edge.node for edge in found.edges],
        "edges": lambda found: found.edges,
        "pageInfo": lambda found: found,
        "totalCount": lambda found: found.total(),
    },
)
attributes("*Edge", {"node": lambda edge: edge.node, "cursor": lambda edge: edge.cursor})
attributes(
    "PageInfo",
    {
        "hasNextPage": lambda found: found.has_next,
        "hasPreviousPage": lambda found: found.has_previous,
        "startCursor": lambda found: found.edges[0].cursor if found.edges else None,
        "endCursor": lambda found: found.edges[-1].cursor if found.edges else None,
    },
)
