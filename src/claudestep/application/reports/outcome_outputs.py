"""What a workflow's later steps are told: the outputs of the action."""

from collections.abc import Mapping, Sequence

from claudestep.application.outcome import Outcome, encode, main_outcome
from claudestep.domain.text import shortened

NAMES = (
    "outcome", "reason", "message", "project", "pr_number", "pr_url", "reviewer", "step_index", "step_description",
    "has_capacity", "all_steps_done", "cost_usd", "tokens_input", "tokens_output", "model", "outcomes",
)  # fmt: skip
_LONGEST = 10_000
_MOST_BYTES = 200_000


def outputs(outcomes: Sequence[Outcome]) -> Mapping[str, str]:
    """Every output by its name; what is not known, or does not apply, is empty."""
    one = main_outcome(outcomes)
    if one is None:
        return {}
    values = {
        "outcome": one.outcome,
        "reason": one.reason,
        "message": one.message,
        "project": one.project,
        "pr_number": one.pr_number,
        "pr_url": one.pr_url,
        "reviewer": one.reviewer,
        "step_index": one.step_index,
        "step_description": one.step_description,
        "has_capacity": one.has_capacity,
        "all_steps_done": one.all_steps_done,
        "cost_usd": None if one.cost_usd is None else f"{one.cost_usd:.6f}",
        "tokens_input": one.tokens_input,
        "tokens_output": one.tokens_output,
        "model": one.model,
    }
    listed = encode(outcomes).decode()
    return {name: _text(value) for name, value in values.items()} | {
        "outcomes": listed if len(listed) <= _MOST_BYTES else "[]"
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else shortened(str(value), _LONGEST)
