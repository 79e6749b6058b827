"""A user's clone of a repository on the GitHub test server, and git for steps in it.

Its own remote leads nowhere: whatever a step needs comes from the address that it is given.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from claudestep.infrastructure.git.command import open_repository
from claudestep.infrastructure.git.remote import Remote
from claudestep.infrastructure.git.remote_upstream import RemoteUpstream
from claudestep.infrastructure.git.repository import StepRepository
from tests.github_server.fixture import GitHubServer, RemoteRepository

NOWHERE = "ssh://git@nowhere.invalid/octo-org/shop.git"


class ServerClone:
    """A clone in `place/<folder>`, made with these options of `git clone`, of a user with a home of their own."""

    def __init__(self, server: GitHubServer, source: RemoteRepository, place: Path, *options: str) -> None:
        self.source = source
        self.place = place
        self.path = place / "clone"
        self.home = place / "home"
        self.home.mkdir()
        self.url = f"{server.url}/{source.name}.git"
        self.patience = 60
        self.token = server.environment()["GITHUB_TOKEN"]
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        self.git("config", "--global", "user.name", "Ursula User")
        self.git("config", "--global", "user.email", "ursula@example.org")
        self.git("clone", "--quiet", *options, f"file://{source.path}", str(self.path))
        self.git("remote", "set-url", "origin", NOWHERE)

    def git(self, *args: str, stdin: str | bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """What a user's git prints."""
        sent = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            ["git", *args], cwd=self.path if self.path.exists() else self.place, input=sent,
            env={**self.environment, **(env or {})}, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    @property
    def git_folder(self) -> Path:
        inner = self.path / ".git"
        return inner if inner.exists() else self.path

    def step_git(self, *, token: str = "", env: Mapping[str, str] | None = None) -> StepRepository:
        """git for a step whose branch goes to the server."""
        git = open_repository(self.path, {**self.environment, **(env or {})})
        return StepRepository(
            git, RemoteUpstream(git, Remote(self.url, lambda: token or self.token, self.patience))
        )

    def commit(self, base: str, files: Mapping[str, str | bytes] | None = None) -> str:
        """A commit on `base` that no branch has, with these files changed."""
        scratch = {"GIT_INDEX_FILE": str(self.place / "scratch-index")}
        self.git("read-tree", base, env=scratch)
        for path, content in (files or {"new.txt": "new\n"}).items():
            blob = self.git("hash-object", "-w", "--stdin", stdin=content)
            self.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=scratch)
        return self.git("commit-tree", self.git("write-tree", env=scratch), "-p", base, "-m", "A step")

    def files_of(self, commit: str) -> dict[str, str]:
        """The files that an agent finds in the tree of this commit."""
        with self.step_git().worktree(commit, self.place / "agent") as tree:
            files = [path for path in tree.path.rglob("*") if path.is_file() and ".git" not in path.parts]
            return {str(path.relative_to(tree.path)): path.read_text() for path in files}

    def belongings(self) -> dict[str, object]:
        """All that is the user's: refs, settings and the other files that git keeps beside its objects."""
        kept = {
            path.name: path.read_bytes()
            for path in self.git_folder.iterdir()
            if path.is_file() and path.name != "shallow"
        }
        return {"refs": self.git("for-each-ref"), "log": self.git("rev-list", "--all"), **kept}
