"""What hostile text must not have become, read as the runner, GitHub and Slack read it, by means of our own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from claudestep.domain.naming import CLAIM_TRAILER
from tests.fakes.slack import problem_of
from tests.unit.infrastructure.actions.test_commands import is_command, lines_of

_OURS = re.compile(r"<!-- claudestep:(begin|end|record \{.*\}) -->")
_RECORD = re.compile(r"<!--\s*claudestep:record\s+(.*?)-->", re.DOTALL)
_MENTION = re.compile(r"(?:^|[^A-Za-z0-9_`])@[A-Za-z0-9]")
"""https://github.com/gjtorikian/html-pipeline, MentionFilter"""
_ISSUE = re.compile(r"#[0-9]|\bGH-[0-9]", re.IGNORECASE)
_CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+https?://", re.IGNORECASE)
_ANNOTATION = re.compile(r"::(?:error|warning)(?: file=[^:,]*(?:,line=[0-9]+)?)?::")
_SLACK_LINK = re.compile(r"<https?://[^|<>\s]+\|(?:Pull request #[0-9?]+|Failed|workflow run|what it printed)>")


# The log


def commands_of(*streams: str) -> list[str]:
    """The lines that the runner takes for commands."""
    return [line for stream in streams for line in lines_of(stream) if is_command(line)]


def forged_commands(*streams: str) -> list[str]:
    """Those of them that are no annotation as we make them."""
    return [line for line in commands_of(*streams) if not _ANNOTATION.match(line)]


def unseen(text: str) -> set[str]:
    """Characters that steer a terminal, or are not seen and not ours."""
    return {char for char in text if not char.isprintable() and char not in "\n\t\u200b"}


# Markdown as GitHub shows it


def problems_of(markdown: str, *servers: str, ours: bool = False) -> list[str]:
    """What a text shows, hides or does besides saying something; links may lead to these servers.

    `ours`: it has a part of ours with a record, as a pull request has; whose that is, `records` shows.
    """
    return [f"{what}: {text[:200]!r}" for what, text in _problems(markdown, servers, ours=ours)]


def _problems(markdown: str, servers: Sequence[str], *, ours: bool) -> Iterator[tuple[str, str]]:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    environment: dict[str, Any] = {}
    for char in unseen(_RECORD.sub("", markdown) if ours else markdown):
        yield "a character", char
    for token in _flat(parser.parse(markdown, environment)):
        if token.type in ("html_block", "html_inline") and not (ours and _is_ours(token.content)):
            yield "HTML", token.content
        elif token.type in ("image", "link_open"):
            address = str(token.attrs.get("href", "an image"))
            yield from ([] if address.startswith(tuple(servers)) else [("a link", address)])
        elif token.type == "text":
            yield from _calls(token.content)
    if environment.get("references"):
        yield "a definition", str(environment["references"])


def _is_ours(comments: str) -> bool:
    return all(_OURS.fullmatch(line) for line in comments.strip().split("\n"))


def _calls(text: str) -> Iterator[tuple[str, str]]:
    for what, pattern in (("a mention", _MENTION), ("an issue", _ISSUE), ("an end of an issue", _CLOSING)):
        if pattern.search(text):
            yield what, text


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or ())


def headings(markdown: str) -> list[str]:
    """The headings that a text shows."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    return [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]


def rows(markdown: str) -> list[list[str]]:
    """The cells of the tables that a text shows, heads left out."""
    found: list[list[str]] = []
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            found.append([])
        if token.type == "td_open":
            found[-1].append(tokens[place + 1].content)
    return [row for row in found if row]


def records(body: str) -> list[str]:
    """What stands in the comments that say that they are a record."""
    return [found.strip() for found in _RECORD.findall(body)]


# Elsewhere


def claims_of(message: str) -> list[str]:
    """The lines of a commit's message that name a claim."""
    return [line for line in lines_of(message) if line.startswith(f"{CLAIM_TRAILER}:")]


def slack_problems(message: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse, and what in a message calls somebody or leads somewhere."""
    found = [problem_of(message)] if problem_of(message) else []
    for kind, text in _texts(message):
        bare = _SLACK_LINK.sub("", text) if kind == "mrkdwn" else text
        found += [f"{kind}: {text[:200]!r}"] if re.search(r"[<>]|@(?=\w)", bare) or unseen(bare) else []
    return found


def _texts(found: Any) -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping):
        if isinstance(found.get("text"), str):
            yield found.get("type", "fallback"), found["text"]
        found = list(found.values())
    if isinstance(found, (list, tuple)):
        for value in found:
            yield from _texts(value)


def made(marker: Path, *places: Path) -> list[Path]:
    """The files that a text has made which nobody may make."""
    return [path for place in (marker.parent, *places) for path in place.rglob(f"*{marker.name}*")]
