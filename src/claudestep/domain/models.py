"""The documents as values: Project, Step, AITask and Claim, and what they know about themselves.

Every value is frozen; `dataclasses.replace` makes the next one. Times are aware datetimes in UTC.
`extra` holds the keys of a document that this version does not know: they survive a rewrite.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple

from claudestep.domain.ai_tasks import AITask, CostTotal, group_costs
from claudestep.domain.checks import check_amounts, check_times

PullRequestState = Literal["open", "merged", "closed"]
ClaimStage = Literal["working", "publishing"]

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who holds a claim: a workflow run and its attempt, or a process of one boot of one host."""

    run_id: int = 0
    run_attempt: int = 0
    host: str = ""
    boot_id: str = ""
    pid: int = 0
    started: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on a step until `until`; a run without it publishes nothing.

    `base_branch` is the branch that its pull request is for, whoever opens it; None in older documents.
    """

    id: str
    owner: Owner
    branch: str
    agent: str
    stage: ClaimStage
    until: datetime
    base_branch: str | None = None
    reviewer: str | None = None
    reserved_usd: float | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_times(self, "until")
        check_amounts(self, "reserved_usd")


class PullKey(NamedTuple):
    """Which pull request it is: its number on its host, and its branch, which belongs to one attempt for ever.

    A number alone does not say: with a team that moves to another host they begin anew.
    """

    number: int
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousPullRequest:
    """The pull request of an earlier attempt at a step."""

    pr_number: int
    branch_name: str
    pr_state: PullRequestState
    reviewer: str | None = None
    created_at: datetime | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    closed_reason: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_times(self, "created_at", "merged_at", "closed_at")

    @property
    def key(self) -> PullKey:
        """Which one it is."""
        return PullKey(self.pr_number, self.branch_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of spec.md, for life: its number never changes and is never given again.

    `attempts` counts the claims ever given; `failures` the attempts whose agent ran and failed;
    `refused_at` is when the host would not take its finished work, which no other attempt would change;
    `waits_for` are the steps whose rewording this line may be: it is not begun while they are in review.
    """

    step_index: int
    step_description: str
    branch_name: str | None = None
    reviewer: str | None = None
    pr_number: int | None = None
    pr_state: PullRequestState | None = None
    created_at: datetime | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    closed_reason: str | None = None
    completed_at: datetime | None = None
    skipped_at: datetime | None = None
    orphaned_at: datetime | None = None
    head_commit: str | None = None
    conflict_told: str | None = None
    waits_for: tuple[int, ...] = ()
    claim: Claim | None = None
    attempts: int = 0
    failures: int = 0
    failure_reason: str | None = None
    refused_at: datetime | None = None
    previous_pull_requests: tuple[PreviousPullRequest, ...] = ()
    ai_tasks: tuple[AITask, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.step_index < 1:
            raise ValueError(f"`step_index` is {self.step_index}; steps are numbered from 1")
        check_times(self, "created_at", "merged_at", "closed_at", "completed_at", "skipped_at", "orphaned_at")
        check_times(self, "refused_at")
        check_amounts(self, "attempts", "failures")

    @property
    def begun(self) -> bool:
        """Whether anything has ever happened for this step: only then its number means something."""
        return bool(
            self.attempts or self.pr_number or self.ai_tasks or self.claim or self.completed_at or self.skipped_at
        )

    @property
    def in_review(self) -> bool:
        """Whether its current pull request is open."""
        return self.pr_state == "open"

    @property
    def is_skipped(self) -> bool:
        """Whether somebody said to leave it out, and nobody did it all the same."""
        return self.skipped_at is not None and self.completed_at is None

    @property
    def busy(self) -> bool:
        """Whether somebody works on it or reviews it."""
        return self.in_review or self.claim is not None

    def pull_requests(self) -> tuple[PreviousPullRequest, ...]:
        """All that are recorded, as they are kept when the next attempt begins; the current one is the last."""
        if self.pr_number is None:
            return self.previous_pull_requests
        current = PreviousPullRequest(
            pr_number=self.pr_number,
            branch_name=self.branch_name or "",
            pr_state=self.pr_state or "closed",
            reviewer=self.reviewer,
            created_at=self.created_at,
            merged_at=self.merged_at,
            closed_at=self.closed_at,
            closed_reason=self.closed_reason,
        )
        return (*self.previous_pull_requests, current)

    def open_pull_requests(self) -> list[PreviousPullRequest]:
        """All that are recorded open, earlier attempts too."""
        return [pull for pull in self.pull_requests() if pull.pr_state == "open"]

    @property
    def cost(self) -> CostTotal:
        """What all its AI operations cost."""
        return CostTotal.of(task.cost_usd for task in self.ai_tasks)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the steps are done; removed lines do not count."""

    done: int
    total: int

    @property
    def percent(self) -> int:
        """Whole per cent, rounded down, so that 100 means done."""
        return 100 * self.done // self.total if self.total else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """All that is known of one project. `steps` stand in the order of the lines of spec.md."""

    project: str
    last_updated: datetime | None = None
    created_at: datetime | None = None
    schema_version: str = SCHEMA_VERSION
    steps: tuple[Step, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_times(self, "last_updated", "created_at")
        numbers = [step.step_index for step in self.steps]
        if len(set(numbers)) != len(numbers):
            twice = next(n for n in numbers if numbers.count(n) > 1)
            raise ValueError(f"`step_index` {twice} stands there twice")

    def find(self, step_index: int) -> Step | None:
        """The step of this number."""
        return next((step for step in self.steps if step.step_index == step_index), None)

    def with_each(self, change: Callable[[Step], Step]) -> "Project":
        """The project with every step changed; itself where nothing differs."""
        steps = tuple(map(change, self.steps))
        return self if steps == self.steps else replace(self, steps=steps)

    def with_step(self, changed: Step) -> "Project":
        """The project with `changed` in the place of the step of its number; itself where nothing differs."""
        steps = tuple(changed if s.step_index == changed.step_index else s for s in self.steps)
        return self if steps == self.steps else replace(self, steps=steps)

    @property
    def progress(self) -> Progress:
        """Steps whose box is ticked, of those whose line is still there and that are not skipped."""
        current = [step for step in self.steps if step.orphaned_at is None and not step.is_skipped]
        return Progress(sum(step.completed_at is not None for step in current), len(current))

    @property
    def ai_tasks(self) -> list[AITask]:
        """All AI operations, of removed steps too."""
        return [task for step in self.steps for task in step.ai_tasks]

    @property
    def cost(self) -> CostTotal:
        """What all AI operations cost."""
        return CostTotal.of(task.cost_usd for task in self.ai_tasks)

    def cost_by_model(self) -> dict[str, CostTotal]:
        """The cost of each model, dearest first."""
        return group_costs(cost for task in self.ai_tasks for cost in task.costs())

    def cost_by_type(self) -> dict[str, CostTotal]:
        """The cost of each kind of operation (`PRCreation`, `PRSummary`, ...), dearest first."""
        return group_costs((task.type, task.cost_usd) for task in self.ai_tasks)
