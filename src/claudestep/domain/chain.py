"""What to do next with a project, and if nothing, why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from claudestep.domain.binding import Bound
from claudestep.domain.capacity import Load, choose, rooms
from claudestep.domain.config import MAX_ATTEMPTS, Config, RepositoryConfig
from claudestep.domain.models import Project, Step
from claudestep.domain.naming import REPOSITORY_CONFIGURATION, configuration_path, step_branch
from claudestep.domain.spec import SpecStep


class StepState(StrEnum):
    """Where a step stands."""

    DONE = "done"
    IN_REVIEW = "in review"
    WORKING = "working"
    READY = "to do"
    FAILED = "failed"
    CLOSED = "closed"
    UNTICKED = "unticked"
    REWORDED = "reworded"
    REMOVED = "removed"


class Reason(StrEnum):
    """Why no step is begun."""

    ALL_STEPS_DONE = "all_steps_done"
    STEPS_IN_PROGRESS = "steps_in_progress"
    NO_REVIEWER_CAPACITY = "no_reviewer_capacity"
    PAUSED = "paused"
    SPEC_MISSING = "spec_missing"
    SPEC_WITHOUT_STEPS = "spec_without_steps"
    REWORDED_IN_REVIEW = "reworded_in_review"
    METADATA_BROKEN = "metadata_broken"
    STEPS_FAILED = "steps_failed"
    STEPS_CLOSED = "steps_closed"
    STEPS_UNTICKED = "steps_unticked"


_MOST_SHOWN = 6
SENTENCES = {
    Reason.ALL_STEPS_DONE: "All steps are done.",
    Reason.STEPS_IN_PROGRESS: "Nothing more can begin until a pull request is merged.",
    Reason.NO_REVIEWER_CAPACITY: "No reviewer has room for one more pull request.",
    Reason.PAUSED: "Paused by the configuration.",
    Reason.SPEC_MISSING: "There is no spec.md for this project on the base branch.",
    Reason.SPEC_WITHOUT_STEPS: "The spec.md has no steps: write them as task items, `- [ ] What to do`.",
    Reason.REWORDED_IN_REVIEW: (
        "The next line may be a new wording of a step that is in review; it waits until that is merged or closed."
    ),
    Reason.METADATA_BROKEN: "A document on the metadata branch cannot be read, so nothing is decided on it.",
    Reason.STEPS_FAILED: "Every step that is left has failed too often; a new wording of its line is a new step.",
    Reason.STEPS_CLOSED: (
        "The pull requests of the steps that are left were closed without a merge; "
        "a new wording of a line is a new step."
    ),
    Reason.STEPS_UNTICKED: (
        "The steps that are left were merged, and their boxes are unticked now: "
        "tick them in spec.md to call them done."
    ),
}


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is begun, and why."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        sentence = SENTENCES[self.reason]
        return f"{sentence} ({self.detail})" if self.detail else sentence


@dataclass(frozen=True, slots=True)
class Start:
    """The next step, for whom, and on which branch."""

    step: Step
    line: SpecStep
    reviewer: str | None
    attempt: int
    branch: str


Decision = Start | Wait


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision is made from."""

    bound: Bound
    config: Config
    repository: RepositoryConfig
    load: tuple[Load, ...]


def step_state(step: Step, project: Project) -> StepState:
    """Where a (bound and reconciled) step stands."""
    early = _settled_state(step)
    if early is not None:
        return early
    if any(p.pr_state == "open" for p in step.previous_pull_requests):
        return StepState.IN_REVIEW
    if step.failures >= MAX_ATTEMPTS:
        return StepState.FAILED
    awaited = (project.find(index) for index in step.waits_for)
    waits = any(other is not None and other.orphaned_at is not None and other.busy for other in awaited)
    return StepState.REWORDED if waits else StepState.READY


def _settled_state(step: Step) -> StepState | None:
    if step.orphaned_at is not None:
        return StepState.REMOVED
    if step.completed_at is not None:
        return StepState.DONE
    if step.claim is not None:
        return StepState.WORKING
    states = {"open": StepState.IN_REVIEW, "merged": StepState.UNTICKED, "closed": StepState.CLOSED}
    return states[step.pr_state] if step.pr_state else None


def step_states(project: Project) -> Mapping[int, StepState]:
    """The state of every step, by number, in the order of the lines."""
    return {step.step_index: step_state(step, project) for step in project.steps}


def decide(situation: Situation) -> Decision:
    """Return the next step and its reviewer, or the reason why there is none."""
    bound = situation.bound
    if not bound.lines:
        return Wait(Reason.SPEC_WITHOUT_STEPS)
    states = step_states(bound.project)
    ready = [index for index in bound.lines if states[index] is StepState.READY]
    if not ready:
        return _nothing_ready(bound, states)
    if situation.repository.paused or situation.config.paused:
        name = bound.project.project
        file = REPOSITORY_CONFIGURATION if situation.repository.paused else configuration_path(name)
        return Wait(Reason.PAUSED, f"`paused: true` in {file}")
    step = bound.project.find(ready[0])
    assert step is not None  # noqa: S101  every bound line has a record
    return _with_reviewer(situation, step, bound.lines[ready[0]])


def _with_reviewer(situation: Situation, step: Step, line: SpecStep) -> Decision:
    name = situation.bound.project.project
    if not situation.config.reviewers:
        busy = [load.branch for load in situation.load if load.project == name]
        if busy:
            return Wait(Reason.STEPS_IN_PROGRESS, ", ".join(busy))
        reviewer = None
    else:
        candidates = rooms(name, situation.config, situation.repository, situation.load)
        chosen = choose(candidates)
        if chosen is None:
            return Wait(Reason.NO_REVIEWER_CAPACITY, ", ".join(map(str, candidates)))
        reviewer = chosen.username
    attempt = step.attempts + 1
    return Start(step, line, reviewer, attempt, step_branch(name, step.step_index, attempt))


_WHY_NOT = {
    StepState.IN_REVIEW: Reason.STEPS_IN_PROGRESS,
    StepState.WORKING: Reason.STEPS_IN_PROGRESS,
    StepState.REWORDED: Reason.REWORDED_IN_REVIEW,
    StepState.FAILED: Reason.STEPS_FAILED,
    StepState.CLOSED: Reason.STEPS_CLOSED,
    StepState.UNTICKED: Reason.STEPS_UNTICKED,
}


def _nothing_ready(bound: Bound, states: Mapping[int, StepState]) -> Wait:
    """Every step that is left, with what it waits for; the reason is that of the one most likely to end."""
    left = {index: states[index] for index in bound.lines if states[index] in _WHY_NOT}
    reason = next((_WHY_NOT[state] for state in _WHY_NOT if state in left.values()), Reason.ALL_STEPS_DONE)
    shown = [_describe(bound.project, index, state) for index, state in left.items()]
    more = [f"and {len(shown) - _MOST_SHOWN} more"] if len(shown) > _MOST_SHOWN else []
    return Wait(reason, "; ".join(shown[:_MOST_SHOWN] + more))


def _describe(project: Project, index: int, state: StepState) -> str:
    step = project.find(index)
    text = f"step {index} {state}"
    if step is None:
        return text
    if step.waits_for:
        return f"{text}: waits for step {', '.join(map(str, step.waits_for))}"
    if state is StepState.FAILED and step.failure_reason:
        return f"{text}: {step.failure_reason.splitlines()[0]}"
    return f"{text} as #{step.pr_number}" if step.pr_number else text
