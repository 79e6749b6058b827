"""A clone of a repository on the GitHub test server, with a user, a token, and the real program started in it.

Every start checks what must hold after any command: nothing at all has changed in the clone, no temporary folder
and no claim is left, and the token stands nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer, Logged, RemoteRepository
from tests.integration.repository import METADATA, PROJECT, THREE_STEPS, WRITES_A_FILE, Repository, Result


@dataclass
class GitHubClone(Repository):
    """A clone in `place/repo`; branches, documents and pull requests are on the server."""

    remote: RemoteRepository = field(kw_only=True)

    @classmethod
    def of(
        cls,
        github: GitHubServer,
        place: Path,
        *,
        spec: str = THREE_STEPS,
        command: str = WRITES_A_FILE,
        more: str = "",
        token: str = DEFAULT_TOKEN,
        **settings: Any,
    ) -> "GitHubClone":
        """A repository with one project on the server, and a clone of it whose remote names no token."""
        remote = github.new_repository(**settings)
        clone = cls(place, remote=remote)
        clone.environment |= github.environment(token)
        clone.begin(spec=spec, command=command, more=more)
        clone.git("remote", "add", "origin", remote.git_url())
        clone.push()
        return clone

    @property
    def backend(self) -> Path:
        """The bare repository on the server."""
        return self.remote.path

    def push(self) -> None:
        """Bring what is committed to the server, as its owner."""
        self.git("push", "--quiet", self.remote.git_url(DEFAULT_TOKEN), "HEAD:main")
        self.git("fetch", "--quiet", self.remote.git_url(DEFAULT_TOKEN), "+main:refs/remotes/origin/main")

    def commit(self, message: str = "A change") -> None:
        """Commit, and push once there is somewhere to push to."""
        super().commit(message)
        if self.git("remote"):
            self.push()

    def belongings(self) -> tuple[object, ...]:
        """All refs, HEAD, index and work tree: GitHub's branches are none of the clone's."""
        return (self._refs_of(self.path), *super().belongings()[1:])

    def _judged(self, args: Iterable[str], before: object, result: Result) -> Result:
        token = self.environment.get("GITHUB_TOKEN", "")
        assert not token or token not in result.out + result.err
        assert self.belongings() == before
        return super()._judged(args, before, result)

    def requests(self) -> list[Logged]:
        """The requests to the API since they were forgotten; git's own are none."""
        return [request for request in self.remote.requests() if not request.kind.startswith("git")]

    def counted(self, *args: str) -> tuple[Result, list[str]]:
        """Run the program; its result, and the operation of each request that it took."""
        self.remote.forget_requests()
        result = self.run(*args)
        return result, [request.operation for request in self.requests()]

    def pull(self, number: int = 1) -> dict[str, Any]:
        return self.remote.pull(number)

    def log(self) -> list[str]:
        """The headlines of the metadata branch, oldest first."""
        return self.git("log", "--reverse", "--format=%s", METADATA, cwd=self.backend).splitlines()


__all__ = ["METADATA", "PROJECT", "GitHubClone"]
