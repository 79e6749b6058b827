"""Repairing the documents from what was seen: the host is the authority on pull requests.

`merged` is final. `closed` becomes `open` only by a later update, and may go straight to `merged`. A pull
request belongs to a record only if number and branch agree. One that is not found changes nothing: that it
is over, somebody has to say (`claudestep close`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from claudestep.domain.binding import Bound
from claudestep.domain.changes import Recorded, RecordTasks, with_previous, with_pull_request
from claudestep.domain.models import Project, PullKey, PullRequestState, Step
from claudestep.domain.naming import StepBranch, parse_step_branch
from claudestep.domain.observation import PullRequest
from claudestep.domain.recorded import not_found, recorded
from claudestep.domain.spec import fold

Pulls = Mapping[PullKey, PullRequest]


def reconcile(project: Project, pulls: Pulls) -> Project:
    """Return the project with the states and times of its pull requests, and with lost ones adopted.

    What the host only infers (a branch that is gone) waits for `infer_states`, which knows the boxes.
    """
    project = _adopt_lost(project, pulls.values())
    steps = tuple(_reconcile_step(step, pulls) for step in project.steps)
    return project if steps == project.steps else replace(project, steps=steps)


def open_questions(projects: Iterable[Project], pulls: Iterable[PullRequest]) -> frozenset[int]:
    """The pull requests that have to be asked after.

    Those that are recorded open and were not seen; those of ours that no record knows, seen without their own.
    """
    listed, seen = list(projects), list(pulls)
    known = {one.pull.key for one in recorded(listed)}
    claimed = {step.claim.branch for project in listed for step in project.steps if step.claim}
    lost = {
        pull.number
        for pull in seen
        if known.isdisjoint(pull.keys)
        and pull.record is None
        and pull.branch not in claimed
        and parse_step_branch(pull.branch) is not None
    }
    return frozenset(lost | {one.pull.pr_number for one in not_found(listed, seen)})


def infer_states(bound: Bound, pulls: Pulls, now: datetime) -> Project:
    """Decide the open pull requests whose state the host infers.

    A ticked box means merged, and a branch that is gone means closed.
    """
    ticked = {index for index, line in bound.lines.items() if line.ticked}
    return bound.project.with_each(lambda step: _infer(step, pulls, now, ticked=step.step_index in ticked))


def _reconcile_step(step: Step, pulls: Pulls) -> Step:
    previous = tuple(_transition(p, pulls.get(p.key), final=True) for p in step.previous_pull_requests)
    pull = _current(step, pulls)
    if pull is not None:
        step = replace(_transition(step, pull, final=False), reviewer=_reviewer(step, pull))
    return step if previous == step.previous_pull_requests else replace(step, previous_pull_requests=previous)


def _current(step: Step, pulls: Pulls) -> PullRequest | None:
    return pulls.get(PullKey(step.pr_number or 0, step.branch_name or ""))


def _reviewer(step: Step, pull: PullRequest) -> str | None:
    """Who reviews it: of several assignees the one that is recorded, else the first."""
    names = {name.casefold() for name in pull.assignees}
    if step.reviewer is not None and step.reviewer.casefold() in names:
        return step.reviewer
    return next(iter(pull.assignees), pull.reviewer) or step.reviewer


def _transition(known: Recorded, pull: PullRequest | None, *, final: bool) -> Recorded:
    """The record with the state that the host shows; `final`: also where it is only inferred."""
    if pull is None:
        return known
    if pull.inferred and not final and pull.state == "closed":
        return known
    state = next_state(known.pr_state, known.closed_at, pull)
    if state == known.pr_state and (pull.inferred or _has_times(known)):
        return known
    return replace(
        known,
        pr_state=state,
        merged_at=(pull.merged_at or pull.updated_at) if state == "merged" else None,
        closed_at=(pull.closed_at or pull.updated_at) if state == "closed" else None,
    )


def _has_times(known: Recorded) -> bool:
    needed = {"merged": known.merged_at, "closed": known.closed_at}
    return needed.get(known.pr_state or "open", known.pr_number) is not None


def next_state(state: PullRequestState | None, closed_at: datetime | None, pull: PullRequest) -> PullRequestState:
    """The state after `state`, given what the host shows."""
    if state == "merged":
        return state
    if state == "closed" and pull.state == "open" and closed_at is not None and pull.updated_at < closed_at:
        return state
    return pull.state


def _infer(step: Step, pulls: Pulls, now: datetime, *, ticked: bool) -> Step:
    pull = _current(step, pulls)
    if pull is None or not (pull.inferred and step.in_review):
        return step
    if ticked:
        return replace(step, pr_state="merged", merged_at=now)
    if pull.state == "closed":
        return replace(step, pr_state="closed", closed_at=now)
    return step


@dataclass(frozen=True, slots=True)
class _Lost:
    """A pull request of ours that no record knows, and what its branch says."""

    pull: PullRequest
    branch: StepBranch
    text: str


def _adopt_lost(project: Project, pulls: Iterable[PullRequest]) -> Project:
    """Make the records again of pull requests that carry one and that the document does not know."""
    known = {one.pull.key for one in recorded([project])}
    claimed = {step.claim.branch for step in project.steps if step.claim}
    lost = [
        _Lost(pull, branch, fold(pull.record.step_description))
        for pull in pulls
        if known.isdisjoint(pull.keys)
        and pull.branch not in claimed
        and pull.record is not None
        and pull.record.project == project.project
        and (branch := parse_step_branch(pull.branch)) is not None
        and branch.project == project.project
    ]
    for one in sorted(lost, key=lambda one: one.branch.attempt):
        project = _adopt(project, one)
    return project


def _adopt(project: Project, lost: _Lost) -> Project:
    step = _step_of(project, lost)
    if step is None:
        taken = {s.step_index for s in project.steps}
        index = lost.branch.step_index
        free = index if index not in taken else max(taken) + 1
        step = Step(step_index=free, step_description=lost.text)
        project = replace(project, steps=(*project.steps, step))
    reviewer = lost.pull.reviewer or (lost.pull.record.reviewer if lost.pull.record else None)
    pull = replace(lost.pull, reviewer=reviewer)
    current = parse_step_branch(step.branch_name or "")
    is_later = current is None or current.attempt < lost.branch.attempt
    adopted = with_pull_request(step, pull) if is_later else with_previous(step, pull)
    project = project.with_step(replace(adopted, attempts=max(step.attempts, lost.branch.attempt)))
    spent = lost.pull.record.ai_tasks if lost.pull.record else ()
    return RecordTasks(step.step_index, spent).apply(project)


def _step_of(project: Project, lost: _Lost) -> Step | None:
    same = [step for step in project.steps if fold(step.step_description) == lost.text]
    exact = [step for step in same if step.step_index == lost.branch.step_index]
    return next(iter(exact or same), None)
