"""A repository in memory: a host of pull requests, git for its steps, and what people do on its pages."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from claudestep.domain.commit_message import claim_of
from claudestep.domain.guarding import FileChange
from claudestep.domain.models import PullRequestState
from claudestep.domain.observation import (
    Answers,
    BaseTree,
    Observation,
    PullRequest,
    Questions,
    StepHead,
    StepRecord,
)
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.hosting.port import (
    BranchExists,
    CloseRefused,
    Draft,
    Dress,
    Merge,
    MergeRefused,
    Merging,
    Obstacle,
    StepCommit,
    WorkTree,
)
from claudestep.infrastructure.spec_file import read_spec
from tests.fakes.memory_branch import MemoryBranch

BASE = "main"


class NoConflicts(Merging):
    """For branches that have all of their base."""

    def merge(self, base: str, head: str) -> Merge:
        del base, head
        return Merge("", ())

    def ancestor(self, base: str, head: str) -> str:
        del head
        return base

    def file(self, commit: str, path: str) -> bytes | None:
        raise NotImplementedError

    def commit(self, merge: Merge, parents: tuple[str, str], file: tuple[str, bytes], message: str) -> str:
        raise NotImplementedError

    def move(self, branch: str, was: str, now: str) -> None:
        raise NotImplementedError


@dataclass
class MemoryRepository:
    """A `Host` and a `StepGit` in one: files on `main`, step branches, and pull requests as GitHub keeps them."""

    clock: Clock
    files: dict[str, bytes]
    branch: MemoryBranch = field(default_factory=MemoryBranch)
    heads: dict[str, StepHead] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    _records: dict[int, StepRecord] = field(default_factory=dict)
    _commits: dict[str, StepCommit] = field(default_factory=dict)

    # The port of the host

    def observe(self, since: str | None = None, *, every: bool = False) -> Observation:
        tree = BaseTree(BASE, "0" * 40, MappingProxyType(dict(self.files)))
        snapshot = self.branch.read(since)
        whole = every or snapshot.version is None
        return Observation(
            now=self.clock.now(),
            snapshot=snapshot,
            default_branch=BASE,
            bases={BASE: tree},
            pull_requests=tuple(self._with_record(p) if whole else p for p in self.pulls.values()),
        )

    def has_pull_requests(self) -> bool:
        return bool(self.pulls)

    def look_up(self, questions: Questions) -> Answers:
        """Bodies come only here, as they do from GitHub."""
        asked = [p for p in self.pulls.values() if p.number in questions.numbers or p.branch in questions.heads]
        return Answers(
            heads={name: self.heads[name] for name in questions.heads if name in self.heads},
            pull_requests=tuple(map(self._with_record, asked)),
        )

    def open_pull_request(self, draft: Draft) -> PullRequest:
        known = [pull for pull in self.pulls.values() if pull.branch == draft.branch]
        if known:
            return known[-1]
        now, number = self.clock.now(), len(self.pulls) + 1
        pull = PullRequest(
            number=number,
            branch=draft.branch,
            state="open",
            head_commit=draft.head_commit,
            created_at=now,
            updated_at=now,
            title=draft.title,
            base_branch=BASE,
        )
        self.pulls[number] = pull
        self._records[number] = draft.record
        return pull

    def dress(self, pull: PullRequest, dress: Dress) -> tuple[str, ...]:
        if dress.reviewer:
            self._change(pull.number, assignees=(dress.reviewer,), reviewer=dress.reviewer)
        return ()

    def rewrite(self, pull: PullRequest, part: str) -> None:
        del pull, part

    def comment(self, pull: PullRequest, text: str) -> None:
        del pull, text

    def close(self, pull: PullRequest) -> None:
        if self.pulls[pull.number].state == "merged":
            raise CloseRefused("it is merged")
        self.set_state(pull.number, "closed")

    def merge_obstacle(self, base_branch: str) -> None:
        del base_branch

    def merge(self, pull: PullRequest, base_branch: str) -> str:
        del base_branch
        if self.pulls[pull.number].state != "open":
            raise MergeRefused("it is not open")
        self.set_state(pull.number, "merged")
        return "1" * 40

    def write_obstacle(self) -> Obstacle | None:
        return None

    def spec_hint(self, path: str) -> str:
        return path

    # The port of git

    def base(self, commit: str, branch: str) -> BaseTree:
        return BaseTree(branch, commit, self.files)

    @contextmanager
    def worktree(self, commit: str, folder: Path) -> Iterator[WorkTree]:
        del commit
        yield WorkTree(folder / "tree", folder)

    def in_place(self, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        return self.worktree(commit, folder)

    def snapshot(self, tree: WorkTree) -> str:
        return str(tree.path)

    def restore(self, tree: WorkTree, snapshot: str) -> None:
        del tree, snapshot

    def commit_step(self, tree: WorkTree, step: StepCommit) -> str | None:
        del tree
        commit = f"{len(self._commits) + 1:040x}"
        self._commits[commit] = step
        return commit

    def publish(self, branch: str, commit: str) -> None:
        there = self.heads.get(branch)
        if there is not None and there.commit != commit:
            raise BranchExists(branch, there.commit)
        self.heads[branch] = StepHead(commit, claim_of(self._commits[commit].message))

    @contextmanager
    def merging(self, pairs: Collection[tuple[str, str]]) -> Iterator[Merging]:
        """Here whole lines are merged, and nothing conflicts."""
        del pairs
        yield NoConflicts()

    def changes(self, base: str, commit: str) -> tuple[FileChange, ...]:
        del base, commit
        return ()

    def as_it_is(self, tree: Path, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        del tree
        return self.worktree(commit, folder)

    def size(self, base: str, commit: str) -> str:
        del base, commit
        return ""

    def patch(self, base: str, commit: str, *, with_tick: bool = True) -> bytes:
        del base, commit, with_tick
        return b""

    def commit_patch(self, patch: bytes, step: StepCommit) -> str | None:
        del patch
        commit = f"{len(self._commits) + 1:040x}"
        self._commits[commit] = step
        return commit

    # What people do

    def set_state(self, number: int, state: PullRequestState) -> None:
        """Merge, close or reopen it; a merge ticks the box of its step, where its line is still there."""
        now = self.clock.now()
        if state == "merged":
            self._tick(self.pulls[number].head_commit)
        self._change(
            number,
            state=state,
            updated_at=now,
            merged_at=now if state == "merged" else None,
            closed_at=None if state == "open" else now,
        )

    def _with_record(self, pull: PullRequest) -> PullRequest:
        return replace(pull, record=self._records.get(pull.number))

    def _tick(self, commit: str) -> None:
        """A merge of three texts, where only whole lines are known."""
        step = self._commits[commit]
        if step.spec_path not in self.files:
            return
        ticked = {line.text for line in read_spec(step.spec_path, step.spec).steps if line.ticked}
        spec = read_spec(step.spec_path, self.files[step.spec_path])
        line = next((line for line in spec.steps if not line.ticked and line.text in ticked), None)
        if line is not None:
            self.files[step.spec_path] = spec.tick(line)

    def _change(self, number: int, **values: object) -> None:
        self.pulls[number] = replace(self.pulls[number], **values)  # type: ignore[arg-type]
