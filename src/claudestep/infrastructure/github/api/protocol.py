"""What is said to GitHub and what it says, as values: no I/O here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from claudestep.domain.errors import Transient, UnreadableReply
from claudestep.domain.text import printable, shortened
from claudestep.infrastructure.github.api.token import Token
from claudestep.version import __version__

T = TypeVar("T")

API_VERSION = "2022-11-28"
"""The default, supported until 2028-03 at least.

https://github.blog/changelog/2026-03-12-rest-api-version-2026-03-10-is-now-available
"""
JSON = "application/vnd.github+json"
RAW = "application/vnd.github.raw+json"
"""https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#media-types"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; what may hold a secret is not in its repr."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def what(self) -> str:
        """Method and path, to be shown: without the query, which may hold a key."""
        return f"{self.method} {urlsplit(self.url).path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What is left of an hour's share of requests (or points), as each reply says.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit
    """

    limit: int
    remaining: int
    reset: datetime
    resource: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> "RateLimit | None":
        """What the headers say; None where they say nothing, or nonsense."""
        try:
            return cls(
                limit=int(headers["x-ratelimit-limit"]),
                remaining=int(headers["x-ratelimit-remaining"]),
                reset=datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
                resource=printable(shortened(headers.get("x-ratelimit-resource", ""), 40)),
            )
        except (KeyError, ValueError, OverflowError, OSError):
            return None


def oauth_scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    """What a token of the older kind may do; None for others, of which no reply says it.

    https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
    """
    listed = [name.strip() for name in headers.get("x-oauth-scopes", "").split(",")]
    return frozenset(filter(None, listed)) or None


def rest_request(
    method: str, url: str, token: Token, *, body: Mapping[str, object] | None = None, accept: str = JSON
) -> Request:
    """A request to the REST interface."""
    headers = {
        "Authorization": f"Bearer {token.reveal()}",
        "Accept": accept,
        "Accept-Encoding": "gzip",
        "User-Agent": f"claudestep/{__version__}",
        "X-GitHub-Api-Version": API_VERSION,
    }
    if body is None:
        return Request(method, url, headers)
    return Request(method, url, {**headers, "Content-Type": "application/json"}, msgspec.json.encode(body))


def graphql_request(url: str, document: str, variables: Mapping[str, object], token: Token) -> Request:
    """A query or a mutation."""
    return rest_request("POST", url, token, body={"query": document, "variables": variables})


def served_at(reply: Reply, otherwise: datetime) -> datetime:
    """When the host made the reply, by its own clock."""
    try:
        at = parsedate_to_datetime(reply.headers["date"])
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return otherwise


def decoded(body: bytes, type_: type[T]) -> T:
    """The value that a JSON text holds.

    Raises Transient where it is no JSON (a cut reply, the page of a proxy), UnreadableReply where it holds
    something else.
    """
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError as error:
        problem = printable(shortened(str(error), 200))
        raise UnreadableReply(
            f"GitHub's reply has another shape than ClaudeStep knows: {problem}",
            remedy="Is GITHUB_API_URL a GitHub? A newer ClaudeStep may know it: pip install --upgrade claudestep",
        ) from error
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Transient(f"GitHub's reply cannot be read: {_what_else(body)}") from error


def _what_else(body: bytes) -> str:
    """What a text is that was to be JSON."""
    start = body[:200].lstrip()
    if not start:
        return "it is empty"
    if start.startswith(b"<"):
        return "it is a web page, perhaps of a proxy or a login"
    return "it is no JSON, or was cut off"


class GraphQLError(msgspec.Struct, frozen=True):
    """One entry of `errors` in a GraphQL answer."""

    message: str = ""
    type: str = ""
    path: tuple[str | int, ...] = ()

    @property
    def alias(self) -> str:
        """The field of the answer that it is about, "" for all of it."""
        return str(self.path[0]) if self.path else ""


class GraphQLAnswer(msgspec.Struct, frozen=True):
    """The frame of a GraphQL answer; `data` is JSON that is still to be decoded."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: tuple[GraphQLError, ...] | None = ()
