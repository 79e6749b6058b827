"""The status for people."""

from collections.abc import Mapping

from claudestep.application.reports.table import table
from claudestep.application.status import ProjectStatus, StatusReport
from claudestep.domain.chain import Decision, Start, StepState, Wait
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.models import Project
from claudestep.domain.reasons import Reason
from claudestep.domain.text import printable, shortened

_LONGEST_CELL = 60
_LONGEST_SENTENCE = 100


def render(report: StatusReport, *, with_steps: bool) -> str:
    """A paragraph a project, with its steps where they are wanted."""
    if not report.projects:
        return (
            f"There is no project: no claude-step/*/spec.md on {report.base_branch}.\n"
            "Begin with: claudestep init my-refactor\n"
        )
    return printable("\n".join(_project(one, with_steps=with_steps) for one in report.projects))


def next_sentence(decision: Decision | ClaudeStepError) -> str:
    """What comes next, in a sentence."""
    if isinstance(decision, ClaudeStepError):
        return decision.explained
    if not isinstance(decision, Start):
        return str(decision)
    whom = f" for {decision.reviewer}" if decision.reviewer else ""
    what = shortened(decision.step.step_description, _LONGEST_SENTENCE)
    return f"Step {decision.step.step_index} can begin{whom}: {what}"


def _project(one: ProjectStatus, *, with_steps: bool) -> str:
    lines = f"{one.name}: {_progress(one.project)}\n  {next_sentence(one.decision)}\n"
    lines += set_aside(one.name, one.states, one.decision)
    stale = [str(review) for review in one.open if review.is_stale]
    if stale:
        lines += f"  waits long for a review: {', '.join(stale)}\n"
    if not with_steps or one.project is None or not one.project.steps:
        return lines
    return f"{lines}\n{_steps(one, one.project)}"


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


def _progress(project: Project | None) -> str:
    if project is None:
        return "its document cannot be read"
    progress = project.progress
    return f"{progress.done} of {progress.total} done ({progress.percent} %), {project.cost}"


def _steps(one: ProjectStatus, project: Project) -> str:
    rows = [
        (
            str(step.step_index),
            one.states[step.step_index].words,
            f"#{step.pr_number}" if step.pr_number else "",
            step.reviewer or (step.claim.reviewer if step.claim else None) or "",
            str(step.cost) if step.ai_tasks else "",
            shortened(step.step_description, _LONGEST_CELL),
        )
        for step in project.steps
    ]
    text = table(("step", "state", "pull", "reviewer", "cost", "description"), rows, right=frozenset({0, 4}))
    reasons = [f"step {s.step_index}: {s.failure_reason}\n" for s in project.steps if s.failure_reason]
    reasons += [f"step {s.step_index} was closed: {s.closed_reason}\n" for s in project.steps if s.closed_reason]
    return text + ("\n" + "".join(reasons) if reasons else "")
