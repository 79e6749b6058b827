"""run: the whole way of one project, a step at a time: settle, prepare, agent, finalize, and merge if asked."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from claudestep.application import finalize, settle
from claudestep.application.backend import Backend
from claudestep.application.ledger import Ledger
from claudestep.application.missing import refuse_without_steps
from claudestep.application.prepare import (
    Outcome,
    Prepared,
    ToSettle,
    decide,
    give,
    new_claim_id,
    prepare,
)
from claudestep.application.sync import sync
from claudestep.application.update import Hear, looking, unheard
from claudestep.application.work import Attempt, GivenUp, Work
from claudestep.domain.ai_tasks import CostTotal
from claudestep.domain.chain import Wait
from claudestep.domain.changes import RecordTasks
from claudestep.domain.errors import (
    ClaudeStepError,
    HostError,
    Interrupted,
    MetadataError,
    RepositoryError,
    Unprocessable,
    UsageError,
)
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.hosting.port import EveryBranchRefused, MergeRefused, PublishRefused
from claudestep.infrastructure.process import CommandFailed
from claudestep.infrastructure.runs import Run

logger = logging.getLogger(__name__)

_OF_THE_MACHINE = (RepositoryError, HostError, CommandFailed, OSError)
_NOTHING_SPENT = RecordTasks(0, ())


@dataclass(frozen=True, slots=True)
class Opened:
    """A step that was done; `merge_commit` where it was merged as well, `not_merged` why it was not."""

    prepared: Prepared
    pull: PullRequest
    cost: CostTotal
    size: str = ""
    merge_commit: str | None = None
    not_merged: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A step that was tried and not done.

    `kept` is the work that was saved for you, if any; `counts` is False where the step is not to blame, None where
    the next run decides, which sees what is there.
    `over`: the claim has ended, so that somebody else has decided about the step. `refused`: the host would take
    the work of no step.
    """

    prepared: Prepared
    reason: str
    output: str = ""
    kept: Path | None = None
    counts: bool | None = True
    cost: CostTotal = field(default_factory=CostTotal)
    over: bool = False
    refused: bool = False


StepOutcome = Opened | Failed | Wait


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
            prepared = _prepare(backend, name, claim_id, listener)
            if isinstance(prepared, Wait):
                refuse_without_steps(backend, name, prepared)
                return prepared
        except BaseException as error:
            _abandon(backend, noted, _NOTHING_SPENT, error)
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
        prepared.claim.id, backend.owner.run_id, save=lambda tasks: noted.note_spent(RecordTasks(index, tasks))
    )
    attempt = Attempt(backend=backend, prepared=prepared, noted=noted, ledger=ledger, progress=listener.progress)
    try:
        listener.started(prepared)
        return _finish(attempt, attempt.work())
    except BaseException as error:
        _abandon(backend, noted, RecordTasks(index, ledger.tasks), error)
        raise


def _check_mergeable(backend: Backend, name: str) -> None:
    """Before an agent is paid: could its work be merged at all?"""
    plan = backend.see_to_write().plans.get(name)
    obstacle = backend.host.merge_obstacle(plan.base.branch) if plan else None
    if obstacle:
        remedy = f"{obstacle.remedy} Or run without --auto-merge."
        raise UsageError(f"nothing can be merged: {obstacle.reason}", remedy=remedy)


def _prepare(backend: Backend, name: str, claim_id: str, listener: Listener) -> Outcome:
    """Claim the next step, after everything that dead runs left half published is finished.

    Branches that conflict are brought up to date before.
    """
    look = looking(backend, listener.updated)
    while isinstance(found := prepare(backend, name, claim_id, look), ToSettle):
        settled = settle.settle(backend, found)
        if settled is not None:
            listener.settled(settled)
    return found


def _abandon(backend: Backend, noted: Run, record: RecordTasks, error: BaseException) -> None:
    """End the claim of a run that breaks off. It is a failure of the attempt if it was paid for, or our mistake.

    Ctrl-C is nobody's failure; nor is a machine without room, or that ends its programs, while nobody has paid.
    """
    blameless = isinstance(error, Interrupted) and error.by_hand
    blameless |= not record.tasks and isinstance(error, (Interrupted, *_OF_THE_MACHINE))
    failure = None if blameless else str(error) or type(error).__name__
    try:
        if finalize.abandon(backend, _spent(noted, record), failure):
            noted.forget_spent()
    except ClaudeStepError as second:
        if str(second) != str(error):
            logger.warning("the claim could not be released; the next run does it: %s", second)
        if record.tasks and not noted.spent.exists():
            logger.warning(
                "what was spent could be written nowhere; keep it for `claudestep metadata apply FILE`: %s",
                noted.as_text(record),
            )


def _spent(noted: Run, record: RecordTasks) -> finalize.Spent:
    return finalize.Spent(noted.record.claim, noted.record.project, record)


def _finish(attempt: Attempt, work: Work | GivenUp) -> StepOutcome:
    """Publish what was done, or record the failure. What is recorded is not kept on disk any more."""
    if isinstance(work, GivenUp):
        counts = work.counts or bool(attempt.ledger.tasks)
        return _failed(attempt, work.reason, output=work.output, counts=counts)
    backend, prepared = attempt.backend, attempt.prepared
    try:
        found = finalize.finalize(backend, _spent_on(attempt), prepared.plan, work, prepared.claim.branch)
    except (PublishRefused, HostError, MetadataError, RepositoryError, finalize.HalfPublished) as error:
        kept = _keep(attempt, work)  # first: what follows may fail for the same reason
        return replace(_not_published(attempt, error), kept=kept)
    except Interrupted:
        logger.warning("the work is kept: git apply %s", _keep(attempt, work))
        raise
    if not isinstance(found, finalize.Gone) or found.recorded:
        attempt.noted.forget_spent()
    if isinstance(found, finalize.Gone):
        reason = "the step was done, skipped or given to another run meanwhile; nothing was published"
        return Failed(prepared, reason, kept=_keep(attempt, work), cost=attempt.ledger.cost, over=True)
    size = backend.git.size(prepared.plan.base.commit, work.commit)
    return Opened(prepared, found.pull, attempt.ledger.cost, size, notes=(*work.notes, *found.warnings))


def _not_published(attempt: Attempt, error: ClaudeStepError) -> Failed:
    """What becomes of the claim and of the costs of work that came to no pull request."""
    prepared, cost = attempt.prepared, attempt.ledger.cost
    if isinstance(error, (PublishRefused, Unprocessable)):
        refused = isinstance(error, EveryBranchRefused)
        return replace(_failed(attempt, error.explained, refused=refused), refused=refused)
    if isinstance(error, finalize.HalfPublished):
        attempt.noted.forget_spent()
        return Failed(prepared, error.explained, counts=None, cost=cost)
    if isinstance(error, (HostError, RepositoryError)):
        record = RecordTasks(prepared.start.step.step_index, attempt.ledger.tasks)
        _abandon(attempt.backend, attempt.noted, record, error)
    return Failed(prepared, error.explained, counts=None, cost=cost)


def _failed(
    attempt: Attempt, reason: str, *, output: str = "", counts: bool = True, refused: bool = False
) -> Failed:
    try:
        if finalize.fail(attempt.backend, _spent_on(attempt), reason if counts else None, refused=refused):
            attempt.noted.forget_spent()
    except (MetadataError, HostError) as error:
        reason = f"{reason}; and that could not be recorded: {error}"
    return Failed(attempt.prepared, reason, output, counts=counts, cost=attempt.ledger.cost)


def _spent_on(attempt: Attempt) -> finalize.Spent:
    index = attempt.prepared.start.step.step_index
    return _spent(attempt.noted, RecordTasks(index, attempt.ledger.tasks))


def _keep(attempt: Attempt, work: Work) -> Path:
    patch = attempt.backend.git.patch(attempt.prepared.plan.base.commit, work.commit)
    return attempt.backend.runs.keep_patch(attempt.prepared.claim.id, patch)


def _merge(backend: Backend, opened: Opened) -> Opened:
    try:
        merged = backend.host.merge(opened.pull, opened.prepared.plan.base.branch)
    except MergeRefused as error:
        return replace(opened, not_merged=error.explained)
    return replace(opened, merge_commit=merged)
