"""Runs that live and die: every call of a port is a place where a run can be killed, fail, or others come between.

A killed run makes no further call, and what it would have tidied up on disk lies where it lay.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from claudestep.domain.errors import Transient
from claudestep.domain.guarding import FileChange
from claudestep.domain.models import Owner
from claudestep.domain.observation import (
    Ancestry,
    Answers,
    BaseTree,
    LogEntry,
    Observation,
    PullRequest,
    Questions,
    Snapshot,
)
from claudestep.infrastructure.hosting.port import Draft, Dress, Merging, Obstacle, StepCommit, WorkTree
from claudestep.infrastructure.metadata.branch import CommitInDoubt, StaleBranch
from tests.fakes.memory_repository import MemoryRepository

T = TypeVar("T")
Kind = Literal["killed before", "killed behind", "fails before", "fails behind"]
KINDS: tuple[Kind, ...] = ("killed before", "killed behind", "fails before", "fails behind")


class Killed(BaseException):
    """The process is no more."""


@dataclass
class Life:
    """One process: what happens to it at which of its calls, and what others do then."""

    owner: Owner
    disk: Path
    incidents: Mapping[int, Kind] = field(default_factory=dict)
    meanwhile: Mapping[int, Callable[[], None]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    dead: bool = False
    disk_is_lost: bool = False
    _left: dict[Path, bytes] = field(default_factory=dict)

    def step(self, name: str, call: Callable[[], T]) -> T:
        """Make a call, if it still lives."""
        if self.dead:
            raise Killed
        self.calls.append(name)
        number = len(self.calls)
        if number in self.meanwhile:
            self.meanwhile[number]()
        kind = self.incidents.get(number)
        if kind == "killed before":
            self.die()
        if kind == "fails before":
            self._fail(name, done=False)
        result = call()
        if kind == "killed behind":
            self.die()
        if kind == "fails behind":
            self._fail(name, done=True)
        return result

    def die(self) -> None:
        """It is killed here; what is on disk now stays there."""
        self.dead = True
        self._left = {path: path.read_bytes() for path in self.disk.rglob("*") if path.is_file()}
        raise Killed

    def bury(self) -> None:
        """Put back what its own tidying up took away, which a killed process never comes to."""
        for path, content in self._left.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    @staticmethod
    def _fail(name: str, *, done: bool) -> None:
        if name == "branch.commit":
            raise CommitInDoubt("no answer") if done else StaleBranch("somebody was first")
        if name.startswith(("host.", "git.publish", "branch.")):
            raise Transient("the network is gone")


@dataclass
class LivingBranch:
    """The metadata branch as one process sees it."""

    host: MemoryRepository
    life: Life

    def read(self, since: str | None = None) -> Snapshot:
        return self.life.step("branch.read", lambda: self.host.branch.read(since))

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        return self.life.step("branch.commit", lambda: self.host.branch.commit(base, changes, message))

    def log(self, most: int, path: str = "") -> tuple[LogEntry, ...]:
        return self.host.branch.log(most, path)

    def ancestry(self) -> Ancestry:
        return self.host.branch.ancestry()


@dataclass
class LivingHost:
    """Host and git as one process sees them. `published` is told before a branch is created."""

    host: MemoryRepository
    life: Life
    published: Callable[[str], None]

    @property
    def branch(self) -> LivingBranch:
        return LivingBranch(self.host, self.life)

    def observe(self, since: str | None = None, *, every: bool = False) -> Observation:
        return self.life.step("host.observe", lambda: self.host.observe(since, every=every))

    def has_pull_requests(self) -> bool:
        return self.life.step("host.has_pull_requests", self.host.has_pull_requests)

    def look_up(self, questions: Questions) -> Answers:
        return self.life.step("host.look_up", lambda: self.host.look_up(questions))

    def open_pull_request(self, draft: Draft) -> PullRequest:
        return self.life.step("host.open", lambda: self.host.open_pull_request(draft))

    def dress(self, pull: PullRequest, dress: Dress) -> tuple[str, ...]:
        return self.life.step("dress", lambda: self.host.dress(pull, dress))

    def rewrite(self, pull: PullRequest, part: str) -> None:
        self.life.step("host.rewrite", lambda: self.host.rewrite(pull, part))

    def comment(self, pull: PullRequest, text: str) -> None:
        self.life.step("host.comment", lambda: self.host.comment(pull, text))

    def close(self, pull: PullRequest) -> None:
        self.life.step("host.close", lambda: self.host.close(pull))

    def merge_obstacle(self, base_branch: str) -> Obstacle | None:
        return self.life.step("host.merge_obstacle", lambda: self.host.merge_obstacle(base_branch))

    def merge(self, pull: PullRequest, base_branch: str) -> str:
        return self.life.step("host.merge", lambda: self.host.merge(pull, base_branch))

    def write_obstacle(self) -> Obstacle | None:
        return self.host.write_obstacle()

    def spec_hint(self, path: str) -> str:
        return self.host.spec_hint(path)

    def base(self, commit: str, branch: str) -> BaseTree:
        return self.host.base(commit, branch)

    def worktree(self, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        return self.host.worktree(commit, folder)

    def in_place(self, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        return self.host.in_place(commit, folder)

    def snapshot(self, tree: WorkTree) -> str:
        return self.host.snapshot(tree)

    def restore(self, tree: WorkTree, snapshot: str) -> None:
        self.host.restore(tree, snapshot)

    def commit_step(self, tree: WorkTree, step: StepCommit) -> str | None:
        return self.life.step("git.commit_step", lambda: self.host.commit_step(tree, step))

    def publish(self, branch: str, commit: str) -> None:
        def create() -> None:
            self.published(branch)
            self.host.publish(branch, commit)

        self.life.step("git.publish", create)

    def merging(self, pairs: Collection[tuple[str, str]]) -> AbstractContextManager[Merging]:
        return self.host.merging(pairs)

    def changes(self, base: str, commit: str) -> tuple[FileChange, ...]:
        return self.host.changes(base, commit)

    def as_it_is(self, tree: Path, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        return self.host.as_it_is(tree, commit, folder)

    def size(self, base: str, commit: str) -> str:
        return self.host.size(base, commit)

    def patch(self, base: str, commit: str, *, with_tick: bool = True) -> bytes:
        return self.host.patch(base, commit, with_tick=with_tick)

    def commit_patch(self, patch: bytes, step: StepCommit) -> str | None:
        return self.host.commit_patch(patch, step)
