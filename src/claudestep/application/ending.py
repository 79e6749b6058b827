"""What becomes of an attempt at a step: it is published, it failed, or it broke off."""

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

from claudestep.application import finalize
from claudestep.application.backend import Backend
from claudestep.application.ledger import Ledger
from claudestep.application.prepare import Prepared
from claudestep.application.work import GivenUp, Work
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
)
from claudestep.domain.models import Progress
from claudestep.domain.observation import PullRequest
from claudestep.domain.redaction import redacted
from claudestep.infrastructure.hosting.port import EveryBranchRefused, PublishRefused
from claudestep.infrastructure.process import CommandFailed
from claudestep.infrastructure.runs import Run

logger = logging.getLogger(__name__)

_OF_THE_MACHINE = (RepositoryError, HostError, CommandFailed, OSError)
NOTHING_SPENT = RecordTasks(0, ())


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
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A step that was tried and not done.

    `kept` is the work that was saved for you, if any; `counts` is False where the step is not to blame, None where
    the next run decides, which sees what is there.
    `over`: the claim has ended, so that somebody else has decided about the step; `published` is the pull request
    that came of it before. `refused`: the host would take the work of no step.
    """

    prepared: Prepared
    reason: str
    output: str = ""
    kept: Path | None = None
    counts: bool | None = True
    cost: CostTotal = field(default_factory=CostTotal)
    over: bool = False
    published: int | None = None
    refused: bool = False


StepOutcome = Opened | Failed | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An attempt that has ended: what was claimed, where its run is noted, and what it has spent."""

    backend: Backend
    prepared: Prepared
    noted: Run
    ledger: Ledger

    def finish(self, work: Work | GivenUp) -> Opened | Failed:
        """Publish what was done, or record the failure. What is recorded is not kept on disk any more."""
        if isinstance(work, GivenUp):
            counts = work.counts or (bool(self.ledger.tasks) and not work.by_hand)
            kept = self._keep(work.commit) if work.commit else None
            return replace(self._failed(work.reason, output=work.output, counts=counts), kept=kept)
        backend, prepared = self.backend, self.prepared
        try:
            found = finalize.finalize(backend, self._spent(), prepared.plan, work, prepared.claim.branch)
        except (PublishRefused, HostError, MetadataError, RepositoryError, finalize.HalfPublished) as error:
            kept = self._keep(work.commit)  # first: what follows may fail for the same reason
            return replace(self._not_published(error), kept=kept)
        except Interrupted:
            logger.warning("the work is kept: git apply %s", self._keep(work.commit))
            raise
        if not isinstance(found, finalize.Gone) or found.recorded:
            self.noted.forget_spent()
        if isinstance(found, finalize.Gone):
            return self._gone(found, work)
        size = backend.git.size(prepared.plan.base.commit, work.commit)
        notes = (*work.notes, *found.warnings)
        return Opened(prepared, found.pull, self.ledger.cost, size, notes=notes, progress=found.progress)

    def _gone(self, gone: finalize.Gone, work: Work) -> Failed:
        prepared, cost, number = self.prepared, self.ledger.cost, gone.pull_number
        if number is not None:
            reason = f"pull request #{number} was opened of it before; there is nothing left to do"
            return Failed(prepared, reason, cost=cost, over=True, published=number)
        reason = "the step was done, skipped or given to another run meanwhile; nothing was published"
        return Failed(prepared, reason, kept=self._keep(work.commit), cost=cost, over=True)

    def _not_published(self, error: ClaudeStepError) -> Failed:
        """What becomes of the claim and of the costs of work that came to no pull request."""
        prepared, cost = self.prepared, self.ledger.cost
        if isinstance(error, (PublishRefused, Unprocessable)):
            refused = isinstance(error, EveryBranchRefused)
            return replace(self._failed(error.explained, refused=refused), refused=refused)
        if isinstance(error, finalize.HalfPublished):
            self.noted.forget_spent()
            return Failed(prepared, error.explained, counts=None, cost=cost)
        if isinstance(error, (HostError, RepositoryError)):
            record = RecordTasks(prepared.start.step.step_index, self.ledger.tasks)
            abandon(self.backend, self.noted, record, error)
        return Failed(prepared, error.explained, counts=None, cost=cost)

    def _failed(self, reason: str, *, output: str = "", counts: bool = True, refused: bool = False) -> Failed:
        reason, output = (redacted(text, self.backend.secrets) for text in (reason, output))
        try:
            if finalize.fail(self.backend, self._spent(), reason if counts else None, refused=refused):
                self.noted.forget_spent()
        except (MetadataError, HostError) as error:
            reason = f"{reason}; and that could not be recorded: {error}"
        return Failed(self.prepared, reason, output, counts=counts, cost=self.ledger.cost)

    def _spent(self) -> finalize.Spent:
        index = self.prepared.start.step.step_index
        record = RecordTasks(index, self.ledger.tasks)
        return replace(_spent(self.noted, record), branch=self.prepared.claim.branch)

    def _keep(self, commit: str) -> Path:
        patch = self.backend.git.patch(self.prepared.plan.base.commit, commit)
        return self.backend.runs.keep_patch(self.prepared.claim.id, patch)


def abandon(backend: Backend, noted: Run, record: RecordTasks, error: BaseException) -> None:
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
