"""What a project may still spend: what was spent, what is being spent now, and what the next step may cost."""

from dataclasses import dataclass

from claudestep.domain.ai_tasks import CostTotal
from claudestep.domain.config import Budget
from claudestep.domain.models import Project

CENT = 0.01  # less buys nothing
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The money of a project at one moment. US dollars.

    `average` is what a step has cost that came to a pull request, failed attempts included, of those steps whose
    cost is known. `reserved` is what the claims that are given may still cost. An unknown cost counts as
    `per_step_usd`, the most that it can have been.
    """

    budget: Budget
    spent: CostTotal
    reserved: float
    average: float | None = None

    @classmethod
    def of(cls, project: Project, budget: Budget) -> "Account":
        """The account of a project as its document says."""
        known = [step for step in project.steps if step.ai_tasks and not step.cost.unknown]
        delivered = sum(step.pr_number is not None or step.completed_at is not None for step in known)
        claims = [step.claim for step in project.steps if step.claim is not None]
        return cls(
            budget=budget,
            spent=project.cost,
            reserved=sum(claim.reserved_usd or 0.0 for claim in claims),
            average=CostTotal.of(step.cost.usd for step in known).usd / delivered if delivered else None,
        )

    @property
    def left(self) -> float | None:
        """What the project may still spend; None without a limit."""
        if self.budget.project_usd is None:
            return None
        unknown = self.spent.unknown * (self.budget.per_step_usd or 0.0)
        return self.budget.project_usd - self.spent.usd - unknown - self.reserved

    @property
    def limit(self) -> float | None:
        """The most that the next attempt may cost; None without a limit."""
        limits = [most for most in (self.budget.per_step_usd, self.left) if most is not None]
        return min(limits, default=None)

    @property
    def obstacle(self) -> str | None:
        """Why no further step can be paid for; None where it can."""
        left = self.left
        if left is None:
            return None
        if self.spent.unknown and self.budget.per_step_usd is None:
            return f"{self.spent} are spent; set budget.perStepUsd, which an unknown cost then counts as"
        needed = self.budget.per_step_usd or self.average or 0.0
        if left + _ROUNDING >= max(needed, CENT):
            return None
        reserved = f" and ${self.reserved:.2f} are reserved" if self.reserved else ""
        may = f"; the next step may cost ${needed:.2f}" if left >= CENT else ""
        return f"{self.spent} of ${self.budget.project_usd:.2f} are spent{reserved}{may}"

    def forecast(self, steps_left: int) -> str | None:
        """What the rest would cost if it went on as so far, in a sentence; None before the first cost."""
        if not self.average or not steps_left:
            return None
        left = "the last step" if steps_left == 1 else f"the {steps_left} steps left"
        return f"at ${self.average:.2f} a step so far, {left} would cost about ${self.average * steps_left:.2f}"
