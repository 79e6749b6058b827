"""git on GitHub, under the name that the repository has by the time it is needed."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.remote import Remote
from claudestep.infrastructure.git.remote_upstream import RemoteUpstream
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.token import Token


@dataclass(frozen=True, slots=True)
class GitHubUpstream:
    """An `Upstream` on GitHub. A renamed repository is found by its new name: no token follows a redirect."""

    git: Git
    github: GitHub
    token: Token

    def bring(self, commit: str) -> None:
        """Fetch what is not there. Raises RepositoryError, HostError."""
        self._now().bring(commit)

    def publish(self, branch: str, commit: str) -> None:
        """Push to a branch that must not be there yet. Raises as an `Upstream` does."""
        self._now().publish(branch, commit)

    def gather(self, pairs: Collection[tuple[str, str]]) -> AbstractContextManager[Git]:
        """Fetch what merging these commits (base, head) takes. Raises RepositoryError, HostError."""
        return self._now().gather(pairs)

    def move(self, git: Git, branch: str, was: str, now: str) -> None:
        """Push to a branch that is where it was read. Raises as an `Upstream` does."""
        self._now().move(git, branch, was, now)

    def _now(self) -> RemoteUpstream:
        url = self.github.endpoints.git_url(self.github.repository)
        return RemoteUpstream(self.git, Remote(url, self.token.reveal))
