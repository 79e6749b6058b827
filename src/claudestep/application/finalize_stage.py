"""finalize: publish what agents did elsewhere, record what they spent, and end their claims, whatever happened."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from claudestep.application import guard, outcome
from claudestep.application.backend import Backend
from claudestep.application.ending import NOTHING_SPENT, Ending, Failed, abandon
from claudestep.application.handing import redacted_result, summary_of, take_up
from claudestep.application.ledger import Ledger
from claudestep.application.outcome import Outcome
from claudestep.application.prepare import Prepared
from claudestep.application.summary import Summary
from claudestep.application.work import NOTHING_CHANGED, GivenUp, Work, step_commit
from claudestep.domain.ai_tasks import UNKNOWN_MODEL, AITask
from claudestep.domain.changes import RecordTasks
from claudestep.domain.errors import ClaudeStepError, Interrupted, InvalidDocument
from claudestep.infrastructure.handover import Handed, Handover, Result
from claudestep.infrastructure.hosting.port import StepCommit, StepRefused
from claudestep.infrastructure.runs import Run, Unsent

NEVER_RAN = Result(reason="the agent did not run", counts=False)
NO_RESULT = Result(reason="the agent ended without a result")
CANCELLED = Result(reason="the run was cancelled", counts=False, by_hand=True)
SEVERAL = Result(reason="several steps are claimed, and one agent has worked in one work tree", counts=False)
_MOST_TASKS = 50
_OPEN = ("error", "half_published")
"""How it ended where the claim may hold: it can be tried once more."""


class OwnAgent(Protocol):
    """An agent that the user runs between `prepare` and `finalize`, in the user's own work tree."""

    def result(self, handed: Handed) -> tuple[Result, tuple[AITask, ...]]:
        """How it ended, and what it spent."""
        ...

    def commit(self, handed: Handed, step: StepCommit) -> str | None:
        """Commit what it changed; None where that is nothing. Raises StepRefused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeStage:
    """Ends what `prepare` began. `backend.runs` notes its runs in the handover.

    `cancelled`: somebody broke the agent off, who does not hold that against the step.
    """

    backend: Backend
    handover: Handover
    own_agent: OwnAgent | None = None
    cancelled: bool = False

    def finish(self) -> Iterator[Outcome]:
        """End every claim, one after the other; what a dead agent left running is ended first."""
        worked_on = self.backend.runs.noted()
        self.backend.runs.sweep()
        claims = self.handover.claims()
        begun = worked_on if self.own_agent is None or len(claims) == 1 else None
        for number, handed in enumerate(claims):
            tasks = self._own_tasks(handed, number) if self.own_agent is not None else self._tasks(handed)
            yield self._finish(handed, begun, tasks)
        for claim_id, project in self.handover.begun():
            self._release(claim_id, project)

    def _finish(self, handed: Handed, begun: frozenset[str] | None, tasks: tuple[AITask, ...]) -> Outcome:
        claim = handed.claim
        with self.backend.runs.begin(claim.id, handed.project, self.backend.owner) as noted:
            if tasks:
                noted.note_spent(RecordTasks(handed.step.step_index, tasks))
            self.backend.runs.unsent_file(claim.id).unlink(missing_ok=True)  # it stands there from now on
            try:
                result, patch = self._result(handed, noted, begun)
                if self.cancelled and result.reason:
                    result = msgspec.structs.replace(result, counts=False, by_hand=True)
                result = redacted_result(result, self.backend.secrets)
                found = self._end(handed, result, patch, noted, tasks)
            except ClaudeStepError as error:
                abandon(self.backend, noted, RecordTasks(handed.step.step_index, tasks), error)
                found = replace(outcome.of_error(handed.project, error), step_index=handed.step.step_index)
            left = noted.as_text(RecordTasks(handed.step.step_index, tasks)) if noted.spent.exists() else ""
        if found.reason not in _OPEN:
            self.handover.note_ended(claim.id)
        return replace(found, unrecorded=left)

    def _result(self, handed: Handed, noted: Run, begun: frozenset[str] | None) -> tuple[Result, bytes]:
        """How the agent ended, and its patch. `begun` are the claims that one has worked on; None: nobody knows."""
        if begun is None:
            return SEVERAL, b""
        if self.own_agent is not None:
            return self.own_agent.result(handed)[0], b""
        try:
            found = self.handover.result(handed.claim.id)
        except InvalidDocument as error:
            return Result(reason=f"{NO_RESULT.reason}: {error}"), b""
        if found is not None:
            return found
        left_nothing = not (handed.claim.id in begun or noted.spent.exists() or handed.before)
        return (CANCELLED if self.cancelled else NEVER_RAN if left_nothing else NO_RESULT), b""

    def _tasks(self, handed: Handed) -> tuple[AITask, ...]:
        """What the agent spent; one operation of unknown cost where nobody can tell.

        It may come from another machine: only what can be of this claim is taken.
        """
        if handed.before is not None:
            return (self._unknown(handed),)
        path, kept = self.backend.runs.unsent_file(handed.claim.id), self._spent(handed)
        if kept is None:
            return (self._unknown(handed),) if path.exists() else ()
        ids = [f"{handed.claim.id}-{number}" for number in range(1, _MOST_TASKS + 1)]
        tasks = kept.record.tasks
        fits = len(tasks) <= _MOST_TASKS and all(task.id in ids for task in tasks)
        return tasks if fits else (self._unknown(handed),)

    def _own_tasks(self, handed: Handed, number: int) -> tuple[AITask, ...]:
        """What an agent of the user's own spent: once, also where it can be of one of several claims only."""
        return self.own_agent.result(handed)[1] if self.own_agent is not None and number == 0 else ()

    def _unknown(self, handed: Handed) -> AITask:
        return AITask(
            type="PRCreation",
            model=UNKNOWN_MODEL,
            cost_usd=None,
            created_at=self.backend.clock.now(),
            id=f"{handed.claim.id}-1",
            workflow_run_id=self.backend.claims_for.run_id,
        )

    def _spent(self, handed: Handed) -> Unsent | None:
        return next((one for one in self.backend.runs.unsent() if one.path.stem == handed.claim.id), None)

    def _end(self, handed: Handed, result: Result, patch: bytes, noted: Run, tasks: tuple[AITask, ...]) -> Outcome:
        prepared = take_up(self.backend, handed)
        ledger = Ledger(handed.claim.id, self.backend.claims_for.run_id, save=lambda _: None, tasks=tasks)
        ending = Ending(backend=self.backend, prepared=prepared, noted=noted, ledger=ledger)
        ended = ending.finish(self._work(prepared, handed, result, patch))
        if isinstance(ended, Failed) and ended.kept is None and patch:
            ended = replace(ended, kept=self.backend.runs.keep_patch(handed.claim.id, patch))
        return outcome.of_step(ended, tasks, summary=summary_of(result))

    def _work(self, prepared: Prepared, handed: Handed, result: Result, patch: bytes) -> Work | GivenUp:
        """The step's commit, made here of the patch; what is refused is not published."""
        if result.reason:
            return GivenUp(result.reason, result.output, result.counts, by_hand=result.by_hand)
        try:
            commit = self._commit(prepared, handed, patch)
        except StepRefused as error:
            return GivenUp(error.explained, result.output)
        if commit is None:
            return GivenUp("; ".join((NOTHING_CHANGED, *result.notes)), result.output)
        refused = guard.refusal(self.backend, prepared.plan, commit)
        if refused is not None:
            return GivenUp(refused, result.output, commit=commit)
        summary: Summary | None = summary_of(result)
        return Work(commit, summary, result.notes)

    def _commit(self, prepared: Prepared, handed: Handed, patch: bytes) -> str | None:
        if self.own_agent is not None:
            return self.own_agent.commit(handed, step_commit(prepared, handed.before))
        return self.backend.git.commit_patch(patch, step_commit(prepared))

    def _release(self, claim_id: str, project: str) -> None:
        """End a claim that may have been given to a `prepare` that did not live to hand it on."""
        with self.backend.runs.begin(claim_id, project, self.backend.owner) as noted:
            abandon(self.backend, noted, NOTHING_SPENT, Interrupted())
        self.handover.note_ended(claim_id)
