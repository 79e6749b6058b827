"""What a reply of GitHub means: which error of the family it is, decided here and nowhere else.

GitHub's words are needed beside its statuses and types: a status says too little (422 is ten things), and a stale
head or a limit comes as a GraphQL error with status 200. Words are GitHub's own and were seen in public reports;
where one changes, the status or the type still gives an error of the family.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from claudestep.domain.errors import (
    Forbidden,
    HostError,
    NotFound,
    Unauthorized,
    Unprocessable,
    UnreadableReply,
    Unrecognized,
)
from claudestep.domain.text import printable, shortened
from claudestep.infrastructure.github.api import phrases
from claudestep.infrastructure.github.api.limits import limit
from claudestep.infrastructure.github.api.permissions import needed
from claudestep.infrastructure.github.api.phrases import sentence
from claudestep.infrastructure.github.api.protocol import GraphQLError, Reply

_MOST = 300
"""Characters of GitHub's own words that are shown."""


@dataclass(frozen=True, slots=True)
class Said:
    """One refusal, as REST and GraphQL have it in common; `type` is "" for REST, `what` was asked."""

    status: int
    type: str
    text: str
    headers: Mapping[str, str]
    at: datetime
    what: str

    @property
    def permission(self) -> str:
        """The permissions that would do, as GitHub names them: `contents=write`.

        https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
        """
        return harmless(self.headers.get("x-accepted-github-permissions", ""))

    @property
    def words(self) -> str:
        """What was asked, and GitHub's words about it."""
        return f"{self.what}: {sentence(self.text)}" if self.what else sentence(self.text)


def refusal(reply: Reply, at: datetime, what: str) -> HostError | None:
    """The error that a reply's status stands for, None for one that is no error; `what` was asked."""
    if 200 <= reply.status < 300:
        return None
    return decide(Said(reply.status, "", _text(reply.body), reply.headers, at, harmless(what)))


def problem(entry: GraphQLError, reply: Reply, at: datetime) -> HostError:
    """The error that one entry of `errors` in a GraphQL answer stands for."""
    headers = {"x-accepted-github-permissions": needed(entry.alias)} | dict(reply.headers)
    said = Said(reply.status, entry.type.upper(), harmless(entry.message), headers, at, entry.alias)
    error = decide(said)
    error.alias = entry.alias
    return error


def decide(said: Said) -> HostError:
    """The error for one refusal: by its words where they say more, else by its type, else by its status."""
    return (
        phrases.recognized(said.text, said.permission)
        or limit(said.status, said.type, said.text, said.headers, said.at)
        or (_by_type(said) if said.type else None)
        or _by_status(said)
    )


def harmless(text: str) -> str:
    """Words from outside, on one line, short and without control characters."""
    return printable(shortened(" ".join(text.split()), _MOST))


def _missing(said: Said) -> HostError:
    remedy = "Check the name. GitHub says the same of what is private and not for this token to see."
    return NotFound(f"GitHub does not find it: {said.words}", remedy=remedy, host_text=said.text)


def _forbidden(said: Said) -> HostError:
    if "x-github-sso" in said.headers:
        return phrases.single_sign_on(said.text)
    return phrases.lacking(said.text, said.permission)


def _unauthorized(said: Said) -> HostError:
    return Unauthorized(
        f"GitHub does not accept the token: {sentence(said.text)}",
        remedy="It may have expired or been revoked. Set GITHUB_TOKEN to a good one, or run: gh auth login",
        host_text=said.text,
    )


def _legal(said: Said) -> HostError:
    return Forbidden("GitHub has blocked the repository for legal reasons", host_text=said.text)


def _unprocessable(said: Said) -> HostError:
    return Unprocessable(f"GitHub refuses it: {said.words}", host_text=said.text)


def _moved(said: Said) -> HostError:
    return HostError(
        f"GitHub sends it elsewhere: {said.what}",
        remedy="Was the repository renamed? Correct the remote: git remote set-url origin URL",
        host_text=said.text,
    )


_Make = Callable[[Said], HostError]

_TYPES: dict[str, _Make] = {
    "NOT_FOUND": _missing,
    "FORBIDDEN": _forbidden,
    "INSUFFICIENT_SCOPES": _forbidden,
    "STALE_DATA": lambda said: phrases.stale(said.text),
    "BRANCH_PROTECTION_RULE_VIOLATION": lambda said: phrases.ruled(said.text),
    "UNPROCESSABLE": _unprocessable,
    "RESOURCE_LIMITS_EXCEEDED": lambda said: phrases.too_much(said.text),
    "MAX_NODE_LIMIT_EXCEEDED": lambda said: phrases.too_much(said.text),
    "INTERNAL": lambda said: phrases.faulty(said.text),
    "SERVICE_UNAVAILABLE": lambda said: phrases.faulty(said.text),
}
"""GitHub documents no list of them: these were seen."""

_STATUSES: dict[int, _Make] = {
    401: _unauthorized,
    403: _forbidden,
    404: _missing,
    408: lambda said: phrases.faulty(said.text),
    410: _missing,
    413: lambda said: phrases.too_much(said.text),
    451: _legal,
}


def _by_type(said: Said) -> HostError | None:
    if make := _TYPES.get(said.type):
        return make(said)
    # rulesets have another type than branch protections, and no list names it
    return phrases.ruled(said.text) if "RULE" in said.type else None


def _by_status(said: Said) -> HostError:
    """Every status that is no success; in GraphQL also 200, for an error of a type that nobody has met."""
    if make := _STATUSES.get(said.status):
        return make(said)
    if 500 <= said.status < 600:
        return phrases.faulty(said.text or f"status {said.status}")
    if 300 <= said.status < 400:
        return _moved(said)
    if 200 <= said.status < 300:
        return Unrecognized(f"GitHub refuses it: {said.words}", host_text=said.text)
    if 400 <= said.status < 500:
        return _unprocessable(said)
    return UnreadableReply(f"GitHub's reply has the status {said.status}, which there is not", host_text=said.text)


class _Detail(msgspec.Struct):
    message: str = ""
    resource: str = ""
    field: str = ""
    code: str = ""

    @property
    def text(self) -> str:
        return self.message or " ".join(filter(None, (self.resource, self.field, self.code)))


class _Body(msgspec.Struct):
    """https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed"""

    message: str = ""
    errors: list[_Detail | str] | None = None


def _text(body: bytes) -> str:
    """GitHub's own words in the body of a refusal; that of a proxy's page is "", for nobody reads HTML."""
    try:
        said = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return "" if body.lstrip()[:1] in (b"<", b"{", b"[") else harmless(body[:4096].decode(errors="replace"))
    details = (detail if isinstance(detail, str) else detail.text for detail in said.errors or ())
    return harmless(". ".join(filter(None, (said.message, *details))))
