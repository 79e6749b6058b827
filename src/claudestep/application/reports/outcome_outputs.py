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
    values = _values(one)
    cost = values["cost_usd"]
    shown = values | {"cost_usd": None if cost is None else f"{cost:.6f}"}
    return {name: _text(value) for name, value in shown.items()} | {"outcomes": _listed(outcomes)}


def _values(one: Outcome) -> dict[str, object]:
    """What is told of one step; None is not known, or does not apply."""
    return {name: getattr(one, name) for name in NAMES if name != "outcomes"}


def _listed(outcomes: Sequence[Outcome]) -> str:
    """All of it as JSON; with texts that are cut where they are too long, and nothing where they are too many."""
    for most in (_LONGEST, _LONGEST_OF_MANY):
        said = cleaned([_values(one) for one in outcomes], partial(_shown, most=most))
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
