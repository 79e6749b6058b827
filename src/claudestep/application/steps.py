"""retry, skip and close: what a person decides about a step, written at once and reconciled with the host."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from claudestep.application.backend import Backend
from claudestep.application.missing import no_spec
from claudestep.application.pull_request import harmless
from claudestep.application.world import World
from claudestep.domain.chain import StepState, step_states
from claudestep.domain.changes import NoteClosing, RetryStep, SkipStep
from claudestep.domain.config import Config
from claudestep.domain.errors import HostError, UsageError
from claudestep.domain.models import Project, Step
from claudestep.domain.naming import check_project_name, parse_step_branch
from claudestep.domain.observation import Observation, PullRequest
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change

logger = logging.getLogger(__name__)

_RETRIED = (StepState.FAILED, StepState.CLOSED, StepState.UNTICKED, StepState.SKIPPED)
_SKIPPED = (StepState.READY, StepState.REWORDED, StepState.WORKING, *_RETRIED)
_WHY_NOT = {
    StepState.DONE: "its box is ticked in spec.md",
    StepState.IN_REVIEW: "its pull request is open; turn that down first: claudestep close {number}",
    StepState.WORKING: "somebody works on it; wait, or skip it",
    StepState.REMOVED: "its line is not in spec.md any more",
    StepState.READY: "it is to be done already, and has no failure",
    StepState.REWORDED: "it waits for a step in review",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """A step that was decided about, and where it stood before."""

    step: Step
    before: StepState


_Decide = Callable[[Step, StepState, Project], Project]


def retry(backend: Backend, name: str, numbers: Iterable[int]) -> list[Decided]:
    """Let steps be begun again that failed, were turned down or skipped, or lost their tick.

    All of them or none. Raises UsageError.
    """

    def one(step: Step, state: StepState, project: Project) -> Project:
        if state not in _RETRIED and not (state is StepState.READY and step.failures):
            raise _refused("retried", step, state)
        return RetryStep(step.step_index).apply(project)

    return _decide(backend, name, tuple(numbers), "Retry", lambda _: one)


def skip(backend: Backend, name: str, numbers: Iterable[int]) -> list[Decided]:
    """Leave steps out; one that is worked on is not published. All of them or none. Raises UsageError."""

    def at_time(observation: Observation) -> _Decide:
        def one(step: Step, state: StepState, project: Project) -> Project:
            if step.claim is not None and step.claim.stage == "publishing":
                raise UsageError(
                    f"step {step.step_index} is being published",
                    remedy="Wait for its pull request, and close that: claudestep close NUMBER",
                )
            if state not in _SKIPPED:
                raise _refused("skipped", step, state)
            return SkipStep(step.step_index, observation.now).apply(project)

        return one

    return _decide(backend, name, tuple(numbers), "Skip", at_time)


def close(backend: Backend, number: int, reason: str | None) -> PullRequest:
    """Close a pull request unmerged, and note why: the next attempt at its step is told. Raises UsageError."""
    world = backend.see()
    pull = next((pull for pull in world.observation.pull_requests if pull.number == number), None)
    if pull is None:
        raise _no_pull_request(number, world)
    owner = _owner(world, number)
    _refuse_broken(world, pull)
    state = _state(owner, pull)
    if state != "open":
        raise UsageError(f"pull request #{number} is {state} already")
    backend.host.close(pull)
    if reason:
        _tell(backend, pull, reason)

    def change(observation: Observation, documents: Documents) -> Change[None]:
        seen = backend.world(observation, documents)
        changed = seen.changed()
        project = changed.get(owner.project) or seen.projects.get(owner.project) if owner else None
        if project is not None and reason:
            changed[project.project] = NoteClosing(number, reason).apply(project)
        where = f" of {owner.project}" if owner else ""
        return Change(changed, f"Close pull request #{number}{where}", None)

    backend.store.transact_on(backend.look, change)
    return pull


def _tell(backend: Backend, pull: PullRequest, reason: str) -> None:
    """Say below a pull request why it was turned down; the documents say it in any case."""
    try:
        backend.host.comment(pull, f"Turned down: {harmless(reason)}")
    except HostError as error:
        logger.warning("the reason is recorded, and could not be written below the pull request: %s", error)


def _refuse_broken(world: World, pull: PullRequest) -> None:
    """Nothing is closed that could not be recorded. Raises InvalidDocument."""
    branch = parse_step_branch(pull.branch)
    if branch is not None and branch.project in world.documents.broken:
        raise world.documents.broken[branch.project]


def _decide(
    backend: Backend,
    name: str,
    numbers: tuple[int, ...],
    verb: str,
    decide: Callable[[Observation], _Decide],
) -> list[Decided]:
    check_project_name(name)

    def change(observation: Observation, documents: Documents) -> Change[list[Decided]]:
        world = backend.world(observation, documents)
        documents.get(name)
        project = world.projects.get(name)
        if project is None:
            raise no_spec(backend, world, name)
        world.check_not_renamed(name)
        plan = world.plans.get(name)
        states = step_states(project, plan.config if plan else Config())
        decided = []
        for number in dict.fromkeys(numbers):
            step = project.find(number)
            if step is None:
                raise _no_step(project, number)
            project = decide(observation)(step, states[number], project)
            decided.append(Decided(step, states[number]))
        listed = ", ".join(str(number) for number in numbers)
        return Change({**world.changed(), name: project}, f"{verb} step {listed} of {name}", decided)

    return backend.store.transact_on(backend.look, change).result


def _owner(world: World, number: int) -> Project | None:
    """The project that a pull request is recorded in."""
    for project in world.projects.values():
        for step in project.steps:
            if number in (step.pr_number, *(p.pr_number for p in step.previous_pull_requests)):
                return project
    return None


def _state(project: Project | None, pull: PullRequest) -> str:
    """What the documents say, repaired from the host; what the host says where none knows it."""
    for step in project.steps if project else ():
        if step.pr_number == pull.number and step.pr_state:
            return step.pr_state
        for previous in step.previous_pull_requests:
            if previous.pr_number == pull.number:
                return previous.pr_state
    return pull.state


def _refused(what: str, step: Step, state: StepState) -> UsageError:
    why = _WHY_NOT.get(state, "").format(number=step.pr_number)
    return UsageError(f"step {step.step_index} is {state.words} and cannot be {what}: {why}")


def _no_step(project: Project, number: int) -> UsageError:
    numbers = sorted(step.step_index for step in project.steps)
    there = f"It has {numbers[0]} to {numbers[-1]}" if numbers else "It has none"
    return UsageError(
        f"{project.project} has no step {number}",
        remedy=f"{there}: claudestep status {project.project}",
    )


def _no_pull_request(number: int, world: World) -> UsageError:
    open_ones = [f"#{pull.number}" for pull in world.observation.pull_requests if pull.state == "open"]
    there = f"Open: {', '.join(open_ones)}" if open_ones else "None is open."
    return UsageError(f"there is no pull request #{number}", remedy=there)
