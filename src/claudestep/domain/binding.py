"""Which line of spec.md is which step: a step keeps its number for life, whatever happens to the lines.

1. A line is bound to a record of the same text; equal lines pair in order, ticked ones with completed
   records first.
2. A run of changed lines between two bound neighbours pairs in order with the unbound records between
   the same neighbours, if there are as many and none of them has begun.
3. What is left: new lines get the next free numbers, old records become orphans.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from claudestep.domain.models import Project, Step
from claudestep.domain.spec import SpecStep, fold

Pairs = dict[int, int]
"""Position of a line -> position of its record."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A project whose records mirror the lines, and the line of each step that has one, in line order."""

    project: Project
    lines: Mapping[int, SpecStep]


def bind(project: Project, lines: Sequence[SpecStep], now: datetime) -> Bound:
    """Bind every line to a record; binding twice is binding once.

    The records come back in the order of the lines, each orphan behind the record that it stood behind.
    """
    records = project.steps
    pairs = _pair_equal(lines, records)
    pairs |= _pair_reworded(lines, records, pairs)
    numbered = _number(lines, records, pairs)
    orphans = _orphans(records, pairs, now)
    waiting = _wait_for_reviews(numbered, lines, records, pairs)
    steps = _in_line_order(records, waiting, pairs, orphans)
    bound = {step.step_index: line for step, line in zip(waiting, lines, strict=True)}
    steps = tuple(_complete(step, bound.get(step.step_index), now) for step in steps)
    return Bound(project if steps == project.steps else replace(project, steps=steps), bound)


def _pair_equal(lines: Sequence[SpecStep], records: Sequence[Step]) -> Pairs:
    by_text: dict[str, list[int]] = {}
    for position, line in enumerate(lines):
        by_text.setdefault(fold(line.text), []).append(position)
    candidates: dict[str, list[int]] = {}
    for position, record in enumerate(records):
        candidates.setdefault(fold(record.step_description), []).append(position)
    pairs: Pairs = {}
    for text, positions in by_text.items():
        pairs |= _pair_same_text(positions, candidates.get(text, []), lines, records)
    return pairs


def _pair_same_text(
    lines_at: list[int], records_at: list[int], lines: Sequence[SpecStep], records: Sequence[Step]
) -> Pairs:
    """Pair equal lines: ticked ones with completed records, then the rest in order.

    Where there are more records than lines, the unfinished and living ones come first; where there are fewer,
    the unticked lines do: a ticked one needs no record.
    """
    ticked = [p for p in lines_at if lines[p].ticked]
    finished = [r for r in records_at if _finished(records[r])]
    done = _first(
        finished, len(ticked), lambda r: (records[r].completed_at is None, records[r].orphaned_at is not None)
    )
    pairs = dict(zip(ticked, done, strict=False))
    rest = [r for r in records_at if r not in done]
    left = _first([p for p in lines_at if p not in pairs], len(rest), lambda p: lines[p].ticked)
    kept = _first(rest, len(left), lambda r: (_finished(records[r]), records[r].orphaned_at is not None))
    return pairs | dict(zip(left, kept, strict=True))


def _first(positions: list[int], count: int, rank: Callable[[int], bool | tuple[bool, bool]]) -> list[int]:
    """The `count` positions of lowest rank, in their own order."""
    return sorted(sorted(positions, key=rank)[:count])


def _finished(step: Step) -> bool:
    return step.completed_at is not None or step.pr_state == "merged"


def _gaps(
    lines: Sequence[SpecStep], records: Sequence[Step], pairs: Pairs
) -> Iterable[tuple[list[int], list[int]]]:
    """Each run of unbound lines, with the unbound records between the records of its two neighbours."""
    taken = set(pairs.values())
    run: list[int] = []
    before = -1
    for position in range(len(lines) + 1):
        if position < len(lines) and position not in pairs:
            run.append(position)
            continue
        after = pairs[position] if position < len(lines) else len(records)
        if run:
            yield run, [r for r in range(before + 1, after) if r not in taken]
        run, before = [], after


def _pair_reworded(lines: Sequence[SpecStep], records: Sequence[Step], pairs: Pairs) -> Pairs:
    found: Pairs = {}
    for run, between in _gaps(lines, records, pairs):
        living = [r for r in between if records[r].orphaned_at is None and r not in found.values()]
        if len(living) == len(run) and not any(records[r].begun for r in living):
            found |= dict(zip(run, living, strict=True))
    return found


def _number(lines: Sequence[SpecStep], records: Sequence[Step], pairs: Pairs) -> list[Step]:
    """The record of every line, in line order: the one it is bound to, or a new one."""
    free = max((record.step_index for record in records), default=0) + 1
    steps = []
    for position, line in enumerate(lines):
        if position in pairs:
            steps.append(_bound(records[pairs[position]], line))
        else:
            steps.append(Step(step_index=free, step_description=fold(line.text)))
            free += 1
    return steps


def _bound(record: Step, line: SpecStep) -> Step:
    """The record of a line that is there; the very same one where nothing is new, as with nearly all of them."""
    description = _description(record, line)
    if record.orphaned_at is None and record.step_description == description:
        return record
    return replace(record, step_description=description, orphaned_at=None)


def _description(record: Step, line: SpecStep) -> str:
    same = fold(record.step_description) == fold(line.text)
    return record.step_description if same else fold(line.text)


def _orphans(records: Sequence[Step], pairs: Pairs, now: datetime) -> Mapping[int, Step]:
    taken = set(pairs.values())
    return {
        position: replace(record, orphaned_at=record.orphaned_at or now)
        for position, record in enumerate(records)
        if position not in taken
    }


def _wait_for_reviews(
    steps: list[Step], lines: Sequence[SpecStep], records: Sequence[Step], pairs: Pairs
) -> list[Step]:
    """A new line in the gap of a record that is in review may be its rewording: note whom it waits for."""
    result = list(steps)
    for run, between in _gaps(lines, records, pairs):
        busy = tuple(records[r].step_index for r in between if records[r].busy)
        for position in run:
            result[position] = replace(result[position], waits_for=busy)
    return result


def _in_line_order(
    records: Sequence[Step], steps: Sequence[Step], pairs: Pairs, orphans: Mapping[int, Step]
) -> tuple[Step, ...]:
    behind: dict[int, list[Step]] = {}
    anchor = -1
    for position in range(len(records)):
        if position in orphans:
            behind.setdefault(anchor, []).append(orphans[position])
        else:
            anchor = position
    ordered = list(behind.get(-1, []))
    for position, step in enumerate(steps):
        ordered.append(step)
        ordered += behind.get(pairs.get(position, -2), [])
    return tuple(ordered)


def _complete(step: Step, line: SpecStep | None, now: datetime) -> Step:
    """Note when the box was first seen ticked on the base branch, and forget it when it is unticked."""
    if line is None or line.ticked == (step.completed_at is not None):
        return step
    return replace(step, completed_at=now if line.ticked else None)


def forget_ended_reviews(project: Project) -> Project:
    """Return the project whose lines wait only for removed steps that are still in review or worked on."""
    busy = {step.step_index for step in project.steps if step.orphaned_at is not None and step.busy}

    def one(step: Step) -> Step:
        left = tuple(index for index in step.waits_for if index in busy)
        return step if left == step.waits_for else replace(step, waits_for=left)

    return project.with_each(one)
