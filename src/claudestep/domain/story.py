"""The story of a write: what changed in the documents, in sentences that stand in the commit's message."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from claudestep.domain.models import Project, Step
from claudestep.domain.step_story import step_differences


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A document before and after a write; None where there is none."""

    before: Project | None
    after: Project | None


def story(rewrites: Mapping[str, Rewrite]) -> list[str]:
    """Tell a write of several documents, each sentence with its project where there are several."""
    rewrites, moved = _without_moves(rewrites)
    told = {name: differences(one.before, one.after) for name, one in rewrites.items()}
    told |= {new: [f"renamed from {old}", *told.get(new, [])] for old, new in moved.items()}
    if len(told) == 1:
        return next(iter(told.values()))
    return [f"{name}: {sentence}" for name, sentences in sorted(told.items()) for sentence in sentences]


def _without_moves(rewrites: Mapping[str, Rewrite]) -> tuple[dict[str, Rewrite], dict[str, str]]:
    """The rewrites with each renamed document as one, and the new name by the old one."""
    left, moved = dict(rewrites), dict[str, str]()
    gone = {name: one.before for name, one in rewrites.items() if one.before and one.after is None}
    for name, one in rewrites.items():
        old = next((old for old, was in gone.items() if _is_moved(was, one)), None)
        if old is not None and one.after is not None:
            was = gone.pop(old)
            moved[old] = name
            left[name] = Rewrite(replace(was, project=one.after.project), one.after)
            del left[old]
    return left, moved


def _is_moved(gone: Project, one: Rewrite) -> bool:
    """Whether a new document is one that is gone elsewhere: begun at the same time, with the same steps."""
    if one.before is not None or one.after is None:
        return False
    numbers = {step.step_index for step in one.after.steps}
    return gone.created_at == one.after.created_at and {step.step_index for step in gone.steps} <= numbers


def differences(before: Project | None, after: Project | None) -> list[str]:
    """Say what changed between two states of a document, in sentences; [] where only its date did."""
    if after is None:
        return [] if before is None else ["document removed"]
    if before is None:
        return _compare(Project(project=after.project, created_at=after.created_at), after)
    return _compare(before, after)


def _compare(before: Project, after: Project) -> list[str]:
    told = [*_added_and_removed(before, after)]
    known = {step.step_index: step for step in before.steps}
    for step in after.steps:
        told += step_differences(known.get(step.step_index) or _untouched(step), step)
    told += _of_document(before, after)
    if not told and replace(before, last_updated=after.last_updated) != after:
        return ["details of the document changed"]
    return told


def _untouched(step: Step) -> Step:
    """A step as it is when its line is first seen."""
    return Step(step_index=step.step_index, step_description=step.step_description)


def _added_and_removed(before: Project, after: Project) -> list[str]:
    known = {step.step_index for step in before.steps}
    there = {step.step_index for step in after.steps}
    told = []
    if there - known:
        told.append(_count(len(there - known), "added"))
    if known - there:
        told.append(_count(len(known - there), "taken out"))
    return told


def _count(number: int, what: str) -> str:
    return f"{number} step{'' if number == 1 else 's'} {what}"


def _of_document(before: Project, after: Project) -> list[str]:
    told = []
    if _order(before, after) != _order(after, before):
        told.append("order of the lines changed")
    if before.schema_version != after.schema_version:
        told.append(f"schema {before.schema_version} became {after.schema_version}")
    if before.extra != after.extra:
        told.append("other keys changed")
    return told


def _order(project: Project, other: Project) -> list[int]:
    """The order of those of its steps that the other one has too."""
    common = {step.step_index for step in other.steps}
    return [step.step_index for step in project.steps if step.step_index in common]
