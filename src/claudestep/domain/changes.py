"""The program's own changes of a document, as values: each is pure and applying it twice is applying it once.

The claim's id says which step is meant, wherever that step stands by now. A change that finds nothing to
change returns the project itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.models import Claim, Owner, PreviousPullRequest, Project, PullKey, Step
from claudestep.domain.observation import PullRequest

Recorded = TypeVar("Recorded", Step, PreviousPullRequest)

LONGEST_REASON = 500


def _on_claimed(project: Project, claim_id: str, change: Callable[[Step, Claim], Step]) -> Project:
    for step in project.steps:
        if step.claim is not None and step.claim.id == claim_id:
            return project.with_step(change(step, step.claim))
    return project


def claimed_step(project: Project, claim_id: str) -> Step | None:
    """The step that this claim is on; None when the claim is gone."""
    return next((s for s in project.steps if s.claim is not None and s.claim.id == claim_id), None)


@dataclass(frozen=True, slots=True)
class GiveClaim:
    """Give a step to a run. A step that has a claim keeps the one that it has."""

    step_index: int
    attempt: int
    claim: Claim

    def apply(self, project: Project) -> Project:
        """Return the project with the claim on its step, and the attempt counted."""
        step = project.find(self.step_index)
        if step is None or step.claim is not None:
            return project
        return project.with_step(replace(step, claim=self.claim, attempts=max(step.attempts, self.attempt)))


@dataclass(frozen=True, slots=True)
class RecordTasks:
    """Record AI operations on a step. A true cost takes the place of an unknown one."""

    step_index: int
    tasks: tuple[AITask, ...]

    def apply(self, project: Project) -> Project:
        """Return the project with every operation recorded once."""
        step = project.find(self.step_index)
        if step is None:
            return project
        tasks = step.ai_tasks
        for task in self.tasks:
            tasks = _record(tasks, task)
        return project.with_step(replace(step, ai_tasks=tasks))


def _record(tasks: tuple[AITask, ...], task: AITask) -> tuple[AITask, ...]:
    same = next((known for known in tasks if known == task or (task.id and known.id == task.id)), None)
    if same is None:
        return (*tasks, task)
    if same.cost_usd is None and task.cost_usd is not None:
        true = replace(task, pr_number=task.pr_number or same.pr_number)
        return tuple(true if known is same else known for known in tasks)
    return tasks


@dataclass(frozen=True, slots=True)
class Takeover:
    """A claim that was seen to have ended goes over to another owner."""

    seen: Claim
    by: Owner

    def is_too_late(self, claim: Claim) -> bool:
        """Whether somebody else has taken it over meanwhile, or its owner lives and went on."""
        return claim != self.seen and claim.owner != self.by


@dataclass(frozen=True, slots=True)
class StartPublishing:
    """The agent is done: from now on the branch may be there, until `until`."""

    claim_id: str
    until: datetime
    takeover: Takeover | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the claim publishing, and with a new owner where one takes it over.

        One that is not as it was seen any more stays as it is.
        """
        return _on_claimed(project, self.claim_id, self._begun)

    def _begun(self, step: Step, claim: Claim) -> Step:
        if self.takeover is None:
            until = max(self.until, claim.until)
            return replace(step, claim=replace(claim, stage="publishing", until=until))
        if self.takeover.is_too_late(claim):
            return step
        taken = replace(claim, stage="publishing", until=self.until, owner=self.takeover.by)
        return replace(step, claim=taken)


@dataclass(frozen=True, slots=True)
class LeaveToOthers:
    """Whoever runs next may finish what this claim publishes: nobody works under it from `now` on."""

    claim_id: str
    now: datetime

    def apply(self, project: Project) -> Project:
        """Return the project with the time of the claim over, if it publishes."""
        return _on_claimed(project, self.claim_id, self._left)

    def _left(self, step: Step, claim: Claim) -> Step:
        if claim.stage != "publishing":
            return step
        return replace(step, claim=replace(claim, until=min(claim.until, self.now)))


@dataclass(frozen=True, slots=True)
class ReleaseClaim:
    """End a claim without a pull request; `failure` says why the attempt failed, None that it did not.

    `only_while_working` leaves a claim that publishes to the next run: its branch may be there. `refused_at` is
    when the host refused work that was done: no failure of the step, and the next attempt would end like it.
    """

    claim_id: str
    failure: str | None = None
    only_while_working: bool = False
    refused_at: datetime | None = None

    def apply(self, project: Project) -> Project:
        """Return the project without the claim, and the failure counted."""
        return _on_claimed(project, self.claim_id, self._released)

    def _released(self, step: Step, claim: Claim) -> Step:
        if self.only_while_working and claim.stage != "working":
            return step
        if self.failure is None:
            return replace(step, claim=None)
        after = replace(step, claim=None, failure_reason=self.failure[:LONGEST_REASON])
        if self.refused_at is not None:
            return replace(after, refused_at=self.refused_at)
        return replace(after, failures=step.failures + 1)


@dataclass(frozen=True, slots=True)
class RecordPullRequest:
    """Record the pull request of a claim, and end the claim."""

    claim_id: str
    step_index: int
    pull: PullRequest

    def apply(self, project: Project) -> Project:
        """Return the project with this pull request as the step's current one."""
        project = _on_claimed(project, self.claim_id, self._of_claim)
        step = project.find(self.step_index)
        if step is None:
            return project
        tasks = tuple(self._with_number(task) for task in step.ai_tasks)
        return project.with_step(replace(with_pull_request(step, self.pull), ai_tasks=tasks))

    def _of_claim(self, step: Step, claim: Claim) -> Step:
        reviewer = self.pull.reviewer or claim.reviewer
        recorded = with_pull_request(step, replace(self.pull, reviewer=reviewer))
        return replace(recorded, claim=None, failure_reason=None, refused_at=None)

    def _with_number(self, task: AITask) -> AITask:
        """An AI operation of the claim belongs to the pull request that came of it."""
        return (
            replace(task, pr_number=self.pull.number) if (task.id or "").startswith(f"{self.claim_id}-") else task
        )


@dataclass(frozen=True, slots=True)
class RetryStep:
    """Let a step be begun again that failed, was turned down, was skipped, or lost its tick."""

    step_index: int

    def apply(self, project: Project) -> Project:
        """Return the project with the step as if it had never been tried; its number of attempts stays."""
        step = project.find(self.step_index)
        if step is None:
            return project
        fresh = step if step.in_review else set_aside(step)
        fresh = replace(fresh, failures=0, failure_reason=None, refused_at=None, skipped_at=None)
        return project.with_step(fresh)


@dataclass(frozen=True, slots=True)
class SkipStep:
    """Leave a step out."""

    step_index: int
    at: datetime

    def apply(self, project: Project) -> Project:
        """Return the project with the step skipped; the first time counts."""
        step = project.find(self.step_index)
        if step is None:
            return project
        return project.with_step(replace(step, skipped_at=step.skipped_at or self.at))


@dataclass(frozen=True, slots=True)
class RecordClosing:
    """A pull request is over without a merge, and why: the next attempt is told.

    `at` is None for one that the host does not have any more: should it turn up again, it is open again.
    """

    pull: PullKey
    at: datetime | None
    reason: str | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the pull request closed. One that is merged stays so; the first time counts."""
        return project.with_each(self._in_step)

    def _in_step(self, step: Step) -> Step:
        previous = tuple(self._closed(p) if p.key == self.pull else p for p in step.previous_pull_requests)
        if previous != step.previous_pull_requests:
            step = replace(step, previous_pull_requests=previous)
        return self._closed(step) if (step.pr_number, step.branch_name or "") == self.pull else step

    def _closed(self, recorded: Recorded) -> Recorded:
        if recorded.pr_state == "merged":
            return recorded
        return replace(
            recorded,
            pr_state="closed",
            closed_at=recorded.closed_at or self.at,
            closed_reason=self.reason[:LONGEST_REASON] if self.reason else recorded.closed_reason,
        )


@dataclass(frozen=True, slots=True)
class RecordConflict:
    """It is said that a pull request, with its branch at `head`, conflicts in a way that takes a person."""

    step_index: int
    pull: PullKey
    head: str

    def apply(self, project: Project) -> Project:
        """Return the project where that is noted, unless the step has another pull request by now."""
        step = project.find(self.step_index)
        if step is None or (step.pr_number, step.branch_name or "") != self.pull:
            return project
        return project.with_step(replace(step, conflict_told=self.head))


def with_pull_request(step: Step, pull: PullRequest) -> Step:
    """`step` with `pull` as its current pull request; the one before goes to the previous ones."""
    if any(known.key in pull.keys for known in step.pull_requests()):
        return step
    return replace(
        step,
        branch_name=pull.branch,
        reviewer=pull.reviewer,
        pr_number=pull.number,
        pr_state=pull.state,
        created_at=pull.created_at,
        merged_at=pull.merged_at,
        closed_at=pull.closed_at,
        head_commit=pull.head_commit,
        conflict_told=None,
        closed_reason=None,
        previous_pull_requests=step.pull_requests(),
    )


def set_aside(step: Step) -> Step:
    """`step` with its current pull request among the previous ones, so that it can be begun anew."""
    if step.pr_number is None:
        return step
    return replace(
        step,
        branch_name=None,
        reviewer=None,
        pr_number=None,
        pr_state=None,
        created_at=None,
        merged_at=None,
        closed_at=None,
        closed_reason=None,
        head_commit=None,
        conflict_told=None,
        previous_pull_requests=step.pull_requests(),
    )


def with_previous(step: Step, pull: PullRequest) -> Step:
    """`step` with `pull` as that of an earlier attempt."""
    earlier = PreviousPullRequest(
        pr_number=pull.number,
        branch_name=pull.branch,
        pr_state=pull.state,
        reviewer=pull.reviewer,
        created_at=pull.created_at,
        merged_at=pull.merged_at,
        closed_at=pull.closed_at,
    )
    return replace(step, previous_pull_requests=(*step.previous_pull_requests, earlier))
