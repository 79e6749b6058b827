"""A clone of the repository that the facts are asked on, and the installed program started in it.

Neither its repr nor that of its results holds the token: a test that fails prints both.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claudestep.infrastructure.git.remote import Remote
from tests.integration.repository import Repository, Result
from tests.live.ground import Ground


@dataclass(repr=False)
class LiveClone(Repository):
    """A clone; branches, documents and pull requests are on GitHub, and nothing of them is in it."""

    def __repr__(self) -> str:
        return f"LiveClone({self.place})"

    @classmethod
    def of(cls, ground: Ground, place: Path) -> "LiveClone":
        """A clone of the default branch, whose remote names no token."""
        clone = cls(place)
        url = ground.endpoints.git_url(ground.repository)
        clone.environment |= ground.environment
        clone.git("init", "--quiet", "--initial-branch=main")
        clone.git("remote", "add", "origin", url)
        with_token = Remote(url, ground.token.reveal).environment(clone.environment)
        clone.git("fetch", "--quiet", "--depth=1", "origin", "HEAD", env=with_token)
        clone.git("checkout", "--quiet", "FETCH_HEAD")
        clone.environment["GITHUB_TOKEN"] = ground.token.reveal()
        return clone

    def belongings(self) -> tuple[object, ...]:
        """All refs, HEAD, index and work tree."""
        return (self._refs_of(self.path), *super().belongings()[1:])

    def run(self, *args: str, **more: Any) -> Result:
        """Start the program, which shows the token to nobody."""
        result = super().run(*args, **more)
        secret = self.environment["GITHUB_TOKEN"]
        shown = secret in result.out + result.err
        kept = any(secret.encode() in data for data in self.git_files().values())
        assert not shown, "the token was printed"
        assert not kept, "the token was kept"
        return result
