"""retry and skip: what a person decides about a step, written at once and reconciled with the host."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from claudestep.application.backend import Backend
from claudestep.application.missing import no_spec
from claudestep.domain.chain import StepState, step_states
from claudestep.domain.changes import RetryStep, SkipStep
from claudestep.domain.config import Config
from claudestep.domain.errors import UsageError
from claudestep.domain.models import Project, Step
from claudestep.domain.naming import check_project_name
from claudestep.domain.observation import Observation
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change

_RETRIED = (StepState.FAILED, StepState.REFUSED, StepState.CLOSED, StepState.UNTICKED, StepState.SKIPPED)
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


def _refused(what: str, step: Step, state: StepState) -> UsageError:
    number = next((pull.pr_number for pull in step.open_pull_requests()), "NUMBER")
    why = _WHY_NOT.get(state, "").format(number=number)
    return UsageError(f"step {step.step_index} is {state.words} and cannot be {what}: {why}")


def _no_step(project: Project, number: int) -> UsageError:
    numbers = sorted(step.step_index for step in project.steps)
    there = f"It has {numbers[0]} to {numbers[-1]}" if numbers else "It has none"
    return UsageError(
        f"{project.project} has no step {number}",
        remedy=f"{there}: claudestep status {project.project}",
    )
