"""Who asks, and what they may: the one place that reads a token."""

import base64
import binascii
from collections.abc import Mapping

from tests.github_server.people import ADMIN, DEFAULT_LOGIN, RANK, READ, WRITE, Token
from tests.github_server.problems import Archived, Forbidden, NotFound, Unauthorized
from tests.github_server.state import Host, Repository


def kind_of(headers: Mapping[str, str]) -> str:
    """How a request authorizes itself: "bearer", "token", "basic", or "" for not at all."""
    return headers.get("authorization", "").partition(" ")[0].lower()


def authenticate(host: Host, headers: Mapping[str, str]) -> Token | None:
    """The token of a request; None when it brings none. Unauthorized: it is unknown or has expired."""
    kind, _, given = headers.get("authorization", "").partition(" ")
    if not kind:
        return None
    value = _password(given) if kind.lower() == "basic" else given.strip()
    token = host.tokens.get(value)
    if token is None or token.kind == "expired":
        raise Unauthorized
    return token


def _password(encoded: str) -> str:
    """The password of Basic credentials; git sends `x-access-token:<token>`, or the token as the user's name."""
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password if password and password != "x-oauth-basic" else user  # noqa: S105 - a word of the protocol


def role(token: Token | None, repository: Repository) -> str:
    """What the asker is to a repository: "", "read", "write" or "admin"."""
    public = "" if repository.private else READ
    if token is None:
        return public
    given = repository.collaborators.get(token.user.login, public)
    if token.user is repository.owner or token.user.login == DEFAULT_LOGIN:
        given = ADMIN
    elif token.kind in (WRITE, "actions"):
        given = max(given, WRITE, key=RANK.__getitem__)
    elif token.kind == READ:
        given = READ
    return given


def require_read(token: Token | None, repository: Repository) -> None:
    """NotFound: the asker may not know of it."""
    if not role(token, repository):
        raise NotFound(f"Could not resolve to a Repository with the name '{repository.full_name}'.")


def require_write(token: Token | None, repository: Repository, permission: str = "contents") -> None:
    """NotFound, Forbidden or Archived, unless the asker may write.

    `permission` is a key of `permissions:` in a workflow, with an underscore: contents, pull_requests, issues.
    """
    require_read(token, repository)
    able = RANK[role(token, repository)] >= RANK[WRITE]
    if token is None or not able or not token.reaches(permission, WRITE):
        raise Forbidden(f"{permission}=write")
    if repository.archived:
        raise Archived
