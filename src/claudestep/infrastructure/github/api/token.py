"""The token that opens GitHub: where it comes from, and that nobody prints it."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from claudestep.domain.errors import UsageError
from claudestep.infrastructure.process import CommandFailed, Completed

_GITHUB = ("GH_TOKEN", "GITHUB_TOKEN")
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", *_GITHUB)
"""The order of gh: https://cli.github.com/manual/gh_help_environment"""
_GH_SECONDS = 5.0


class Token:
    """A secret that shows itself only when it is asked to; `source` says where it comes from."""

    __slots__ = ("_secret", "source")

    def __init__(self, secret: str, source: str = "") -> None:
        self._secret = secret
        self.source = source

    def reveal(self) -> str:
        """The secret, for a header."""
        return self._secret

    def __repr__(self) -> str:
        return "Token(***)"


class Run(Protocol):
    """`process.run`."""

    def __call__(self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float | None) -> Completed:
        """Run a short program to its end; raises CommandFailed."""
        ...


def find_token(environment: Mapping[str, str], server: str, run: Run) -> Token:
    """The token for the host of `server`: from the environment, or what `gh` has stored.

    Raises UsageError where there is none, or where it is no token.
    """
    host = urlsplit(server).netloc
    for name in _GITHUB if _is_github(host) else _ENTERPRISE:
        if secret := environment.get(name, "").strip():
            return _checked(secret, name)
    if secret := _of_gh(host, environment, run):
        return _checked(secret, "gh auth token")
    raise UsageError(
        f"there is no token for {host}",
        remedy="Set GITHUB_TOKEN or run: gh auth login. To work without GitHub: --local",
    )


def _is_github(host: str) -> bool:
    return host == "github.com" or host.endswith(".ghe.com")


def _of_gh(host: str, environment: Mapping[str, str], run: Run) -> str:
    """What gh has stored, "" where it is not there or says no: it is only the last resort."""
    argv = ("gh", "auth", "token", "--hostname", host)
    try:
        completed = run(argv, env={**environment, "GH_PROMPT_DISABLED": "1"}, timeout=_GH_SECONDS)
    except CommandFailed:
        return ""
    return completed.stdout.decode(errors="replace").strip()


def _checked(secret: str, source: str) -> Token:
    """A token that can stand in a header."""
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise UsageError(
            f"{source} holds characters that no token has", remedy="Set it again, to the token and nothing else."
        )
    return Token(secret, source)
