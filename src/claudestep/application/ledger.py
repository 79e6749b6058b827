"""What one attempt has spent: noted before each AI operation and after it, so that a crash loses no cost."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from claudestep.domain.ai_tasks import AITask, CostTotal
from claudestep.domain.budget import CENT

Save = Callable[[tuple[AITask, ...]], None]


@dataclass(slots=True)
class Ledger:
    """The AI operations of one claim, in order. `save` is told all of them at every change.

    An operation stands there from its begin on with an unknown cost, which its true figures then replace: a
    run that dies in the middle leaves exactly one unknown cost, one that dies behind it leaves the true one.
    """

    claim_id: str
    workflow_run_id: int
    save: Save
    tasks: tuple[AITask, ...] = ()
    _done: tuple[AITask, ...] = field(default=())

    def begin(self, operation: str, model: str, at: datetime) -> None:
        """Note that an operation begins that surely costs something."""
        self._keep((AITask(type=operation, model=model, cost_usd=None, created_at=at),))

    def end(self, used: tuple[AITask, ...]) -> None:
        """Note what the operation used in the end: it may be nothing."""
        if used or self.tasks != self._done:
            self._keep(used)
            self._done = self.tasks

    @property
    def cost(self) -> CostTotal:
        """What was spent so far."""
        return CostTotal.of(task.cost_usd for task in self.tasks)

    @property
    def spent_before(self) -> CostTotal:
        """What was spent before the operation that goes on."""
        return CostTotal.of(task.cost_usd for task in self._done)

    def left(self, limit_usd: float | None) -> float | None:
        """What may still be spent of a limit in US dollars; nothing after an unknown cost. None: no limit."""
        if limit_usd is None:
            return None
        left = 0.0 if self.cost.unknown else limit_usd - self.cost.usd
        return left if left >= CENT else 0.0

    def _keep(self, used: tuple[AITask, ...]) -> None:
        first = len(self._done) + 1
        numbered = tuple(
            replace(task, id=f"{self.claim_id}-{n}", workflow_run_id=task.workflow_run_id or self.workflow_run_id)
            for n, task in enumerate(used, start=first)
        )
        self.tasks = (*self._done, *numbered)
        self.save(self.tasks)
