"""prepare: claim the next steps of one or more projects for an agent that runs elsewhere, and hand them on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from claudestep.application import outcome
from claudestep.application.backend import Backend
from claudestep.application.claim import claim_next
from claudestep.application.ending import NOTHING_SPENT, abandon
from claudestep.application.finalize import Published
from claudestep.application.handing import hand_on
from claudestep.application.missing import refuse_without_steps
from claudestep.application.outcome import Outcome
from claudestep.application.prepare import GRACE, Prepared, new_claim_id
from claudestep.application.update import Hear
from claudestep.domain.chain import Wait
from claudestep.domain.errors import ClaudeStepError, Interrupted
from claudestep.infrastructure.handover import Handover


@dataclass(slots=True, kw_only=True)
class PrepareStage:
    """Claims steps one after the other; each is noted before it is asked for.

    `checks_out`: an agent of the user's own works in the user's work tree, which is brought to the step's base.
    """

    backend: Backend
    handover: Handover
    settled: Callable[[Published], None]
    updated: Hear
    checks_out: bool = False
    _ahead: timedelta = timedelta()

    def prepare(self, name: str, max_steps: int) -> Iterator[Prepared | Outcome]:
        """Claim up to `max_steps` steps of a project; where there are fewer, the last is why."""
        for number in range(max_steps):
            try:
                found = self._claim(name)
            except ClaudeStepError as error:
                yield outcome.of_error(name, error)
                return
            if isinstance(found, Prepared):
                yield found
                continue
            if number == 0:
                yield outcome.of_wait(name, found)
            return

    def _claim(self, name: str) -> Prepared | Wait:
        claim_id = new_claim_id()
        self.handover.note_begun(claim_id, name)
        with self.backend.runs.begin(claim_id, name, self.backend.owner) as noted:
            try:
                found = claim_next(
                    self.backend, name, claim_id, settled=self.settled, updated=self.updated, ahead=self._ahead
                )
                if isinstance(found, Wait):
                    refuse_without_steps(self.backend, name, found)
                    self.handover.forget_begun(claim_id)
                    return found
                self._bring(found)
                before = self._check_out(found) if self.checks_out else None
                self.handover.add(hand_on(found, before))
            except (ClaudeStepError, Interrupted, OSError) as error:
                abandon(self.backend, noted, NOTHING_SPENT, error)
                raise
        self._ahead += found.plan.config.timeout + GRACE / 3
        return found

    def _bring(self, prepared: Prepared) -> None:
        """See to it that the commits are there that the next command works on: it cannot fetch them."""
        for tree in filter(None, (prepared.plan.base, prepared.plan.default)):
            self.backend.git.base(tree.commit, tree.branch)

    def _check_out(self, prepared: Prepared) -> str:
        """Bring the user's work tree to the base of the step; return the tree that stands there then."""
        folder = self.handover.folder / "tree"
        with self.backend.git.in_place(prepared.plan.base.commit, folder) as tree:
            return self.backend.git.snapshot(tree)
