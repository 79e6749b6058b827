"""What stands in a job's summary: a part for each step, with its costs."""

import re
from collections.abc import Iterable

from claudestep.application.outcome import Cost, Outcome
from claudestep.application.pull_request import harmless
from claudestep.application.reports.outcome_text import ARTIFACT, cost
from claudestep.domain.redaction import redacted
from claudestep.domain.spec import fold
from claudestep.domain.text import printable, shortened

_TITLES = {"opened": "Pull request", "nothing_to_do": "Nothing to do", "failed": "Failed"}
_LONGEST = 2_000
_LONGEST_OUTPUT = 8_000
_INVISIBLE = "\N{ZERO WIDTH SPACE}"
_BLOCK = re.compile(r"[#>+*=|~`_:-]|[0-9]{1,9}[.)]")
"""How a line begins that is more than a line: a heading, a list, a quote, a rule, a table or code."""


def render(outcomes: Iterable[Outcome]) -> str:
    """All of them, one below the other."""
    return "".join(_part(one) for one in outcomes)


def _part(outcome: Outcome) -> str:
    parts = [f"### {_title(outcome)}", *_facts(outcome)]
    if outcome.what_changed:
        parts.append(_line(outcome.what_changed))
    parts += _costs(outcome)
    parts += [f"- {_line(note)}" for note in outcome.notes]
    if outcome.output.strip():
        parts += ["The last that it printed:", _code(outcome.output.strip()[-_LONGEST_OUTPUT:])]
    if outcome.patch:
        parts.append(f"The work is kept: {ARTIFACT}.")
    if outcome.unrecorded:
        parts.append("What it cost could not be recorded. Keep this for `claudestep metadata apply FILE`:")
        parts.append(_code(outcome.unrecorded))
    return "\n\n".join(parts) + "\n\n"


def _title(outcome: Outcome) -> str:
    what = f"Pull request #{outcome.pr_number}" if outcome.pr_number else _TITLES[outcome.outcome]
    return f"{what}: {_line(outcome.project)}" if outcome.project else what


def _facts(outcome: Outcome) -> list[str]:
    facts = []
    if outcome.step_index:
        facts.append(f"Step {outcome.step_index}: {_line(outcome.step_description)}")
    said = _line(outcome.message)
    facts.append(f"[{said}]({outcome.pr_url})" if outcome.pr_url else said)
    if outcome.remedy:
        facts.append(_line(outcome.remedy))
    if outcome.reviewer:
        facts.append(f"Reviewer: {_line(outcome.reviewer)}")
    if outcome.done is not None and outcome.total:
        facts.append(f"{outcome.done} of {outcome.total} steps were done before it.")
    return facts


def _costs(outcome: Outcome) -> list[str]:
    if not outcome.costs:
        return []
    rows = ["| AI task | model | tokens in | tokens out | cost |", "| --- | --- | ---: | ---: | ---: |"]
    rows += [f"| {' | '.join(_row(one))} |" for one in outcome.costs]
    rows.append(f"| **all** | | | | **{cost(outcome)}** |")
    return ["\n".join(rows)]


def _row(one: Cost) -> tuple[str, ...]:
    price = "unknown" if one.cost_usd is None else f"${one.cost_usd:.4f}"
    return _cell(one.type), _cell(one.model), _tokens(one.tokens_input), _tokens(one.tokens_output), price


def _tokens(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _cell(text: str) -> str:
    return _line(text).replace("|", "&vert;")


def _line(text: str) -> str:
    """Text from anywhere on one line: it calls nobody, hides nothing and makes no heading, link or image."""
    shown = harmless(shortened(fold(text), _LONGEST))
    return f"{_INVISIBLE}{shown}" if _BLOCK.match(shown) else shown


def _code(text: str) -> str:
    """Text as it is, in a block that it cannot end."""
    return "\n".join(f"    {line}" for line in printable(redacted(text)).splitlines())
