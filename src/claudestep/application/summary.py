"""The summary of a pull request: what the AI says about a change, in a fixed structure, as data from outside."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

_LONGEST = 2_000
_MOST = 12


class _Raw(msgspec.Struct, frozen=True):
    """What is asked for."""

    what_changed: str
    how_to_review: list[str] = []
    risks: list[str] = []


@dataclass(frozen=True, slots=True)
class Summary:
    """What changed, what a reviewer should look at, and what may go wrong."""

    what_changed: str
    how_to_review: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()


def schema() -> Mapping[str, object]:
    """The JSON Schema of the answer."""
    points = {"type": "array", "items": {"type": "string"}, "maxItems": 5}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["what_changed", "how_to_review", "risks"],
        "properties": {
            "what_changed": {"type": "string", "description": "Two to four sentences."},
            "how_to_review": {**points, "description": "What to look at, file by file where that helps."},
            "risks": {**points, "description": "What may break; empty where nothing may."},
        },
    }


def read_summary(answer: Mapping[str, object] | None) -> tuple[Summary | None, str]:
    """The summary of an answer; or None, and what is wrong with it."""
    if answer is None:
        return None, "the answer has not the form that was asked for"
    try:
        raw = msgspec.convert(answer, _Raw)
    except msgspec.ValidationError as error:
        return None, f"the answer has not the form that was asked for: {error}"
    if not raw.what_changed.strip():
        return None, "the answer is empty"
    return Summary(raw.what_changed.strip()[:_LONGEST], _cut(raw.how_to_review), _cut(raw.risks)), ""


def _cut(points: list[str]) -> tuple[str, ...]:
    return tuple(" ".join(point.split())[:_LONGEST] for point in points if point.strip())[:_MOST]
