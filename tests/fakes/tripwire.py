"""A backend whose ports trip a wire: the program runs as ever until the n-th call, and there it gets a signal.

As a program: `python -m tests.fakes.tripwire REPOSITORY PROJECT SIGNAL N before|after` does one real
`claudestep run`; with N = 0 it prints the name of every call that it passes.
"""

import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from claudestep.application.backend import Backend
from claudestep.application.run import Options, run
from claudestep.cli.errors import guarded
from claudestep.cli.settings import Settings
from claudestep.cli.teller import Teller
from claudestep.cli.wiring import connect
from claudestep.domain.config import Config
from claudestep.domain.guarding import FileChange
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
from claudestep.infrastructure.agent.runner import Agent, AgentResult, AgentTask, Progress
from claudestep.infrastructure.hosting.port import (
    Draft,
    Dress,
    Host,
    Merge,
    Merging,
    Obstacle,
    StepCommit,
    StepGit,
    WorkTree,
)
from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore

T = TypeVar("T")


@dataclass
class Wire:
    """Counts the calls, and sends the signal to its own process at one of them."""

    signal: int
    at: int
    before: bool
    passed: list[str] = field(default_factory=list)

    def step(self, name: str, call: Callable[[], T]) -> T:
        self.passed.append(name)
        hit = len(self.passed) == self.at
        if hit and self.before:
            os.kill(os.getpid(), self.signal)
        result = call()
        if hit and not self.before:
            os.kill(os.getpid(), self.signal)
        return result


@dataclass
class WiredBranch:
    inner: MetadataBranch
    wire: Wire

    def read(self, since: str | None = None) -> Snapshot:
        return self.wire.step("branch.read", lambda: self.inner.read(since))

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        return self.wire.step("branch.commit", lambda: self.inner.commit(base, changes, message))

    def log(self, most: int, path: str = "") -> tuple[LogEntry, ...]:
        return self.inner.log(most, path)

    def ancestry(self) -> Ancestry:
        return self.inner.ancestry()


@dataclass
class WiredHost:
    inner: Host
    wire: Wire

    @property
    def branch(self) -> MetadataBranch:
        return WiredBranch(self.inner.branch, self.wire)

    def observe(self, since: str | None = None, *, every: bool = False) -> Observation:
        return self.wire.step("host.observe", lambda: self.inner.observe(since, every=every))

    def has_pull_requests(self) -> bool:
        return self.wire.step("host.has_pull_requests", self.inner.has_pull_requests)

    def look_up(self, questions: Questions) -> Answers:
        return self.wire.step("host.look_up", lambda: self.inner.look_up(questions))

    def open_pull_request(self, draft: Draft) -> PullRequest:
        return self.wire.step("host.open_pull_request", lambda: self.inner.open_pull_request(draft))

    def dress(self, pull: PullRequest, dress: Dress) -> tuple[str, ...]:
        return self.wire.step("host.dress", lambda: self.inner.dress(pull, dress))

    def rewrite(self, pull: PullRequest, part: str) -> None:
        self.wire.step("host.rewrite", lambda: self.inner.rewrite(pull, part))

    def comment(self, pull: PullRequest, text: str) -> None:
        self.wire.step("host.comment", lambda: self.inner.comment(pull, text))

    def close(self, pull: PullRequest) -> None:
        self.wire.step("host.close", lambda: self.inner.close(pull))

    def merge_obstacle(self, base_branch: str) -> Obstacle | None:
        return self.inner.merge_obstacle(base_branch)

    def merge(self, pull: PullRequest, base_branch: str) -> str:
        return self.wire.step("host.merge", lambda: self.inner.merge(pull, base_branch))

    def write_obstacle(self) -> Obstacle | None:
        return self.inner.write_obstacle()

    def spec_hint(self, path: str) -> str:
        return self.inner.spec_hint(path)


@dataclass
class WiredMerging:
    inner: Merging
    wire: Wire

    def merge(self, base: str, head: str) -> Merge:
        return self.inner.merge(base, head)

    def ancestor(self, base: str, head: str) -> str:
        return self.inner.ancestor(base, head)

    def file(self, commit: str, path: str) -> bytes | None:
        return self.inner.file(commit, path)

    def commit(self, merge: Merge, parents: tuple[str, str], file: tuple[str, bytes], message: str) -> str:
        return self.inner.commit(merge, parents, file, message)

    def move(self, branch: str, was: str, now: str) -> None:
        self.wire.step("git.move", lambda: self.inner.move(branch, was, now))


@dataclass
class WiredGit:
    inner: StepGit
    wire: Wire

    def base(self, commit: str, branch: str) -> BaseTree:
        return self.inner.base(commit, branch)

    def worktree(self, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        return self._worktree(commit, folder)

    @contextmanager
    def _worktree(self, commit: str, folder: Path) -> Iterator[WorkTree]:
        with self.inner.worktree(commit, folder) as tree:
            self.wire.step("git.worktree", lambda: None)
            yield tree

    def in_place(self, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        return self.inner.in_place(commit, folder)

    def snapshot(self, tree: WorkTree) -> str:
        return self.inner.snapshot(tree)

    def restore(self, tree: WorkTree, snapshot: str) -> None:
        self.inner.restore(tree, snapshot)

    def commit_step(self, tree: WorkTree, step: StepCommit) -> str | None:
        return self.wire.step("git.commit_step", lambda: self.inner.commit_step(tree, step))

    def publish(self, branch: str, commit: str) -> None:
        self.wire.step("git.publish", lambda: self.inner.publish(branch, commit))

    @contextmanager
    def merging(self, pairs: Collection[tuple[str, str]]) -> Iterator[Merging]:
        with self.inner.merging(pairs) as inner:
            yield WiredMerging(inner, self.wire)

    def changes(self, base: str, commit: str) -> tuple[FileChange, ...]:
        return self.inner.changes(base, commit)

    def as_it_is(self, tree: Path, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        return self.inner.as_it_is(tree, commit, folder)

    def size(self, base: str, commit: str) -> str:
        return self.inner.size(base, commit)

    def patch(self, base: str, commit: str, *, with_tick: bool = True) -> bytes:
        return self.inner.patch(base, commit, with_tick=with_tick)

    def commit_patch(self, patch: bytes, step: StepCommit) -> str | None:
        return self.inner.commit_patch(patch, step)


@dataclass
class WiredAgent:
    inner: Agent
    wire: Wire

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def model(self) -> str | None:
        return self.inner.model

    def obstacle(self) -> str | None:
        return self.inner.obstacle()

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        return self.wire.step("agent.run", lambda: self.inner.run(task, progress))


def wired(backend: Backend, wire: Wire) -> Backend:
    """The backend with a wire in each of its ports."""
    host = WiredHost(backend.host, wire)

    def agent_of(config: Config) -> Agent:
        return WiredAgent(backend.agent_of(config), wire)

    return replace(
        backend, host=host, git=WiredGit(backend.git, wire), store=MetadataStore(host.branch), agent_of=agent_of
    )


def main(repository: str, project: str, number: str, at: str, when: str) -> int:
    wire = Wire(signal.Signals[number], int(at), when == "before")
    backend = wired(connect(Settings.read(), Path(repository)), wire)
    code = guarded(lambda: run(backend, project, Options(), Teller(project, live=False).listener()))
    if wire.at == 0:
        sys.stdout.write("\n".join(wire.passed))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
