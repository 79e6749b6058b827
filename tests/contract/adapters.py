"""The adapters of the `MetadataBranch` port, each with what a test needs to do behind its back."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.git.command import OUR_NAME, open_repository
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.github.rest_branch import RestMetadataBranch
from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.git_branch import REF, GitMetadataBranch
from tests.emulate import LOGIN, Emulate
from tests.fakes.clock import FakeClock
from tests.fakes.memory_branch import MemoryBranch
from tests.github_client import client_at, client_of
from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.github_server.people import DEFAULT_LOGIN

SURPRISING_FOLDER = "a folder – with spaces, ümlauts & 'quotes'"


class Adapter(Protocol):
    """A branch, and the force that a user has over it."""

    @property
    def branch(self) -> MetadataBranch: ...

    @property
    def author(self) -> str:
        """Whose name a commit has that is not the first."""
        ...

    def reset(self, version: str | None) -> None:
        """Set the branch to a commit by force, or delete it."""
        ...

    def parents(self) -> list[list[str]]:
        """The parents of every commit of the branch, newest first."""
        ...


def git_environment() -> Mapping[str, str]:
    """The environment of a user without any settings."""
    return {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ursula User",
        "GIT_AUTHOR_EMAIL": "ursula@example.org",
        "GIT_COMMITTER_NAME": "Ursula User",
        "GIT_COMMITTER_EMAIL": "ursula@example.org",
    }


def git(folder: Path, *args: str, stdin: bytes = b"") -> str:
    """What a user's git prints."""
    done = subprocess.run(
        ["git", *args], cwd=folder, env=dict(git_environment()), input=stdin, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def git_branch(folder: Path) -> GitMetadataBranch:
    return GitMetadataBranch(open_repository(folder, git_environment()))


@dataclass(frozen=True, slots=True)
class InMemory:
    """The fake."""

    branch: MemoryBranch
    author: str = OUR_NAME

    def reset(self, version: str | None) -> None:
        self.branch.reset(version)

    def parents(self) -> list[list[str]]:
        return [[commit.parent] if commit.parent else [] for commit in self.branch.history()]


@dataclass(frozen=True, slots=True)
class InGit:
    """A real repository, seen from `folder`."""

    branch: GitMetadataBranch
    folder: Path
    author: str = OUR_NAME

    def reset(self, version: str | None) -> None:
        git(self.folder, "update-ref", *(["-d", REF] if version is None else [REF, version]))

    def parents(self) -> list[list[str]]:
        lines = git(self.folder, "rev-list", "--parents", REF).splitlines()
        return [line.split()[1:] for line in lines]


@dataclass(frozen=True, slots=True)
class OnGitHub:
    """A repository on the test server, where a commit is made by the token's owner."""

    branch: MetadataBranch
    repository: RemoteRepository
    author: str = DEFAULT_LOGIN

    def reset(self, version: str | None) -> None:
        self.repository.git("update-ref", *(["-d", REF] if version is None else [REF, version]))

    def parents(self) -> list[list[str]]:
        lines = self.repository.git("rev-list", "--parents", REF).splitlines()
        return [line.split()[1:] for line in lines]


def on_github(server: GitHubServer, kind: Callable[[GitHub, Clock], MetadataBranch]) -> OnGitHub:
    repository = server.new_repository({"README.md": "Somebody's code.\n"})
    return OnGitHub(kind(client_of(repository), FakeClock()), repository)


class _Sha(msgspec.Struct):
    sha: str


class _Listed(msgspec.Struct):
    parents: list[_Sha]


@dataclass(frozen=True, slots=True)
class OnEmulate:
    """A repository on a server that nobody here wrote."""

    branch: RestMetadataBranch
    github: GitHub
    author: str = LOGIN

    def reset(self, version: str | None) -> None:
        if version is None:
            self._ask("DELETE", f"/git/{REF}")
        elif self.branch.read().version is None:
            self._ask("POST", "/git/refs", {"ref": REF, "sha": version})
        else:
            self._ask("PATCH", f"/git/{REF}", {"sha": version, "force": True})

    def parents(self) -> list[list[str]]:
        path = f"/repos/{self.github.repository}/commits?sha={METADATA_BRANCH}&per_page=100"
        commits = self.github.rest("GET", path, list[_Listed]).data
        return [[parent.sha for parent in commit.parents] for commit in commits]

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> None:
        self.github.rest(method, f"/repos/{self.github.repository}{path}", object, body)


def on_emulate(server: Emulate) -> OnEmulate:
    name, token = server.new_repository()
    github = client_at(server.environment, name, token=token)
    return OnEmulate(RestMetadataBranch(github, FakeClock()), github)


def _repository(place: Path, *options: str) -> Path:
    git(place, "init", "--quiet", "--initial-branch=main", "--template=", *options, "repository")
    return place / "repository"


def _linked_worktree(place: Path) -> InGit:
    repository = _repository(place)
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "First commit")
    linked = place / SURPRISING_FOLDER
    git(repository, "worktree", "add", "--quiet", "--no-checkout", "-b", "linked", str(linked))
    return InGit(git_branch(linked), linked)


def _in_git(*options: str) -> Callable[[Path], Adapter]:
    def make(place: Path) -> Adapter:
        folder = _repository(place, *options)
        return InGit(git_branch(folder), folder)

    return make


ADAPTERS: Mapping[str, Callable[[Path], Adapter]] = {
    "memory": lambda _: InMemory(MemoryBranch()),
    "local": _in_git(),
    "bare": _in_git("--bare"),
    "sha256": _in_git("--object-format=sha256"),
    "worktree": _linked_worktree,
}
"""Those that need no server."""

ON_GITHUB: Mapping[str, Callable[[GitHub, Clock], MetadataBranch]] = {
    "github": GitHubMetadataBranch,
    "rest": RestMetadataBranch,
}
"""Those on the test server."""

EMULATE = "emulate"

EMULATE_DIFFERS: Mapping[str, str] = {
    "GET git/blobs, raw": "it answers in JSON all the same; the branch asks for JSON",
    "GET tarball": "404; the branch reads file by file then, as where a proxy lets no archive through",
    "POST git/trees, remove what is not there": "Cannot delete x; GitHub says GitRPC::BadObjectState",
    "PATCH git/refs, no such ref": "404; GitHub says 422, Reference does not exist",
    "PATCH git/refs, no fast forward": "the words are fast-forward; GitHub says fast forward",
    "POST git/commits, tree or parent unknown": "Invalid tree, Invalid parent; GitHub says that it does not exist",
    "branch rules, lags, faults, sizes": "it has none: the tests of the REST branch on our own server have",
}
"""Where it does otherwise than GitHub. The branch bears all of it: no contract test is left out there."""
