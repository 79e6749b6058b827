"""The status for people."""

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len

from claudestep.application.reports.table import Row, table
from claudestep.application.status import ProjectStatus, StatusReport
from claudestep.domain.chain import Decision, Start, StepState, Wait
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.models import Project
from claudestep.domain.naming import spec_path
from claudestep.domain.reasons import Reason
from claudestep.domain.reviews import OpenReview
from claudestep.domain.text import printable, shortened

_HEADER = ("step", "state", "pull", "reviewer", "cost", "description")
_LONGEST_CELL = 60
_SHORTEST_CELL = 20
_LONGEST_SENTENCE = 100


def render(report: StatusReport, *, with_steps: bool, width: int | None = None) -> str:
    """A paragraph a project, with its steps where they are wanted; no line of those is wider than `width`."""
    if not report.projects:
        return printable(f"There is no project: no {spec_path('*')} on {report.base_branch}.\n{report.hint}\n")
    return printable("\n".join(_project(one, with_steps=with_steps, width=width) for one in report.projects))


def next_sentence(decision: Decision | ClaudeStepError) -> str:
    """What comes next, in a sentence."""
    if isinstance(decision, ClaudeStepError):
        return decision.explained
    if not isinstance(decision, Start):
        return str(decision)
    whom = f" for {decision.reviewer}" if decision.reviewer else ""
    what = shortened(decision.step.step_description, _LONGEST_SENTENCE)
    return f"Step {decision.step.step_index} can begin{whom}: {what}"


def _project(one: ProjectStatus, *, with_steps: bool, width: int | None) -> str:
    lines = f"{one.name}: {_progress(one.project, len(one.open))}\n  {next_sentence(one.decision)}\n"
    lines += set_aside(one.name, one.states, one.decision)
    lines += reworded(one.states, one.open, one.decision)
    stale = [str(review) for review in one.open if review.is_stale]
    if stale:
        lines += f"  waits long for a review: {', '.join(stale)}\n"
    conflicting = [str(review) for review in one.open if review.conflicts]
    if conflicting:
        lines += f"  conflicts, and takes a person: {', '.join(conflicting)}\n"
    if not with_steps or one.project is None or not one.project.steps:
        return lines
    return f"{lines}\n{_steps(one, one.project, width)}"


_SET_ASIDE = (StepState.FAILED, StepState.REFUSED, StepState.CLOSED, StepState.UNTICKED)
_SAID = (
    Reason.PUBLISHING_REFUSED,
    Reason.STEPS_FAILED,
    Reason.STEPS_CLOSED,
    Reason.STEPS_UNTICKED,
    Reason.STOPPED_BY_FAILURE,
)


def set_aside(
    name: str, states: Mapping[int, StepState], decision: Decision | ClaudeStepError, *, indent: str = "  "
) -> str:
    """A line on the steps that wait for somebody's decision; none where the decision itself has told of them."""
    waiting = {index: state for index, state in states.items() if state in _SET_ASIDE}
    if not waiting or (isinstance(decision, Wait) and decision.reason in _SAID):
        return ""
    listed = ", ".join(f"step {index} {state.words}" for index, state in waiting.items())
    numbers = " ".join(map(str, waiting))
    return f"{indent}set aside: {listed} (claudestep retry {name} {numbers}, or skip)\n"


def reworded(
    states: Mapping[int, StepState], reviews: Iterable[OpenReview], decision: Decision | ClaudeStepError
) -> str:
    """A line on the steps that wait for the pull request of what may be their old wording."""
    waiting = [f"step {index}" for index, state in states.items() if state is StepState.REWORDED]
    if not waiting or (isinstance(decision, Wait) and decision.reason is Reason.REWORDED_IN_REVIEW):
        return ""
    gone = [f"#{one.number}" for one in reviews if states.get(one.step_index) is StepState.REMOVED]
    of = f"in review as {', '.join(gone)}: merge that, or claudestep close" if gone else "being worked on"
    number = f" {gone[0].removeprefix('#')}" if len(gone) == 1 else " NUMBER" if gone else ""
    return f"  waits: {', '.join(waiting)}, perhaps a new wording of what is {of}{number}\n"


def _progress(project: Project | None, in_review: int) -> str:
    if project is None:
        return "its document cannot be read"
    progress = project.progress
    reviews = f", {in_review} in review" if in_review else ""
    return f"{progress.done} of {progress.total} done ({progress.percent} %){reviews}, {project.cost}"


def _steps(one: ProjectStatus, project: Project, width: int | None) -> str:
    rows = [
        (
            str(step.step_index),
            one.states[step.step_index].words,
            f"#{step.pr_number}" if step.pr_number else "",
            step.reviewer or (step.claim.reviewer if step.claim else None) or "",
            str(step.cost) if step.ai_tasks else "",
            step.step_description,
        )
        for step in project.steps
    ]
    text = table(_HEADER, _fitted(rows, width), right=frozenset({0, 4}))
    left = [step for step in project.steps if one.states[step.step_index] is not StepState.DONE]
    reasons = [f"step {step.step_index}: {step.failure_reason}\n" for step in left if step.failure_reason]
    reasons += [f"step {step.step_index} was closed: {step.closed_reason}\n" for step in left if step.closed_reason]
    return text + ("\n" + "".join(reasons) if reasons else "")


def _fitted(rows: Sequence[Row], width: int | None) -> list[Row]:
    """The rows with their last cell cut, so that they fit into a terminal of this width."""
    before = sum(
        max(map(cell_len, column)) + 2 for column in zip(_HEADER[:-1], *(r[:-1] for r in rows), strict=True)
    )
    longest = _LONGEST_CELL if width is None else max(_SHORTEST_CELL, min(_LONGEST_CELL, width - before))
    return [(*row[:-1], shortened(row[-1], longest)) for row in rows]
