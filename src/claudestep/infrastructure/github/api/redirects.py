"""Where a reply sends a request, and what of the request goes there."""

from dataclasses import replace
from urllib.parse import SplitResult, urljoin, urlsplit

from claudestep.domain.errors import HostError
from claudestep.domain.text import printable, shortened
from claudestep.infrastructure.github.api.endpoints import is_loopback
from claudestep.infrastructure.github.api.protocol import Reply, Request

MOST = 3
_OF_READS = (301, 302, 307, 308)
_OF_OTHERS = (307, 308)
"""A client may turn a POST into a GET on 301 and 302: then nothing would be written, and nobody told.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
"""


def redirected(request: Request, reply: Reply, *, elsewhere: bool) -> Request | None:
    """The request that a redirect asks for; None where the reply is no redirect.

    On the same host, it is the same request (a renamed repository). On another one, which is followed where
    `elsewhere` says so, it is a plain GET without the token. Raises HostError.
    """
    if reply.status not in (_OF_READS if request.method == "GET" else _OF_OTHERS):
        return None
    url, host = _target(request.url, reply.headers.get("location", ""))
    if _origin(url) == _origin(request.url):
        return replace(request, url=url)
    if not elsewhere or request.method != "GET":
        raise HostError(f"GitHub sends the request to another host, {host}", remedy="Is GITHUB_API_URL right?")
    headers = {"User-Agent": request.headers["User-Agent"], "Accept": "*/*", "Accept-Encoding": "identity"}
    return Request("GET", url, headers)


def _target(base: str, location: str) -> tuple[str, str]:
    """The address that `location` means, and its host."""
    split = _split(base, location) if location.isascii() and location.isprintable() else None
    if split is None or not location or " " in location or not split.hostname or split.username is not None:
        raise HostError("GitHub sends the request to an address that is none")
    if split.scheme != "https" and not (split.scheme == "http" and is_loopback(split.hostname)):
        raise HostError("GitHub sends the request where nothing is encrypted")
    return split.geturl(), printable(shortened(split.hostname, 100))


def _split(base: str, location: str) -> SplitResult | None:
    try:
        split = urlsplit(urljoin(base, location))
        _ = split.port  # raises for a port that is none
    except ValueError:
        return None
    return split


def _origin(url: str) -> tuple[str, str | None, int | None]:
    split = urlsplit(url)
    return split.scheme, split.hostname, split.port or {"http": 80, "https": 443}.get(split.scheme)
