"""prepare: settle, reconcile, bind, decide and claim, in one observation and one write."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from claudestep.application.backend import Backend
from claudestep.application.world import Plan, World
from claudestep.domain.chain import Start, Wait
from claudestep.domain.changes import GiveClaim
from claudestep.domain.models import Claim, Project
from claudestep.domain.observation import Observation
from claudestep.domain.settling import Unfinished
from claudestep.infrastructure.agent.runner import Agent
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change
from claudestep.infrastructure.runs import Unsent


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claimed step, and all that is needed to do it."""

    plan: Plan
    start: Start
    claim: Claim
    agent: Agent


@dataclass(frozen=True, slots=True)
class ToSettle:
    """A dead run's branch that has to become a pull request first, and the branch that it is for."""

    unfinished: Unfinished
    base: str


Outcome = Prepared | Wait
GRACE = timedelta(minutes=15)


def new_claim_id() -> str:
    """A claim's id: random, and never used for another claim."""
    return os.urandom(8).hex()


def prepare(backend: Backend, name: str, claim_id: str) -> Outcome | ToSettle:
    """Claim the next step of a project, or say why there is none, or what has to be settled before.

    Everything that the observation repairs is written in the same commit, of other projects too. On a lost
    race all is seen and decided anew. Raises ClaudeStepError.
    """
    unsent = backend.runs.unsent()
    recorded: set[str] = set()

    def change(observation: Observation, documents: Documents) -> Change[Outcome | ToSettle]:
        world = backend.world(observation, documents)
        left = _to_settle(world)
        if left is not None:
            return Change({}, "", left)
        outcome = decide(backend, world, name, claim_id)
        changed = _replay(unsent, world)
        recorded.update(world.projects)
        if isinstance(outcome, Wait):
            if name in world.bound and world.bound[name].lines:
                changed.setdefault(name, world.projects[name])
            return Change(changed, f"Reconcile {', '.join(changed)}", outcome)
        changed[name] = give(outcome).apply(changed.get(name, world.projects[name]))
        return Change(changed, _message(name, outcome.start), outcome)

    result = backend.store.transact_on(backend.look, change).result
    if not isinstance(result, ToSettle):
        for one in unsent:
            if one.project in recorded:
                one.path.unlink(missing_ok=True)
    return result


def reconcile(backend: Backend, name: str) -> None:
    """Write what the host says by now, and begin nothing. Raises ClaudeStepError."""

    def change(observation: Observation, documents: Documents) -> Change[None]:
        return Change(backend.world(observation, documents).changed(), f"Reconcile {name}", None)

    backend.store.transact_on(backend.look, change)


def _replay(unsent: Iterable[Unsent], world: World) -> dict[str, Project]:
    """The repaired documents, with the costs that earlier runs could not record."""
    changed = world.changed()
    for one in unsent:
        project = changed.get(one.project, world.projects.get(one.project))
        if project is not None:
            changed[one.project] = one.record.apply(project)
    return changed


def _to_settle(world: World) -> ToSettle | None:
    found = next(iter(world.unfinished), None)
    if found is None:
        return None
    plan = world.plans.get(found.project)
    return ToSettle(found, plan.base.branch if plan else world.observation.default_branch)


def decide(backend: Backend, world: World, name: str, claim_id: str) -> Outcome:
    """The decision for a project in this world, with the claim that it would take. Raises ClaudeStepError."""
    decision = world.decide(name)
    if isinstance(decision, Wait):
        return decision
    plan = world.plans[name]
    agent = backend.agent_of(plan.config)
    assert agent is not None  # noqa: S101  a decision to start needs one
    claim = Claim(
        id=claim_id,
        owner=backend.owner,
        branch=decision.branch,
        agent=agent.name,
        stage="working",
        reviewer=decision.reviewer,
        until=world.observation.now + plan.config.timeout + GRACE,
    )
    return Prepared(plan, decision, claim, agent)


def give(prepared: Prepared) -> GiveClaim:
    """The change that gives a prepared step its claim."""
    return GiveClaim(prepared.start.step.step_index, prepared.start.attempt, prepared.claim)


def _message(name: str, start: Start) -> str:
    whom = f" for {start.reviewer}" if start.reviewer else ""
    again = f", attempt {start.attempt}" if start.attempt > 1 else ""
    return f"Claim step {start.step.step_index} of {name}{whom}{again}"
