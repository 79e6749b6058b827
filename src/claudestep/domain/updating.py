"""Open pull requests that conflict with their base branch: which they are, and what becomes of spec.md.

Two steps that stand next to each other tick adjacent lines, which conflicts in git as soon as one is merged.
Nothing about that has to be decided: the base branch's spec.md is right, with one more tick.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from claudestep.domain.binding import Bound
from claudestep.domain.models import Step
from claudestep.domain.naming import spec_path
from claudestep.domain.observation import BaseTree, PullRequest
from claudestep.domain.spec import Spec, only_tick

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project's pull requests go, and its spec there; None where that is gone."""

    base: BaseTree
    spec: Spec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The spec.md that resolves a conflict; or, in its place, why a person has to see to it."""

    spec: bytes = b""
    obstacle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchUpdate:
    """The branch of a recorded pull request that conflicts with its base, or may.

    `spec` is the base's spec.md with the step ticked, None where its line is not there any more; `told` is whether
    it was said for this very head that a person has to see to it.
    """

    project: str
    step_index: int
    description: str
    pull: PullRequest
    base: BaseTree
    spec: bytes | None
    told: bool = False

    @property
    def head(self) -> str:
        """The commit that the branch was seen at."""
        return self.pull.tip or self.pull.head_commit

    @property
    def spec_path(self) -> str:
        """The one file that may conflict."""
        return spec_path(self.project)

    def resolve(self, conflicts: Collection[str], before: Spec | None, after: bytes | None) -> Resolution:
        """Resolve the conflict, where the base's spec with one more tick is all that it takes.

        `conflicts` are the files that git cannot merge; `before` and `after` the spec.md that the branch began with
        and the one that it has.
        """
        others = sorted(set(conflicts) - {self.spec_path})
        if others:
            return Resolution(obstacle=f"{_listed(others)} {'conflict' if len(others) > 1 else 'conflicts'}, too")
        if self.spec is None:
            gone = f"the line of its step is not in {self.spec_path} on {self.base.branch} any more"
            return Resolution(obstacle=gone)
        if before is None or after is None or not only_tick(before, after, self.description):
            return Resolution(obstacle=f"it changes more of {self.spec_path} than the tick of its step")
        return Resolution(spec=self.spec)


def may_conflict(pull: PullRequest) -> bool:
    """Whether it is open and conflicts, or its host does not say that it does not."""
    return pull.state == "open" and pull.conflicting is not False


def updates(
    pulls: Iterable[PullRequest], bound: Mapping[str, Bound], places: Mapping[str, Place]
) -> tuple[BranchUpdate, ...]:
    """The open pull requests of steps that conflict, and those of which the host does not say it.

    One that goes to another branch than its project's is none of them.
    """
    by_key = {pull.key: pull for pull in pulls if may_conflict(pull)}
    found = []
    for name, place in sorted(places.items()):
        for step in bound[name].project.steps if by_key and name in bound else ():
            pull = by_key.get(step.pull_requests()[-1].key) if step.in_review and step.pr_number else None
            if pull is not None and place.base.branch == _base(pull):
                found.append(_update(name, step, pull, place, bound[name]))
    return tuple(found)


def _base(pull: PullRequest) -> str:
    return pull.base_branch or (pull.record.base_branch if pull.record else "")


def _update(name: str, step: Step, pull: PullRequest, place: Place, bound: Bound) -> BranchUpdate:
    return BranchUpdate(
        project=name,
        step_index=step.step_index,
        description=step.step_description,
        pull=pull,
        base=place.base,
        spec=_ticked(step, place.spec, bound),
        told=step.conflict_told == (pull.tip or pull.head_commit),
    )


def _ticked(step: Step, spec: Spec | None, bound: Bound) -> bytes | None:
    line = bound.lines.get(step.step_index)
    if spec is None or line is None:
        return None
    return spec.content if line.ticked else spec.tick(line)


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return f"{', '.join(paths[:_MOST_NAMED])}{more}"
