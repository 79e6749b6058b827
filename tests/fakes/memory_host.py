"""Pull requests in memory, with base branches that have one file each: what GitHub keeps, or what git infers."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from claudestep.domain.models import PullRequestState
from claudestep.domain.observation import Answers, BaseTree, Observation, PullRequest, Questions
from claudestep.infrastructure.hosting import record_block
from claudestep.infrastructure.hosting.port import Draft, Dress, Merging, Obstacle
from tests.fakes.clock import FakeClock
from tests.fakes.memory_branch import MemoryBranch

BASE = "main"


@dataclass
class MemoryHost:
    """A `Host`. With `infers` it keeps no state: merged is what was merged, closed what has no branch."""

    clock: FakeClock = field(default_factory=FakeClock)
    branch: MemoryBranch = field(default_factory=MemoryBranch)
    files: dict[str, bytes] = field(default_factory=dict)
    infers: bool = False
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    bodies: dict[int, str] = field(default_factory=dict)
    branches: set[str] = field(default_factory=set)

    # The port

    def observe(self, since: str | None = None, *, every: bool = False) -> Observation:
        snapshot = self.branch.read(since)
        whole = self.infers or every or snapshot.version is None
        return Observation(
            now=self.clock.now(),
            snapshot=snapshot,
            default_branch=BASE,
            bases={BASE: BaseTree(BASE, "b" * 40, dict(self.files))},
            pull_requests=tuple(self.seen(number) if whole else self.pulls[number] for number in self.pulls),
            branches=frozenset(self.branches),
        )

    def has_pull_requests(self) -> bool:
        return bool(self.pulls)

    def look_up(self, questions: Questions) -> Answers:
        return Answers(pull_requests=tuple(self.seen(n) for n in sorted(questions.numbers) if n in self.pulls))

    def open_pull_request(self, draft: Draft) -> PullRequest:
        number = len(self.pulls) + 1
        now = self.clock.now()
        self.bodies[number] = draft.body
        self.branches.add(draft.branch)
        self.pulls[number] = PullRequest(
            number=number,
            branch=draft.branch,
            state="open",
            head_commit=draft.head_commit,
            created_at=now,
            updated_at=now,
            base_branch=BASE,
            inferred=self.infers,
        )
        return self.seen(number)

    def dress(self, pull: PullRequest, dress: Dress) -> tuple[str, ...]:
        if dress.reviewer and not self.infers:
            self.assign(pull.number, dress.reviewer)
        return ()

    def rewrite(self, pull: PullRequest, part: str) -> None:
        if not self.infers:
            self.bodies[pull.number] = part

    def comment(self, pull: PullRequest, text: str) -> None:
        del pull, text

    def close(self, pull: PullRequest) -> None:
        self.end(pull.number, "closed")

    def merge_obstacle(self, base_branch: str) -> Obstacle | None:
        del base_branch
        return None

    def merge(self, pull: PullRequest, base_branch: str) -> str:
        raise NotImplementedError

    def merging(self, pairs: Collection[tuple[str, str]]) -> AbstractContextManager[Merging]:
        raise NotImplementedError

    def write_obstacle(self) -> Obstacle | None:
        return None

    def spec_hint(self, path: str) -> str:
        return path

    # What people do

    def assign(self, number: int, reviewer: str) -> None:
        self.pulls[number] = replace(self.pulls[number], assignees=(reviewer,), reviewer=reviewer)

    def end(self, number: int, state: PullRequestState) -> None:
        """Merge or close it; GitHub has a time of closing for both."""
        now = self.clock.now()
        pull = self.pulls[number]
        self.branches.discard(pull.branch)
        self.pulls[number] = replace(
            pull, state=state, updated_at=now, closed_at=now, merged_at=now if state == "merged" else None
        )

    def seen(self, number: int) -> PullRequest:
        """A pull request with its record, and what of it git alone could know."""
        pull = replace(self.pulls[number], record=record_block.read(self.bodies[number]))
        if not self.infers:
            return pull
        merged_at = self.clock.now() if pull.state == "merged" else None
        reviewer = pull.record.reviewer if pull.record else None
        return replace(
            pull,
            updated_at=self.clock.now(),
            merged_at=merged_at,
            closed_at=None,
            reviewer=reviewer,
            base_branch="",
        )
