"""prepare: settle, reconcile, bind, decide and claim, in one observation and one write."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from claudestep.application.backend import Backend
from claudestep.application.late_costs import show_on_pull_requests
from claudestep.application.template import Template
from claudestep.application.update import Look
from claudestep.application.world import Plan, World
from claudestep.domain.chain import Start, Wait
from claudestep.domain.changes import GiveClaim
from claudestep.domain.errors import DocumentTooLarge, UsageError
from claudestep.domain.models import Claim
from claudestep.domain.observation import Observation
from claudestep.domain.settling import Unfinished
from claudestep.infrastructure.agent.runner import Agent
from claudestep.infrastructure.metadata import codec
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change
from claudestep.infrastructure.runs import Unsent

logger = logging.getLogger(__name__)

GRACE = timedelta(minutes=15)
_AT_ONCE = timedelta()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claimed step, and all that is needed to do it."""

    plan: Plan
    start: Start
    claim: Claim
    agent: Agent


@dataclass(frozen=True, slots=True)
class ToSettle:
    """A dead run's branch that has to become a pull request first: the branch that it is for, and how it looks."""

    unfinished: Unfinished
    base: str
    labels: tuple[str, ...] = ()
    template: Template | None = None


Outcome = Prepared | Wait


@dataclass(frozen=True, slots=True)
class _Decided:
    """What one try decided, and the costs of earlier runs that it records on the way."""

    outcome: Outcome | ToSettle
    replayed: tuple[Unsent, ...] = ()


def new_claim_id() -> str:
    """A claim's id: random, and never used for another claim."""
    return os.urandom(8).hex()


def prepare(
    backend: Backend, name: str, claim_id: str, look: Look | None = None, *, ahead: timedelta | None = None
) -> Outcome | ToSettle:
    """Claim the next step of a project, or say why there is none, or what has to be settled before.

    Everything that the observation repairs is written in the same commit, of other projects too. On a lost
    race all is seen and decided anew. `look` is for one that does something on its way. `ahead`: the agent runs
    elsewhere, after as much other work as that. Raises ClaudeStepError.
    """
    unsent = backend.runs.unsent()

    def change(observation: Observation, documents: Documents) -> Change[_Decided]:
        world = backend.world(observation, documents)
        left = _to_settle(world)
        if left is not None:
            return Change({}, "", _Decided(left))
        world, replayed = _with_unsent(world, unsent)
        outcome = decide(backend, world, name, claim_id, ahead or _AT_ONCE)
        if ahead is None:
            _check_agent(outcome)
        changed = world.changed(documents)
        if isinstance(outcome, Wait):
            if name in world.bound and world.bound[name].lines:
                changed.setdefault(name, world.projects[name])
            return Change(changed, f"Reconcile {', '.join(changed)}", _Decided(outcome, replayed))
        changed[name] = give(outcome).apply(world.projects[name])
        return Change(changed, _message(name, outcome.start), _Decided(outcome, replayed))

    committed = backend.store.transact_on(look or backend.look, change)
    replayed = committed.result.replayed
    for one in replayed:
        one.path.unlink(missing_ok=True)
    show_on_pull_requests(backend, committed.snapshot, [(one.project, one.record.step_index) for one in replayed])
    return committed.result.outcome


def _with_unsent(world: World, unsent: Iterable[Unsent]) -> tuple[World, tuple[Unsent, ...]]:
    """The world with the costs that earlier runs could not record, and which of these have a place in it."""
    replayed = []
    for one in unsent:
        project = world.projects.get(one.project)
        if project is None or project.find(one.record.step_index) is None:
            logger.warning("the costs in %s wait: there is no such step of a project %s", one.path, one.project)
            continue
        try:
            after = one.record.apply(project)
            codec.encode(after)
        except DocumentTooLarge as error:
            logger.warning("the costs in %s wait: %s", one.path, error)
            continue
        world = world.after(after)
        replayed.append(one)
    return world, tuple(replayed)


def _to_settle(world: World) -> ToSettle | None:
    found = next(iter(world.unfinished), None)
    if found is None:
        return None
    plan = world.plans.get(found.project)
    base = found.claim.base_branch or (plan.base.branch if plan else world.observation.default_branch)
    return ToSettle(found, base, plan.config.labels, plan.pr_template) if plan else ToSettle(found, base)


def decide(backend: Backend, world: World, name: str, claim_id: str, ahead: timedelta = _AT_ONCE) -> Outcome:
    """The decision for a project in this world, with the claim that it would take. Raises ClaudeStepError.

    `ahead` is how long it may take until the work begins.
    """
    decision = world.decide(name)
    if isinstance(decision, Wait):
        return decision
    plan = world.plans[name]
    agent = backend.agent_of(plan.config)
    claim = Claim(
        id=claim_id,
        owner=backend.claims_for,
        branch=decision.branch,
        agent=agent.name,
        stage="working",
        base_branch=plan.base.branch,
        reviewer=decision.reviewer,
        reserved_usd=decision.limit_usd,
        until=world.observation.now + ahead + plan.config.timeout + GRACE,
    )
    return Prepared(plan, decision, claim, agent)


def _check_agent(outcome: Outcome) -> None:
    """Raise UsageError where the agent surely cannot run: nothing is claimed for it then."""
    obstacle = outcome.agent.obstacle() if isinstance(outcome, Prepared) else None
    if obstacle is not None:
        raise UsageError(obstacle)


def give(prepared: Prepared) -> GiveClaim:
    """The change that gives a prepared step its claim."""
    return GiveClaim(prepared.start.step.step_index, prepared.start.attempt, prepared.claim)


def _message(name: str, start: Start) -> str:
    whom = f" for {start.reviewer}" if start.reviewer else ""
    again = f", attempt {start.attempt}" if start.attempt > 1 else ""
    return f"Claim step {start.step.step_index} of {name}{whom}{again}"
