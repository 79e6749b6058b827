"""Lists in pages, with the Link header by which a client finds the next one."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from starlette.responses import Response

from tests.github_server.rest.ask import Ask, answer

T = TypeVar("T")


def paged(ask: Ask, items: Sequence[T], view: Callable[[T], object]) -> Response:
    """The page that `per_page` (30, at most 100) and `page` ask for."""
    size = min(_positive(ask.query("per_page"), 30), 100)
    page = _positive(ask.query("page"), 1)
    last = max(1, -(-len(items) // size))
    shown = [view(item) for item in items[(page - 1) * size : page * size]]
    links = _links(ask, page, last)
    return answer(shown, headers={"link": links} if links else None)


def _positive(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and int(text) > 0 else default


def _links(ask: Ask, page: int, last: int) -> str:
    pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page >= last:
        pages = {name: number for name, number in pages.items() if name in ("prev", "first")}
    if page == 1:
        pages = {name: number for name, number in pages.items() if name in ("next", "last")}
    path: str = ask.request.scope["path"]
    url = ask.request.url.replace(scheme=ask.request.url.scheme, path=path)
    return ", ".join(f'<{url.include_query_params(page=number)}>; rel="{name}"' for name, number in pages.items())
