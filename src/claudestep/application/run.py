"""run: the whole way of one project, a step at a time: settle, prepare, agent, finalize, and merge if asked."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from claudestep.application import finalize, pull_request, settle
from claudestep.application.backend import Backend
from claudestep.application.missing import refuse_without_steps
from claudestep.application.prepare import (
    Outcome,
    Prepared,
    ToSettle,
    decide,
    give,
    new_claim_id,
    prepare,
    reconcile,
)
from claudestep.domain.chain import Wait
from claudestep.domain.changes import RecordTasks
from claudestep.domain.errors import ClaudeStepError, StoreBusy, UsageError
from claudestep.domain.models import CostTotal
from claudestep.domain.naming import CLAIM_TRAILER, spec_path
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.agent.runner import AgentResult, AgentTask
from claudestep.infrastructure.hosting.port import MergeRefused, PublishRefused, StepCommit, StepRefused
from claudestep.infrastructure.runs import Run

logger = logging.getLogger(__name__)

NOTHING_CHANGED = "the agent changed nothing (if nothing is left to do, tick the line in spec.md)"


@dataclass(frozen=True, slots=True)
class Opened:
    """A step that was done; `merge_commit` where it was merged as well, `not_merged` why it was not."""

    prepared: Prepared
    pull: PullRequest
    cost: CostTotal
    size: str = ""
    merge_commit: str | None = None
    not_merged: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A step that was tried and not done.

    `kept` is the work that was saved for you, if any; `counts` is False where the step is not to blame.
    """

    prepared: Prepared
    reason: str
    output: str = ""
    kept: Path | None = None
    counts: bool = True


StepOutcome = Opened | Failed | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Whom a run tells what happens, as it happens."""

    settled: Callable[[PullRequest], None]
    started: Callable[[Prepared], None]
    progress: Callable[[timedelta, str], None]
    finished: Callable[[StepOutcome], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How far a run goes."""

    max_steps: int = 1
    auto_merge: bool = False


def run(backend: Backend, name: str, options: Options, listener: Listener) -> list[StepOutcome]:
    """Do up to `max_steps` steps of a project; stop at the first that waits, fails or is not merged.

    Raises ClaudeStepError where nothing can be done at all.
    """
    backend.runs.sweep()
    outcomes: list[StepOutcome] = []
    for _ in range(options.max_steps):
        outcome = _one_step(backend, name, options, listener)
        listener.finished(outcome)
        outcomes.append(outcome)
        if not isinstance(outcome, Opened) or outcome.not_merged:
            break
    if isinstance(outcomes[-1], Opened) and outcomes[-1].merge_commit:
        reconcile(backend, name)
    return outcomes


def preview(backend: Backend, names: Iterable[str]) -> Iterator[tuple[str, Outcome | ClaudeStepError]]:
    """What a run of each project would do now, one after the other; nothing is written.

    A step that would begin counts as load for the projects after it. Raises ClaudeStepError.
    """
    world = backend.see()
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
    claim_id = new_claim_id()
    with backend.runs.begin(claim_id, name, backend.owner) as noted:
        try:
            prepared = _prepare(backend, name, claim_id, listener)
            if isinstance(prepared, Wait):
                refuse_without_steps(backend, name, prepared)
                return prepared
            listener.started(prepared)
            outcome = _work(backend, prepared, noted, listener)
        except BaseException as error:
            _abandon(backend, claim_id, error)
            raise
    if isinstance(outcome, Opened) and options.auto_merge:
        return _merge(backend, outcome)
    return outcome


def _check_mergeable(backend: Backend, name: str) -> None:
    """Before an agent is paid: could its work be merged at all?"""
    plan = backend.see().plans.get(name)
    obstacle = backend.host.merge_obstacle(plan.base.branch) if plan else None
    if obstacle:
        raise UsageError(
            f"nothing can be merged: {obstacle}", remedy="Commit or stash them, or run without --auto-merge."
        )


def _prepare(backend: Backend, name: str, claim_id: str, listener: Listener) -> Outcome:
    """Claim the next step, after everything that dead runs left half published is finished."""
    while isinstance(found := prepare(backend, name, claim_id), ToSettle):
        pull = settle.settle(backend, found)
        if pull is not None:
            listener.settled(pull)
    return found


def _abandon(backend: Backend, claim_id: str, error: BaseException) -> None:
    """An interrupt is nobody's failure; our own error is one of this attempt."""
    failure = str(error) or type(error).__name__ if isinstance(error, Exception) else None
    try:
        finalize.abandon(backend, claim_id, failure)
    except ClaudeStepError as second:
        if str(second) != str(error):
            logger.warning("the claim could not be released; the next run does it: %s", second)


def _work(backend: Backend, prepared: Prepared, noted: Run, listener: Listener) -> StepOutcome:
    """Setup and agent in a tree of their own, within one time limit; then the commit."""
    plan = prepared.plan
    deadline = backend.clock.monotonic() + plan.config.timeout.total_seconds()
    setup = backend.setup_of(plan.config)
    with backend.git.worktree(plan.base.commit, noted.folder) as tree:
        task = _agent_task(prepared, noted, tree)
        before = None
        if setup is not None:
            result = setup.run(task, listener.progress)
            if result.failure is not None:
                return _failed(backend, prepared, result.failure, result)
            before = backend.git.snapshot(tree, plan.base.commit)
        left = timedelta(seconds=max(0.0, deadline - backend.clock.monotonic()))
        result = prepared.agent.run(replace(task, timeout=left), listener.progress)
        if result.failure is not None:
            return _failed(backend, prepared, result.failure, result)
        try:
            commit = backend.git.commit_step(tree, _step_commit(prepared, before))
        except StepRefused as error:
            return _failed(backend, prepared, str(error), result)
    if commit is None:
        return _failed(backend, prepared, NOTHING_CHANGED, result)
    return _publish(backend, prepared, commit, result)


def _agent_task(prepared: Prepared, noted: Run, tree: Path) -> AgentTask:
    plan, step = prepared.plan, prepared.start.step
    spec = plan.spec.content.decode("utf-8-sig", "replace") if plan.spec else ""
    return AgentTask(
        project=plan.name,
        step_index=step.step_index,
        step_description=step.step_description,
        claim_id=prepared.claim.id,
        prompt=pull_request.prompt(plan.name, spec, prepared.start.line),
        tree=tree,
        timeout=plan.config.timeout,
        started=noted.note_agent,
    )


def _publish(backend: Backend, prepared: Prepared, commit: str, result: AgentResult) -> StepOutcome:
    try:
        pull = finalize.finalize(backend, prepared, commit, result.ai_tasks)
    except PublishRefused as error:
        return replace(_failed(backend, prepared, str(error), result), kept=_keep(backend, prepared, commit))
    except StoreBusy as error:
        _keep_tasks(backend, prepared, result)
        return Failed(prepared, str(error), result.output, _keep(backend, prepared, commit))
    if pull is None:
        reason = "the claim ended while the agent worked (or the step was done meanwhile); nothing was published"
        return Failed(prepared, reason, result.output, _keep(backend, prepared, commit))
    size = backend.git.size(prepared.plan.base.commit, commit)
    return Opened(prepared, pull, CostTotal.of(task.cost_usd for task in result.ai_tasks), size)


def _step_commit(prepared: Prepared, before: str | None) -> StepCommit:
    plan, start = prepared.plan, prepared.start
    title = pull_request.title(start.step.step_description)
    return StepCommit(
        base=plan.base.commit,
        spec_path=spec_path(plan.name),
        spec=plan.spec.tick(start.line) if plan.spec else b"",
        message=f"{title}\n\n{CLAIM_TRAILER}: {prepared.claim.id}\n",
        since=before,
    )


def _failed(backend: Backend, prepared: Prepared, reason: str, result: AgentResult) -> Failed:
    try:
        finalize.fail(backend, prepared, reason if result.could_start else None, result.ai_tasks)
    except StoreBusy as error:
        _keep_tasks(backend, prepared, result)
        reason = f"{reason}; and that could not be recorded: {error}"
    return Failed(prepared, reason, result.output, counts=result.could_start)


def _keep_tasks(backend: Backend, prepared: Prepared, result: AgentResult) -> None:
    """What was spent is kept on disk where the store cannot be written; the next run records it."""
    if result.ai_tasks:
        record = RecordTasks(prepared.start.step.step_index, result.ai_tasks)
        backend.runs.keep_tasks(prepared.claim.id, prepared.plan.name, record)


def _keep(backend: Backend, prepared: Prepared, commit: str) -> Path:
    return backend.runs.keep_patch(prepared.claim.id, backend.git.patch(prepared.plan.base.commit, commit))


def _merge(backend: Backend, opened: Opened) -> Opened:
    try:
        merged = backend.host.merge(opened.pull, opened.prepared.plan.base.branch)
    except MergeRefused as error:
        return replace(opened, not_merged=f"{error} {error.remedy}".strip())
    return replace(opened, merge_commit=merged)
