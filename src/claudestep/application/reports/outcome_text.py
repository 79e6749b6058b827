"""What is said on the terminal, or in a log, of how a step ended."""

from claudestep.application.outcome import Outcome
from claudestep.domain.redaction import redacted
from claudestep.domain.text import shortened

_TAIL_LINES = 20
_LONGEST = 100


ARTIFACT = "the artifact claudestep-patches-... of this run"
"""Where a workflow keeps the patches that were not published."""


def render(outcome: Outcome, *, in_workflow: bool = False) -> str:
    """How it ended, and what to do next."""
    lines = [f"{_head(outcome)}: {outcome.message}"]
    if outcome.pr_url:
        lines.append(f"  review it: {outcome.pr_url}")
    if outcome.remedy:
        lines.append(f"  {outcome.remedy}")
    if outcome.costs:
        lines.append(f"  it cost {cost(outcome)}")
    lines += [f"  note: {note}" for note in outcome.notes]
    if outcome.output.strip():
        lines.append("  the last that it printed:")
        lines += [f"    {line}" for line in outcome.output.strip().splitlines()[-_TAIL_LINES:]]
    if outcome.patch:
        where = ARTIFACT if in_workflow else f"git apply {outcome.patch}"
        lines.append(f"  the work is kept: {where}")
    if outcome.unrecorded:
        lines.append("  what it cost could not be recorded; keep it for `claudestep metadata apply FILE`:")
        lines.append(f"    {outcome.unrecorded}")
    return redacted("\n".join(lines)) + "\n"


def cost(outcome: Outcome) -> str:
    """What it cost in dollars; an unknown part is said."""
    known = sum(one.cost_usd or 0.0 for one in outcome.costs)
    unknown = sum(one.cost_usd is None for one in outcome.costs)
    return f"${known:.4f} + {unknown} unknown" if unknown else f"${known:.4f}"


def _head(outcome: Outcome) -> str:
    if not outcome.project:
        return "nothing to do"
    step = f": step {outcome.step_index}" if outcome.step_index else ""
    text = f" ({shortened(outcome.step_description, _LONGEST)})" if outcome.step_description else ""
    failed = ": failed" if outcome.outcome == "failed" else ""
    return f"{outcome.project}{step}{text}{failed}"
