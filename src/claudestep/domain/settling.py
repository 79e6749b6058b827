"""What becomes of claims that ended without an end: a crash, a kill, a time-out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from claudestep.domain.ai_tasks import UNKNOWN_MODEL, AITask
from claudestep.domain.changes import RecordPullRequest, RecordTasks, ReleaseClaim
from claudestep.domain.models import Claim, Owner, Project, Step
from claudestep.domain.observation import PullRequest, StepHead

CLAUDE_CODE = "claude-code"
LOST = "the run ended without a result"

IsGone = Callable[[Owner], bool]
"""Whether an owner is surely dead; False when in doubt."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A branch that a dead run published and did not open a pull request for, or did not finish that."""

    project: str
    step: Step
    claim: Claim
    head: StepHead


def has_ended(claim: Claim, now: datetime, is_gone: IsGone) -> bool:
    """Whether nobody can be working under this claim any more."""
    return claim.until <= now or is_gone(claim.owner)


def settle(
    project: Project,
    pulls: Iterable[PullRequest],
    heads: Mapping[str, StepHead],
    *,
    now: datetime,
    is_gone: IsGone,
) -> Project:
    """Return the project with its ended claims settled, as far as that needs no act.

    `heads` must hold every branch of a publishing claim that exists. A branch without a pull request, or with
    one that may not be whole, is left as it is: see `unfinished`.
    """
    by_branch = {pull.branch: pull for pull in pulls}
    for step in project.steps:
        claim = step.claim
        if claim is not None and has_ended(claim, now, is_gone):
            project = _settle_step(project, step, claim, by_branch.get(claim.branch), heads)
            project = _note_unknown_cost(project, step, claim, now)
    return project


def _settle_step(
    project: Project, step: Step, claim: Claim, pull: PullRequest | None, heads: Mapping[str, StepHead]
) -> Project:
    if claim.stage == "publishing" and _is_ours(claim, heads) and not _is_whole(pull):
        return project
    if claim.stage == "publishing" and pull is not None:
        return RecordPullRequest(claim.id, step.step_index, pull).apply(project)
    return ReleaseClaim(claim.id, LOST).apply(project)


def _is_whole(pull: PullRequest | None) -> bool:
    """Whether nothing is to be done for a pull request but to record it.

    One that is just open may lack its labels and its reviewer; where the host infers them, there are none.
    """
    return pull is not None and (pull.inferred or pull.state != "open")


def _is_ours(claim: Claim, heads: Mapping[str, StepHead]) -> bool:
    head = heads.get(claim.branch)
    return head is not None and head.claim_id == claim.id


def _note_unknown_cost(project: Project, step: Step, claim: Claim, now: datetime) -> Project:
    """An agent that is paid for has cost something, even when nobody heard how much."""
    settled = project.find(step.step_index)
    if claim.agent != CLAUDE_CODE or settled is None or settled.claim is not None:
        return project
    if any((task.id or "").startswith(f"{claim.id}-") for task in step.ai_tasks):
        return project
    task = AITask(
        type="PRCreation", model=UNKNOWN_MODEL, cost_usd=None, created_at=now, id=f"{claim.id}-1",
        workflow_run_id=claim.owner.run_id,
    )  # fmt: skip
    return RecordTasks(step.step_index, (task,)).apply(project)


def unfinished(
    projects: Iterable[Project],
    pulls: Iterable[PullRequest],
    heads: Mapping[str, StepHead],
    *,
    now: datetime,
    is_gone: IsGone,
) -> list[Unfinished]:
    """The ended claims whose branch is published, and has no pull request yet or one that may lack something."""
    by_branch = {pull.branch: pull for pull in pulls}
    return [
        Unfinished(project.project, step, step.claim, heads[step.claim.branch])
        for project in projects
        for step in project.steps
        if step.claim is not None
        and step.claim.stage == "publishing"
        and has_ended(step.claim, now, is_gone)
        and not _is_whole(by_branch.get(step.claim.branch))
        and _is_ours(step.claim, heads)
    ]
