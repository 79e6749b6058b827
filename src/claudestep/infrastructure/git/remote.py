"""A repository on a server, as git is told of it: the address in the open, the token by its environment only."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn
from urllib.parse import urlsplit

from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.process import CommandFailed

_TALKATIVE = re.compile(r"GIT_(CURL_VERBOSE|TRACE\w*|TR2_\w*)")
"""These make git print headers and settings: `git help git`, "Environment Variables"."""
_SILENT = {"GIT_TRACE2": "0", "GIT_TRACE2_EVENT": "0", "GIT_TRACE2_PERF": "0"}
"""Also where trace2.* in the user's configuration asks for it; https://git-scm.com/docs/api-trace2."""
_NO_QUESTIONS = {"GIT_ASKPASS": ""}
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Remote:
    """An address, which holds no secret, and what reveals the token for it."""

    url: str
    secret: Callable[[], str] = field(repr=False)
    patience: int = 60
    """Seconds without a byte, after which a connection is given up."""

    @property
    def server(self) -> str:
        """The address without its path."""
        split = urlsplit(self.url)
        return f"{split.scheme}://{split.netloc}"

    def run(self, git: Git, *args: str, stdin: bytes = b"", instead_of: Iterable[str] = ()) -> str:
        """Run a git command that talks to the server, also where it would talk to one of these addresses.

        Raises CommandFailed, which does not hold the token.
        """
        environment = self.environment(git.environment, instead_of)
        try:
            return replace(git, environment=environment).text(*args, stdin=stdin)
        except CommandFailed as error:
            self._raise_without_secret(error)

    def environment(self, environment: Mapping[str, str], instead_of: Iterable[str] = ()) -> dict[str, str]:
        """`environment` with the token for this address, and without what would print it.

        Settings come by GIT_CONFIG_COUNT, after those of the user: https://git-scm.com/docs/git-config#ENVIRONMENT
        """
        kept = {name: value for name, value in environment.items() if not _TALKATIVE.fullmatch(name)}
        before = int(kept.get("GIT_CONFIG_COUNT") or 0)
        settings = [*self._settings(), *((f"url.{self.url}.insteadOf", address) for address in instead_of)]
        for number, (name, value) in enumerate(settings, before):
            kept |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return kept | _SILENT | _NO_QUESTIONS | {"GIT_CONFIG_COUNT": str(before + len(settings))}

    def _settings(self) -> Iterator[tuple[str, str]]:
        # The empty header removes those of the user's configuration: actions/checkout leaves its own there, and a
        # request with two is answered 400.
        yield f"http.{self.url}.extraHeader", ""
        yield f"http.{self.url}.extraHeader", f"Authorization: Basic {self._basic()}"
        # git would go on sending the header to wherever the first reply leads.
        yield f"http.{self.url}.followRedirects", "false"
        yield f"http.{self.url}.lowSpeedLimit", "1"
        yield f"http.{self.url}.lowSpeedTime", str(self.patience)
        # No helper is asked for this server, nor told to forget what it knows because of our token.
        yield f"credential.{self.server}.helper", ""

    def _basic(self) -> str:
        return b64encode(f"x-access-token:{self.secret()}".encode()).decode()

    def _raise_without_secret(self, error: CommandFailed) -> NoReturn:
        """Raise the error, or one that says the same without the secret."""
        texts = (str(error), error.stderr, error.stdout)
        if all(self._hide(text) == text for text in texts):
            raise error
        raise CommandFailed(
            error.argv, error.returncode, self._hide(error.stderr), self._hide(error.stdout)
        ) from None

    def _hide(self, text: str) -> str:
        for secret in (self.secret(), self._basic()):
            text = text.replace(secret, _HIDDEN)
        return text
