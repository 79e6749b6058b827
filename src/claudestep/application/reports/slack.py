"""What Slack is told: of what a run opened and what failed, in one message, and the statistics.

A message is Block Kit as it goes over the wire. What comes from specs, agents and servers stands there escaped and
as plain text, so that it calls nobody and is no link; links have words of our own. What is too long is cut.
https://docs.slack.dev/messaging/formatting-message-text, https://docs.slack.dev/reference/block-kit
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from claudestep.application.outcome import Outcome
from claudestep.application.reports import outcome_text
from claudestep.domain.naming import name_problem
from claudestep.domain.redaction import redacted
from claudestep.domain.spec import fold
from claudestep.domain.statistics import ProjectFigures, Report
from claudestep.domain.text import printable, shortened

Block: TypeAlias = Mapping[str, object]
Message: TypeAlias = Mapping[str, object]

_MOST_IN_BLOCKS = 10_000
"""Characters of the blocks as JSON. Slack documents no bound; 11,000 were refused with `msg_blocks_too_long`:
https://github.com/slackapi/bolt-js/issues/2509, https://github.com/slackapi/bolt-js/issues/2867"""
_MOST_OF_STATISTICS = 6_000
_LONGEST_HEADER = 150
_LONGEST_SECTION = 3_000
_LONGEST_LINE = 250
_LONGEST_REASON = 800
_LONGEST_MODELS = 80
_LONGEST_URL = 500

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LONGEST_ENTITY = 5
_INVISIBLE = "\N{ZERO WIDTH SPACE}"
_MENTION = re.compile(r"@(?=\w)")
_URL = re.compile(r"https?://[!#-;=?-{}~]+")
"""No character that ends a link of Slack's, and none that is not seen."""


def render(outcomes: Iterable[Outcome], run_url: str = "") -> Message | None:
    """All that was opened and all that failed, what failed first; None where nothing did."""
    told = sorted((one for one in outcomes if one.outcome != "nothing_to_do"), key=_is_opened)
    if not told:
        return None
    head = _header(_headline(told))
    run = _link(run_url, "workflow run") or "ClaudeStep"
    shown: list[Block] = []
    for one in told:
        section = _section(one, run_url)
        cut = _context(f"{run}, and {len(told)} more")
        if shown and len(msgspec.json.encode([head, *shown, section, cut])) > _MOST_IN_BLOCKS:
            break
        shown.append(section)
    left = len(told) - len(shown)
    foot = _context(f"{run}; {left} more did not fit into this message" if left else run)
    return _message(_headline(told), [head, *shown, foot])


def render_statistics(report: Report) -> Message | None:
    """The totals, and a line a project; None where there is no project."""
    if not report.projects:
        return None
    progress = report.progress
    title = f"{progress.done} of {progress.total} steps are done ({progress.percent} %)"
    listed = _lines(report.projects)
    left = len(report.projects) - len(listed)
    more = f"; {left} more projects did not fit into this message" if left else ""
    foot = _context(f"{report.at:%Y-%m-%d %H:%M} UTC{more}")
    sections = [{"type": "section", "text": _text("\n".join(part))} for part in _in_sections(listed)]
    return _message(title, [_header(title), _totals(report), *sections, foot])


def _message(title: str, blocks: Sequence[Block]) -> Message:
    """The message; its text is for where no blocks are shown, such as a phone's lock screen."""
    text = f"ClaudeStep: {_escaped(title, _LONGEST_HEADER)}"
    return {"text": text, "blocks": list(blocks), "unfurl_links": False, "unfurl_media": False}


# A run


def _is_opened(outcome: Outcome) -> bool:
    return outcome.outcome == "opened"


def _headline(told: Sequence[Outcome]) -> str:
    opened = sum(map(_is_opened, told))
    counted = ((opened, "new pull request"), (len(told) - opened, "failure"))
    said = ", ".join(f"{number} {what}{'s' if number > 1 else ''}" for number, what in counted if number)
    names = list(dict.fromkeys(_name(one.project) for one in told if one.project))
    return f"{said}: {names[0]}" if len(names) == 1 else said


def _section(one: Outcome, run_url: str) -> Block:
    opened = _is_opened(one)
    title = f"Pull request #{one.pr_number or '?'}" if opened else "Failed"
    about = f"{_link(one.pr_url, title) or title}: *{_name(one.project)}*" if one.project else title
    step = f", step {one.step_index}" if one.step_index else ""
    run = "" if opened else _link(run_url, "what it printed")
    said = f"{about}{step}{f' ({run})' if run else ''}"
    fields = [_field(name, value) for name, value in _facts(one) if value]
    block = {"type": "section", "text": _mrkdwn(said)}
    return {**block, "fields": fields} if fields else block


def _facts(one: Outcome) -> list[tuple[str, str]]:
    """What is told of a step; what is empty is not."""
    before = f"{one.done} of {one.total} steps were done before it" if one.total and one.done is not None else ""
    facts = [("Step", one.step_description), ("Reviewer", one.reviewer or ""), ("Cost", _cost(one))]
    if _is_opened(one):
        return [*facts, ("Changes", one.size), ("Progress", before), ("Note", "; ".join(one.notes))]
    return [facts[0], ("Why", one.message), ("What to do", one.remedy), *facts[1:]]


def _cost(one: Outcome) -> str:
    if not one.costs:
        return ""
    known = any(cost.cost_usd is not None for cost in one.costs)
    dollars = outcome_text.cost(one) if known else "unknown"
    tokens = f"{_number(one.tokens_input)} tokens in, {_number(one.tokens_output)} out"
    return f"{dollars} ({shortened(one.model, _LONGEST_MODELS)}; {tokens})"


def _number(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,}"


# The statistics


def _totals(report: Report) -> Block:
    listed = report.projects
    totals = (
        ("Open", str(sum(one.open for one in listed))),
        ("Merged", str(sum(one.merged for one in listed))),
        ("Closed", str(sum(one.closed for one in listed))),
        ("Cost", str(report.cost)),
    )
    return {"type": "section", "fields": [_field(name, value) for name, value in totals]}


def _lines(projects: Sequence[ProjectFigures]) -> list[str]:
    """A line a project, as many as there is room for."""
    found: list[str] = []
    for one in projects:
        progress = one.progress
        reviews = f"{one.open} open, {one.merged} merged, {one.closed} closed"
        line = f"{_name(one.name)}: {progress.done} of {progress.total} done, {reviews}, {one.cost}"
        if sum(map(len, found)) + len(found) + len(line) > _MOST_OF_STATISTICS:
            break
        found.append(line)
    return found


def _in_sections(lines: Sequence[str]) -> list[list[str]]:
    """Lines, as many together as a section takes."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if sum(len(other) + 1 for other in parts[-1]) + len(line) > _LONGEST_SECTION:
            parts.append([])
        parts[-1].append(line)
    return parts


# Blocks


def _header(title: str) -> Block:
    return {"type": "header", "text": _text(_escaped(title, _LONGEST_HEADER))}


def _context(said: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(said)]}


def _field(name: str, value: str) -> Block:
    return _text(f"{name}: {_escaped(value, _LONGEST_REASON if name == 'Why' else _LONGEST_LINE)}")


def _text(text: str) -> Block:
    """Text that is shown as it is."""
    return {"type": "plain_text", "text": text, "emoji": False}


def _mrkdwn(text: str) -> Block:
    """Our own text, with links; `verbatim`: Slack looks for none in it besides."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _escaped(text: str, most: int) -> str:
    """Text from anywhere, on one line of at most so many characters, that is nothing else than text to Slack."""
    line = _MENTION.sub(f"@{_INVISIBLE}", printable(fold(redacted(text))))
    cut = shortened(line, most)
    shown = "".join(_ENTITIES.get(char, char) for char in cut)
    return shown if len(shown) <= most else _escaped(line, most // _LONGEST_ENTITY)


def _name(project: str) -> str:
    """The name of a project, which no mark of Slack's is in; `?` where it can name none."""
    return "?" if name_problem(project) else project


def _link(url: str, words: str) -> str:
    """A link with words of our own; "" where the address is none that can be one."""
    if len(url) > _LONGEST_URL or not _URL.fullmatch(url):
        return ""
    return f"<{url.replace('&', '&amp;')}|{words}>"
