"""run: the whole way of one project, a step at a time: settle, prepare, agent, finalize, and merge if asked."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from claudestep.application import finalize
from claudestep.application.backend import Backend
from claudestep.application.claim import claim_next
from claudestep.application.ending import NOTHING_SPENT, Ending, Opened, StepOutcome, abandon
from claudestep.application.ledger import Ledger
from claudestep.application.missing import refuse_without_steps
from claudestep.application.prepare import Outcome, Prepared, decide, give, new_claim_id
from claudestep.application.sync import sync
from claudestep.application.update import Hear, unheard
from claudestep.application.work import Attempt
from claudestep.domain.chain import Wait
from claudestep.domain.changes import RecordTasks
from claudestep.domain.errors import ClaudeStepError, UsageError
from claudestep.infrastructure.hosting.port import MergeRefused
from claudestep.infrastructure.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Whom a run tells what happens, as it happens."""

    settled: Callable[[finalize.Published], None]
    started: Callable[[Prepared], None]
    progress: Callable[[timedelta, str], None]
    finished: Callable[[StepOutcome], None]
    updated: Hear = unheard


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How far a run goes."""

    max_steps: int = 1
    auto_merge: bool = False


def run(backend: Backend, name: str, options: Options, listener: Listener) -> list[StepOutcome]:
    """Do up to `max_steps` steps of a project; stop at the first that waits, fails or is not merged.

    Raises ClaudeStepError where nothing can be done at all.
    """
    outcomes: list[StepOutcome] = []
    for _ in range(options.max_steps):
        outcome = _one_step(backend, name, options, listener)
        listener.finished(outcome)
        outcomes.append(outcome)
        if not isinstance(outcome, Opened) or outcome.not_merged:
            break
    if isinstance(outcomes[-1], Opened) and outcomes[-1].merge_commit:
        sync(backend, dry_run=False, hear=listener.updated)
    return outcomes


def preview(backend: Backend, names: Iterable[str]) -> Iterator[tuple[str, Outcome | ClaudeStepError]]:
    """What a run of each project would do now, one after the other; nothing is written.

    A step that would begin counts as load for the projects after it. Raises ClaudeStepError.
    """
    world = backend.see_to_write()
    for name in names:
        try:
            found = decide(backend, world, name, new_claim_id())
            if isinstance(found, Wait):
                refuse_without_steps(backend, name, found)
            else:
                world = world.after(give(found).apply(world.projects[name]))
            yield name, found
        except ClaudeStepError as error:
            yield name, error


def _one_step(backend: Backend, name: str, options: Options, listener: Listener) -> StepOutcome:
    if options.auto_merge:
        _check_mergeable(backend, name)
    backend.runs.sweep()
    claim_id = new_claim_id()
    with backend.runs.begin(claim_id, name, backend.owner) as noted:
        try:
            prepared = claim_next(backend, name, claim_id, settled=listener.settled, updated=listener.updated)
            if isinstance(prepared, Wait):
                refuse_without_steps(backend, name, prepared)
                return prepared
        except BaseException as error:
            abandon(backend, noted, NOTHING_SPENT, error)
            raise
        outcome = _attempt(backend, prepared, noted, listener)
    if isinstance(outcome, Opened) and options.auto_merge:
        return _merge(backend, outcome)
    return outcome


def _attempt(backend: Backend, prepared: Prepared, noted: Run, listener: Listener) -> StepOutcome:
    """Work on a claimed step. Whatever breaks it off, what was spent is recorded, or kept on disk until it is."""
    index = prepared.start.step.step_index
    noted.note_claim(index, prepared.claim.until)
    ledger = Ledger(
        prepared.claim.id, backend.claims_for.run_id, save=lambda tasks: noted.note_spent(RecordTasks(index, tasks))
    )
    attempt = Attempt(backend=backend, prepared=prepared, noted=noted, ledger=ledger, progress=listener.progress)
    try:
        listener.started(prepared)
        ending = Ending(backend=backend, prepared=prepared, noted=noted, ledger=ledger)
        return ending.finish(attempt.work())
    except BaseException as error:
        abandon(backend, noted, RecordTasks(index, ledger.tasks), error)
        raise


def _check_mergeable(backend: Backend, name: str) -> None:
    """Before an agent is paid: could its work be merged at all?"""
    plan = backend.see_to_write().plans.get(name)
    obstacle = backend.host.merge_obstacle(plan.base.branch) if plan else None
    if obstacle:
        remedy = f"{obstacle.remedy} Or run without --auto-merge."
        raise UsageError(f"nothing can be merged: {obstacle.reason}", remedy=remedy)


def _merge(backend: Backend, opened: Opened) -> Opened:
    try:
        merged = backend.host.merge(opened.pull, opened.prepared.plan.base.branch)
    except MergeRefused as error:
        return replace(opened, not_merged=error.explained)
    return replace(opened, merge_commit=merged)
