"""AI operations and what they cost. An unknown cost is None, and counts as unknown in every sum."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from claudestep.domain.checks import check_amounts, check_times

UNKNOWN_MODEL = "unknown"


@dataclass(frozen=True, slots=True)
class CostTotal:
    """A sum of costs in US dollars; operations of unknown cost are counted apart, never as 0."""

    usd: float = 0.0
    unknown: int = 0

    @classmethod
    def of(cls, costs: Iterable[float | None]) -> "CostTotal":
        """Add up `costs`; None is an unknown cost."""
        listed = list(costs)
        known = [cost for cost in listed if cost is not None]
        return cls(math.fsum(known), len(listed) - len(known))

    def __add__(self, other: "CostTotal") -> "CostTotal":
        return CostTotal(math.fsum((self.usd, other.usd)), self.unknown + other.unknown)

    def __str__(self) -> str:
        """`$1.25`, or `$1.25 + 2 unknown`."""
        return f"${self.usd:.2f} + {self.unknown} unknown" if self.unknown else f"${self.usd:.2f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """What one model took in a run that used several. Tokens; US dollars, None when unknown."""

    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    tokens_cache_read: int | None = None
    tokens_cache_write: int | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_amounts(self, "cost_usd", "tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write")


@dataclass(frozen=True, slots=True, kw_only=True)
class AITask:
    """One AI operation: what it was, what it took, what it cost (US dollars, None when unknown).

    `id` is the claim's id and an ordinal, so that the same operation is never recorded twice.
    `workflow_run_id` is 0 outside a workflow.
    """

    type: str
    model: str
    cost_usd: float | None
    created_at: datetime
    workflow_run_id: int = 0
    tokens_input: int | None = None
    tokens_output: int | None = None
    duration_seconds: float | None = None
    id: str | None = None
    pr_number: int | None = None
    tokens_cache_read: int | None = None
    tokens_cache_write: int | None = None
    usage_by_model: Mapping[str, ModelUsage] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_times(self, "created_at")
        check_amounts(
            self,
            "cost_usd",
            "duration_seconds",
            "tokens_input",
            "tokens_output",
            "tokens_cache_read",
            "tokens_cache_write",
        )

    def costs(self) -> list[tuple[str, float | None]]:
        """The cost by model; one entry when the run used one model."""
        if not self.usage_by_model:
            return [(self.model, self.cost_usd)]
        return [(model, usage.cost_usd) for model, usage in self.usage_by_model.items()]


def group_costs(costs: Iterable[tuple[str, float | None]]) -> dict[str, CostTotal]:
    """Add up costs by name, dearest first."""
    groups: dict[str, list[float | None]] = {}
    for name, cost in costs:
        groups.setdefault(name, []).append(cost)
    totals = {name: CostTotal.of(group) for name, group in groups.items()}
    return dict(sorted(totals.items(), key=lambda item: (-item[1].usd, item[0])))
