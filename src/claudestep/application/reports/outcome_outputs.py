"""What a workflow's later steps are told: the outputs of the action."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from claudestep.application.outcome import Outcome, main_outcome
from claudestep.domain.redaction import redacted
from claudestep.domain.text import shortened
from claudestep.infrastructure.agent.discretion import cleaned

NAMES = (
    "outcome", "reason", "message", "project", "pr_number", "pr_url", "reviewer", "step_index", "step_description",
    "has_capacity", "all_steps_done", "cost_usd", "tokens_input", "tokens_output", "model", "outcomes",
)  # fmt: skip
_LONGEST = 10_000
_LONGEST_OF_MANY = 500
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
    return {name: _text(value) for name, value in values.items()} | {"outcomes": _listed(outcomes)}


def _listed(outcomes: Sequence[Outcome]) -> str:
    """All of it as JSON; with texts that are cut where they are too long, and nothing where they are too many."""
    for most in (_LONGEST, _LONGEST_OF_MANY):
        said = cleaned(msgspec.to_builtins(outcomes), partial(_shown, most=most))
        listed = msgspec.json.encode(said)
        if len(listed) <= _MOST_BYTES:
            return listed.decode()
    return "[]"


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else _shown(str(value), _LONGEST)


def _shown(text: str, most: int) -> str:
    return shortened(redacted(text), most)
