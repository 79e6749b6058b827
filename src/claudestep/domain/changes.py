"""The program's own changes of a document, as values: each is pure and applying it twice is applying it once.

The claim's id says which step is meant, wherever that step stands by now. A change that finds nothing to
change returns the project itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from claudestep.domain.models import AITask, Claim, Owner, PreviousPullRequest, Project, Step
from claudestep.domain.observation import PullRequest

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
class StartPublishing:
    """The agent is done: from now on the branch may be there, until `until`."""

    claim_id: str
    until: datetime
    owner: Owner | None = None

    def apply(self, project: Project) -> Project:
        """Return the project with the claim publishing, and with a new owner where one takes it over."""
        return _on_claimed(
            project,
            self.claim_id,
            lambda step, claim: replace(
                step,
                claim=replace(
                    claim,
                    stage="publishing",
                    until=max(self.until, claim.until) if self.owner is None else self.until,
                    owner=self.owner or claim.owner,
                ),
            ),
        )


@dataclass(frozen=True, slots=True)
class ReleaseClaim:
    """End a claim without a pull request; `failure` says why the attempt failed, None that it did not.

    `only_while_working` leaves a claim that publishes to the next run: its branch may be there.
    """

    claim_id: str
    failure: str | None = None
    only_while_working: bool = False

    def apply(self, project: Project) -> Project:
        """Return the project without the claim, and the failure counted."""
        return _on_claimed(project, self.claim_id, self._released)

    def _released(self, step: Step, claim: Claim) -> Step:
        if self.only_while_working and claim.stage != "working":
            return step
        if self.failure is None:
            return replace(step, claim=None)
        reason = self.failure[:LONGEST_REASON]
        return replace(step, claim=None, failures=step.failures + 1, failure_reason=reason)


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
        return replace(recorded, claim=None, failure_reason=None)

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
        return project.with_step(replace(fresh, failures=0, failure_reason=None, skipped_at=None))


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
class NoteClosing:
    """Say why a pull request was closed: the next attempt is told."""

    pr_number: int
    reason: str

    def apply(self, project: Project) -> Project:
        """Return the project with the reason beside the closed pull request."""
        reason = self.reason[:LONGEST_REASON]
        for step in project.steps:
            if step.pr_number == self.pr_number and step.pr_state == "closed":
                return project.with_step(replace(step, closed_reason=reason))
        return project


def with_pull_request(step: Step, pull: PullRequest) -> Step:
    """`step` with `pull` as its current pull request; the one before goes to the previous ones."""
    if pull.number == step.pr_number or any(p.pr_number == pull.number for p in step.previous_pull_requests):
        return step
    previous = step.previous_pull_requests
    if step.pr_number is not None:
        previous = (*previous, _as_previous(step, step.pr_number))
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
        closed_reason=None,
        previous_pull_requests=previous,
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
        previous_pull_requests=(*step.previous_pull_requests, _as_previous(step, step.pr_number)),
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


def _as_previous(step: Step, number: int) -> PreviousPullRequest:
    return PreviousPullRequest(
        pr_number=number,
        branch_name=step.branch_name or "",
        pr_state=step.pr_state or "closed",
        reviewer=step.reviewer,
        created_at=step.created_at,
        merged_at=step.merged_at,
        closed_at=step.closed_at,
        closed_reason=step.closed_reason,
    )
