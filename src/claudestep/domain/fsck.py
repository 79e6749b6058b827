"""What can be wrong with documents that can be read: within a step, and between steps and projects.

An error needs a person. A warning mends itself with the next run or write, or does no harm. A note is news.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from claudestep.domain.models import PreviousPullRequest, Project, Step
from claudestep.domain.naming import StepBranch, document_path, parse_step_branch
from claudestep.domain.observation import PullRequest
from claudestep.domain.recorded import not_found
from claudestep.domain.settling import IsGone

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
_SETTLED = "The next run settles it: claudestep run"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: where it is, what it is, and what to do about it."""

    level: Level
    path: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Use:
    """Something that may be used once in all documents, and the step that uses it."""

    what: str
    project: str
    step_index: int


def check_documents(projects: Iterable[Project], *, now: datetime, is_gone: IsGone) -> list[Finding]:
    """Everything that the documents contradict themselves or each other in."""
    listed = list(projects)
    found = [finding for project in listed for finding in _in_project(project, now, is_gone)]
    return found + list(_used_twice(listed))


def check_pull_requests(projects: Iterable[Project], asked: Iterable[PullRequest]) -> Iterator[Finding]:
    """What is recorded open and the host does not have; `asked` is what it has of all that is recorded open."""
    for one in not_found(projects, asked):
        problem = f"step {one.step_index}: #{one.pull.pr_number} is recorded open and is not to be found"
        yield Finding("error", document_path(one.project), problem, one.remedy)


def _in_project(project: Project, now: datetime, is_gone: IsGone) -> Iterator[Finding]:
    path = document_path(project.project)
    numbers = {step.step_index for step in project.steps}
    for step in project.steps:
        found = (*_pull_requests(step), *_branches(step), *_waits(step, numbers), *_claim(step, now, is_gone))
        for level, problem, remedy in found:
            yield Finding(level, path, f"step {step.step_index}: {problem}", remedy)


_Fault = tuple[Level, str, str]


def _pull_requests(step: Step) -> Iterator[_Fault]:
    if step.pr_state is not None and step.pr_number is None:
        problem = f"`pr_state` is {step.pr_state}, and `pr_number` is missing"
        yield "error", problem, "Add it, or take the state out."
    if step.pr_number is not None and step.pr_state is None:
        yield "warning", f"#{step.pr_number} has no `pr_state`", "The next run asks for it."
    if step.pr_number is not None and not step.branch_name:
        remedy = "Add the pull request's branch: without it nothing that happens to the pull request is noticed."
        yield "error", f"#{step.pr_number} has no `branch_name`", remedy
    yield from _end_without_time(step)
    for earlier in step.previous_pull_requests:
        yield from _end_without_time(earlier)


def _end_without_time(record: Step | PreviousPullRequest) -> Iterator[_Fault]:
    times = {"merged": ("merged_at", record.merged_at), "closed": ("closed_at", record.closed_at)}
    name, when = times.get(record.pr_state or "", ("", None))
    if name and when is None and record.pr_number is not None:
        yield (
            "warning",
            f"#{record.pr_number} is {record.pr_state}, and `{name}` is missing",
            "The next run takes it from the host, where that knows it; statistics leave it out until then.",
        )


def _branches(step: Step) -> Iterator[_Fault]:
    for branch in _branches_of(step):
        parsed = parse_step_branch(branch)
        if parsed is None:
            yield "warning", f"{branch!r} is not the name of a step's branch", "See that it is the true one."
        elif parsed.step_index != step.step_index:
            remedy = "It is so after lost records were made anew; otherwise see which step it belongs to."
            yield "warning", f"its branch {branch} is that of step {parsed.step_index}", remedy
        elif step.attempts < parsed.attempt:
            yield _too_few_attempts(step, branch, parsed)


def _too_few_attempts(step: Step, branch: str, parsed: StepBranch) -> _Fault:
    return (
        "error",
        f"`attempts` is {step.attempts}, and its branch {branch} is of attempt {parsed.attempt}",
        f"Set `attempts` to {parsed.attempt}: a later attempt would get the name of this branch.",
    )


def _branches_of(step: Step) -> list[str]:
    listed = [step.branch_name, *(p.branch_name for p in step.previous_pull_requests)]
    listed.append(step.claim.branch if step.claim else None)
    return [branch for branch in listed if branch]


def _waits(step: Step, numbers: set[int]) -> Iterator[_Fault]:
    for missing in sorted(set(step.waits_for) - numbers):
        yield "warning", f"it waits for step {missing}, which is missing", "The next run lets it go on."


def _claim(step: Step, now: datetime, is_gone: IsGone) -> Iterator[_Fault]:
    claim = step.claim
    if claim is None:
        return
    if step.completed_at is not None:
        yield "warning", "it is done and has a claim", "The run that has it publishes nothing and drops it."
    if is_gone(claim.owner):
        yield "warning", f"its claim {claim.id} is that of a process that is gone", _SETTLED
    elif claim.until <= now:
        yield "warning", f"its claim {claim.id} ended at {claim.until:%Y-%m-%d %H:%M} UTC", _SETTLED


def _used_twice(projects: Iterable[Project]) -> Iterator[Finding]:
    first: dict[str, _Use] = {}
    for project in projects:
        for step in project.steps:
            for what in _things(step):
                use = _Use(what, project.project, step.step_index)
                known = first.setdefault(what, use)
                if known is not use:
                    yield _twice(known, use)


def _things(step: Step) -> list[str]:
    """Not the numbers of pull requests: with a team that moves to another host they begin anew."""
    things = [f"branch {branch}" for branch in _branches_of(step)]
    things += [f"AI task {task.id}" for task in step.ai_tasks if task.id]
    return [*things, f"claim {step.claim.id}"] if step.claim else things


_WHY_ONCE = {
    "branch": "A branch is of one attempt at one step: see whose it is, and take it out of the other one.",
    "AI": "Its cost is counted twice: take it out of the step that it is not of.",
    "claim": "Wait until the run that holds it ends, and look again; then take it out of the wrong one.",
}


def _twice(known: _Use, use: _Use) -> Finding:
    elsewhere = "" if known.project == use.project else f" of {known.project}"
    where = f"step {known.step_index}{elsewhere}"
    same = (known.project, known.step_index) == (use.project, use.step_index)
    problem = f"{use.what} stands there twice" if same else f"{use.what} is that of {where}, too"
    remedy = _WHY_ONCE[use.what.split(" ", 1)[0]]
    return Finding("error", document_path(use.project), f"step {use.step_index}: {problem}", remedy)
