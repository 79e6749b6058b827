"""agent: the work on claimed steps, without the host and without its token.

How each ended stands in the handover; what it spends is noted there before it begins and as soon as it ends.
"""

from dataclasses import dataclass
from datetime import timedelta

from claudestep.application.backend import Workshop
from claudestep.application.handing import LATE, Adjust, result_of, take_up, time_left
from claudestep.application.ledger import Ledger
from claudestep.application.prepare import Prepared
from claudestep.application.work import Attempt, GivenUp, Work
from claudestep.domain.ai_tasks import AITask
from claudestep.domain.changes import RecordTasks
from claudestep.domain.errors import ClaudeStepError, Interrupted
from claudestep.domain.models import Owner
from claudestep.domain.redaction import holds_secret
from claudestep.infrastructure.agent.runner import Progress
from claudestep.infrastructure.handover import Handed, Handover
from claudestep.infrastructure.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStage:
    """Works on what was claimed. `workshop.runs` notes its runs in the handover."""

    workshop: Workshop
    handover: Handover
    adjust: Adjust
    progress: Progress
    in_place: bool = False

    def work(self, handed: Handed) -> GivenUp | Work:
        """Work on one claimed step, and write down how that ended, whatever breaks it off."""
        claim = handed.claim
        with self.workshop.runs.begin(claim.id, handed.project, self.workshop.owner) as noted:
            work: GivenUp | Work = GivenUp("the agent was interrupted", counts=False, by_hand=True)
            try:
                work = self._work(handed, noted)
            except Interrupted as error:
                work = GivenUp(f"the agent was {error}", counts=not error.by_hand, by_hand=error.by_hand)
                raise
            except (ClaudeStepError, OSError) as error:
                work = GivenUp(error.explained if isinstance(error, ClaudeStepError) else str(error), counts=False)
            except Exception as error:
                work = GivenUp(f"a mistake in ClaudeStep itself ({type(error).__name__}: {error})", counts=False)
                raise
            finally:
                self._keep(handed, work)
        return work

    def _work(self, handed: Handed, noted: Run) -> GivenUp | Work:
        earlier = refuse_earlier(self.workshop.claims_for, handed.claim.owner)
        if earlier is not None:
            return earlier
        prepared = take_up(self.workshop, handed, self.adjust)
        obstacle = prepared.agent.obstacle()
        if obstacle is not None:
            return GivenUp(obstacle, counts=False)
        left = time_left(self.workshop, prepared)
        if left.total_seconds() <= 0:
            return GivenUp(LATE, counts=False)
        return self._attempt(prepared, noted, left)

    def _attempt(self, prepared: Prepared, noted: Run, left: timedelta) -> GivenUp | Work:
        index = prepared.start.step.step_index
        noted.note_claim(index, prepared.claim.until)
        before = self._spent_before(prepared.claim.id)
        ledger = Ledger(
            prepared.claim.id,
            self.workshop.claims_for.run_id,
            save=lambda tasks: noted.note_spent(RecordTasks(index, tasks)),
            tasks=before,
            _done=before,
        )
        attempt = Attempt(
            backend=self.workshop,
            prepared=prepared,
            noted=noted,
            ledger=ledger,
            progress=self.progress,
            in_place=self.in_place,
            most=left,
        )
        return attempt.work()

    def _spent_before(self, claim_id: str) -> tuple[AITask, ...]:
        """What an agent spent under this claim that was killed."""
        kept = (one for one in self.workshop.runs.unsent() if one.path.stem == claim_id)
        return next((one.record.tasks for one in kept), ())

    def _keep(self, handed: Handed, work: GivenUp | Work) -> None:
        patch = self.workshop.git.patch(handed.base_commit, work.commit, with_tick=False) if work.commit else b""
        if holds_secret(patch, self.workshop.secrets):  # only here are they known; what is kept others may read
            patch = b""
        self.handover.keep_result(handed.claim.id, result_of(work), patch)


def refuse_earlier(us: Owner, holder: Owner) -> GivenUp | None:
    """Why a claim of an earlier attempt of the same workflow run is not worked on: nobody else may wait for it."""
    if not holder.run_id or (holder.run_id, holder.run_attempt) == (us.run_id, us.run_attempt):
        return None
    return GivenUp(
        f"the step was claimed by attempt {holder.run_attempt} of workflow run {holder.run_id}, not by this one; "
        "on GitHub choose `Re-run all jobs`",
        counts=False,
    )
