"""The machine-readable record in the body of a pull request: an HTML comment that nobody has to see.

A rebuild of a lost document reads it. Everything in it is data from outside: what does not fit is no record.
"""

import re

import msgspec

from claudestep.domain.errors import InvalidDocument
from claudestep.domain.observation import StepRecord
from claudestep.infrastructure.metadata import codec

_BLOCK = re.compile(r"<!-- claudestep:record (?P<json>\{.*?\}) -->")


class _Record(msgspec.Struct, frozen=True):
    """The JSON of a record."""

    project: str
    step_index: int
    step_description: str
    reviewer: str | None = None
    base_branch: str = ""
    schema_version: str = "1.0"
    claim: str = ""
    ai_tasks: list[msgspec.Raw] = []


def write(record: StepRecord) -> str:
    """The block; nothing inside it can end the comment."""
    text = msgspec.json.encode(
        _Record(
            project=record.project,
            step_index=record.step_index,
            step_description=record.step_description,
            reviewer=record.reviewer,
            base_branch=record.base_branch,
            claim=record.claim_id,
            ai_tasks=[msgspec.Raw(codec.encode_ai_task(task)) for task in record.ai_tasks],
        )
    ).decode()
    return f"<!-- claudestep:record {''.join(map(_seen, text))} -->"


def _seen(char: str) -> str:
    """A character of JSON as it is, or by its number where it ends a comment or is not seen."""
    if char.isprintable() and char != ">":
        return char
    data = char.encode("utf-16-be")
    return "".join(f"\\u{data[i : i + 2].hex()}" for i in range(0, len(data), 2))


def read(body: str) -> StepRecord | None:
    """The record of a body, None where there is none that can be understood."""
    match = _BLOCK.search(body)
    if not match:
        return None
    try:
        raw = msgspec.json.decode(match["json"], type=_Record)
        tasks = [task for one in raw.ai_tasks for task in codec.decode_ai_tasks("record", bytes(one))]
    except (msgspec.MsgspecError, InvalidDocument, RecursionError, UnicodeError):
        return None
    return StepRecord(
        project=raw.project,
        step_index=raw.step_index,
        step_description=raw.step_description,
        reviewer=raw.reviewer,
        base_branch=raw.base_branch,
        claim_id=raw.claim,
        ai_tasks=tuple(tasks),
    )
