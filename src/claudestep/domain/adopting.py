"""Records made again from the pull requests themselves: each carries what its step was when it was opened.

A record is data from outside. It counts only where it fits the branch that it came with, and a document that
knows the pull request knows better.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.changes import RecordTasks, with_previous, with_pull_request
from claudestep.domain.models import PreviousPullRequest, Project, Step
from claudestep.domain.naming import StepBranch, name_problem, parse_step_branch
from claudestep.domain.observation import PullRequest, StepRecord
from claudestep.domain.recorded import recorded
from claudestep.domain.spec import fold


def fits(record: StepRecord, branch: str) -> bool:
    """Whether a record may be that of a step's branch."""
    named = parse_step_branch(branch)
    if named is None or name_problem(record.project) is not None:
        return False
    return (named.project, named.step_index) == (record.project, record.step_index)


@dataclass(frozen=True, slots=True)
class _Lost:
    """A pull request of ours that no record knows, what it carries, and what its branch says."""

    pull: PullRequest
    record: StepRecord
    branch: StepBranch

    @property
    def text(self) -> str:
        return fold(self.record.step_description)


def adopt_lost(project: Project, pulls: Iterable[PullRequest], former: Collection[str] = ()) -> Project:
    """Make the records again of pull requests that carry one and that the document does not know.

    `former` are names that the project had before. Several of one step become its earlier ones and its current
    one, in the order of their attempts.
    """
    known = {one.pull.key for one in recorded([project])}
    claimed = {step.claim.branch for step in project.steps if step.claim}
    names = {project.project, *former}
    lost = [
        _Lost(pull, pull.record, branch)
        for pull in pulls
        if known.isdisjoint(pull.keys)
        and pull.branch not in claimed
        and pull.record is not None
        and pull.record.project in names
        and fits(pull.record, pull.branch)
        and (branch := parse_step_branch(pull.branch)) is not None
    ]
    highest = max((one.branch.step_index for one in lost), default=0)
    for one in sorted(lost, key=lambda one: one.branch.attempt):
        project = _adopt(project, one, highest)
    return project


def _adopt(project: Project, lost: _Lost, highest: int) -> Project:
    """`highest` is the last of the numbers that others may be about to take."""
    step = _step_of(project, lost)
    if step is None:
        taken = {s.step_index for s in project.steps}
        index = lost.branch.step_index
        free = index if index not in taken else max(highest, *taken) + 1
        step = Step(step_index=free, step_description=lost.text)
        project = replace(project, steps=(*project.steps, step))
    project = project.with_step(_with_lost(step, lost))
    return RecordTasks(step.step_index, spent(lost.pull, lost.record)).apply(project)


def _with_lost(step: Step, lost: _Lost) -> Step:
    pull = _as_recorded(lost)
    current = parse_step_branch(step.branch_name or "")
    if current is None or current.attempt < lost.branch.attempt:
        adopted = with_pull_request(step, pull)
    else:
        adopted = with_previous(step, pull)
        previous = sorted(adopted.previous_pull_requests, key=_attempt)
        adopted = replace(adopted, previous_pull_requests=tuple(previous))
    return replace(adopted, attempts=max(step.attempts, lost.branch.attempt))


def _as_recorded(lost: _Lost) -> PullRequest:
    """The pull request as a document would have it: who reviews it, and the time of its end alone."""
    pull, recorded_reviewer = lost.pull, lost.record.reviewer
    named = {name.casefold() for name in pull.assignees}
    is_theirs = recorded_reviewer is not None and recorded_reviewer.casefold() in named
    reviewer = recorded_reviewer if is_theirs else pull.reviewer or recorded_reviewer
    return replace(pull, reviewer=reviewer, closed_at=pull.closed_at if pull.state == "closed" else None)


def spent(pull: PullRequest, record: StepRecord) -> tuple[AITask, ...]:
    """What a record says was spent; what its claim led to belongs to its pull request."""
    mine = f"{record.claim_id}-"
    return tuple(
        replace(task, pr_number=pull.number)
        if record.claim_id and task.pr_number is None and (task.id or "").startswith(mine)
        else task
        for task in record.ai_tasks
    )


def _attempt(previous: PreviousPullRequest) -> int:
    branch = parse_step_branch(previous.branch_name)
    return branch.attempt if branch else 0


def _step_of(project: Project, lost: _Lost) -> Step | None:
    """The step of this text and number; one that has only the text where no pull request says its number."""
    same = [step for step in project.steps if fold(step.step_description) == lost.text]
    exact = [step for step in same if lost.branch.step_index in _numbers(step)]
    without = [step for step in same if not step.pull_requests()]
    return next(iter(exact or without), None)


def _numbers(step: Step) -> set[int]:
    """The number of a step, and those that its branches have: they differ where it was numbered anew."""
    named = (parse_step_branch(pull.branch_name) for pull in step.pull_requests())
    return {step.step_index, *(branch.step_index for branch in named if branch)}
