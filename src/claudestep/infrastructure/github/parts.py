"""A log that comes in parts, newest first, however they are asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from claudestep.domain.observation import LogEntry


@dataclass(frozen=True, slots=True)
class Part:
    """Some commits of a log; `is_last` where it ends with them."""

    entries: Sequence[LogEntry]
    is_last: bool


def back_to(since: str, parts: Iterable[Part]) -> tuple[tuple[LogEntry, ...], bool]:
    """The commits back to (without) `since`, and whether it was reached; "" is reached at the end of the log."""
    found: list[LogEntry] = []
    for part in parts:
        for entry in part.entries:
            if entry.version == since:
                return tuple(found), True
            found.append(entry)
        if part.is_last:
            return (tuple(found), True) if not since else ((), False)
    return (), False


def newest(most: int, parts: Iterable[Part]) -> tuple[LogEntry, ...]:
    """So many commits, fewer where there are no more; no part is asked for beyond them."""
    found: list[LogEntry] = []
    for part in parts:
        found += part.entries
        if len(found) >= most:
            break
    return tuple(found[:most])
