"""What to do next with a project, and if nothing, why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from claudestep.domain.binding import Bound
from claudestep.domain.budget import Account
from claudestep.domain.capacity import Load, choose, rooms
from claudestep.domain.config import Config, RepositoryConfig
from claudestep.domain.models import Project, Step
from claudestep.domain.naming import REPOSITORY_CONFIGURATION, configuration_path, step_branch
from claudestep.domain.reasons import Reason
from claudestep.domain.spec import SpecStep


class StepState(StrEnum):
    """Where a step stands."""

    DONE = "done"
    IN_REVIEW = "in_review"
    WORKING = "working"
    READY = "to_do"
    SKIPPED = "skipped"
    FAILED = "failed"
    REFUSED = "refused"
    CLOSED = "closed"
    UNTICKED = "unticked"
    REWORDED = "reworded"
    REMOVED = "removed"

    @property
    def words(self) -> str:
        """As it is shown."""
        return self.value.replace("_", " ")


_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is begun, and why."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason.sentence} ({self.detail})" if self.detail else self.reason.sentence


@dataclass(frozen=True, slots=True)
class Start:
    """The next step, for whom, on which branch, and what it may cost at the most (US dollars)."""

    step: Step
    line: SpecStep
    reviewer: str | None
    attempt: int
    branch: str
    limit_usd: float | None = None


Decision = Start | Wait


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision is made from."""

    bound: Bound
    config: Config
    repository: RepositoryConfig
    load: tuple[Load, ...]


def step_state(step: Step, project: Project, config: Config) -> StepState:
    """Where a (bound and reconciled) step stands."""
    early = _settled_state(step)
    if early is not None and not (early is StepState.CLOSED and config.retry_closed):
        return early
    if any(p.pr_state == "open" for p in step.previous_pull_requests):
        return StepState.IN_REVIEW
    if step.refused_at is not None:
        return StepState.REFUSED
    if step.failures >= config.max_attempts:
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
    if step.skipped_at is not None:
        return StepState.SKIPPED
    states = {"open": StepState.IN_REVIEW, "merged": StepState.UNTICKED, "closed": StepState.CLOSED}
    return states[step.pr_state] if step.pr_state else None


def step_states(project: Project, config: Config) -> Mapping[int, StepState]:
    """The state of every step, by number, in the order of the lines."""
    return {step.step_index: step_state(step, project, config) for step in project.steps}


def decide(situation: Situation) -> Decision:
    """Return the next step and its reviewer, or the reason why there is none."""
    bound = situation.bound
    if not bound.lines:
        return Wait(Reason.SPEC_WITHOUT_STEPS)
    states = step_states(bound.project, situation.config)
    ready = [index for index in bound.lines if states[index] is StepState.READY]
    if not ready:
        return _nothing_ready(bound, states)
    held = _held(situation, states)
    if held is not None:
        return held
    step = bound.project.find(ready[0])
    assert step is not None  # noqa: S101  every bound line has a record
    return _with_reviewer(situation, step, bound.lines[ready[0]])


def _held(situation: Situation, states: Mapping[int, StepState]) -> Wait | None:
    """What holds the whole project, though there are steps to do: a switch, a failure, or money."""
    project, config = situation.bound.project, situation.config
    if situation.repository.paused or config.paused:
        file = REPOSITORY_CONFIGURATION if situation.repository.paused else configuration_path(project.project)
        return Wait(Reason.PAUSED, f"`paused: true` in {file}")
    lines = situation.bound.lines
    refused = next((index for index in lines if states[index] is StepState.REFUSED), None)
    if refused is not None:
        return Wait(Reason.PUBLISHING_REFUSED, _describe(project, refused, StepState.REFUSED))
    failed = [index for index in lines if states[index] is StepState.FAILED]
    if failed and config.on_failure == "stop":
        return Wait(Reason.STOPPED_BY_FAILURE, _describe(project, failed[0], StepState.FAILED))
    obstacle = Account.of(project, config.budget).obstacle
    return Wait(Reason.BUDGET_SPENT, obstacle) if obstacle else None


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
    limit = Account.of(situation.bound.project, situation.config.budget).limit
    return Start(step, line, reviewer, attempt, step_branch(name, step.step_index, attempt), limit)


_WHY_NOT = {
    StepState.IN_REVIEW: Reason.STEPS_IN_PROGRESS,
    StepState.WORKING: Reason.STEPS_IN_PROGRESS,
    StepState.REWORDED: Reason.REWORDED_IN_REVIEW,
    StepState.REFUSED: Reason.PUBLISHING_REFUSED,
    StepState.FAILED: Reason.STEPS_FAILED,
    StepState.CLOSED: Reason.STEPS_CLOSED,
    StepState.UNTICKED: Reason.STEPS_UNTICKED,
}


def _nothing_ready(bound: Bound, states: Mapping[int, StepState]) -> Wait:
    """Every step that is left, with what it waits for; the reason is that of the one most likely to end."""
    left = {index: states[index] for index in bound.lines if states[index] in _WHY_NOT}
    if not left:
        skipped = sum(states[index] is StepState.SKIPPED for index in bound.lines)
        return Wait(Reason.ALL_STEPS_DONE, f"{skipped} skipped" if skipped else "")
    reason = next(_WHY_NOT[state] for state in _WHY_NOT if state in left.values())
    shown = [_describe(bound.project, index, state) for index, state in islice(left.items(), _MOST_SHOWN)]
    more = [f"and {len(left) - _MOST_SHOWN} more"] if len(left) > _MOST_SHOWN else []
    return Wait(reason, "; ".join(shown + more))


def _describe(project: Project, index: int, state: StepState) -> str:
    step = project.find(index)
    text = f"step {index} {state.words}"
    if step is None:
        return text
    if step.waits_for:
        return f"{text}: waits for step {', '.join(map(str, step.waits_for))}"
    if state in (StepState.FAILED, StepState.REFUSED) and step.failure_reason:
        return f"{text}: {step.failure_reason.splitlines()[0]}"
    if state is StepState.CLOSED and step.closed_reason:
        return f"{text} (#{step.pr_number}): {step.closed_reason.splitlines()[0]}"
    return f"{text} (#{step.pr_number})" if step.pr_number else text
