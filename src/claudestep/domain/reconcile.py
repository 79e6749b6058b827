"""Repairing the documents from what was seen: the host is the authority on pull requests.

`merged` is final. `closed` becomes `open` only by a later update, and may go straight to `merged`. A pull
request belongs to a record only if number and branch agree. One that is not found changes nothing: that it
is over, somebody has to say (`claudestep close`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from claudestep.domain.adopting import adopt_lost
from claudestep.domain.binding import Bound
from claudestep.domain.changes import Recorded
from claudestep.domain.models import Project, PullKey, PullRequestState, Step
from claudestep.domain.naming import parse_step_branch
from claudestep.domain.observation import PullRequest
from claudestep.domain.recorded import not_found, recorded

Pulls = Mapping[PullKey, PullRequest]


def reconcile(project: Project, pulls: Pulls) -> Project:
    """Return the project with the states and times of its pull requests, and with lost ones adopted.

    What the host only infers (a branch that is gone) waits for `infer_states`, which knows the boxes.
    """
    project = adopt_lost(project, pulls.values())
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
    """One that was adopted as closed has no time of it yet: its branch may as well have gone after a merge."""
    pull = _current(step, pulls)
    is_undecided = step.in_review or (step.pr_state == "closed" and step.closed_at is None)
    if pull is None or not (pull.inferred and is_undecided):
        return step
    if ticked:
        return replace(step, pr_state="merged", merged_at=now)
    if pull.state == "closed":
        return replace(step, pr_state="closed", closed_at=now)
    return step
