"""Who has room for one more pull request."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from claudestep.domain.config import Config, RepositoryConfig, Reviewer
from claudestep.domain.models import Project
from claudestep.domain.naming import parse_step_branch
from claudestep.domain.observation import PullRequest


@dataclass(frozen=True, slots=True)
class Load:
    """An open pull request, or a claim that will become one."""

    project: str
    reviewer: str | None
    branch: str


def loads(projects: Mapping[str, Project], pulls: Collection[PullRequest]) -> tuple[Load, ...]:
    """Everything that waits for a reviewer, each branch once.

    What the documents call open and what the host calls open both count: in doubt, nobody has room.
    """
    found = {
        pull.branch: Load(branch.project, pull.reviewer or _recorded_reviewer(pull), pull.branch)
        for pull in pulls
        if pull.state == "open" and (branch := parse_step_branch(pull.branch)) is not None
    }
    # The branches of a project that was renamed keep its old name, which has no document any more.
    branches = {pull.number: pull.branch for pull in pulls}
    for name, project in projects.items():
        decided = _decided_branches(project)
        foreign = projects.keys() - {name}
        found = {b: load for b, load in found.items() if load.project in foreign or b not in decided}
        found |= {load.branch: load for load in _of_project(name, project, branches)}
    return tuple(found.values())


def _recorded_reviewer(pull: PullRequest) -> str | None:
    return pull.record.reviewer if pull.record else None


def _decided_branches(project: Project) -> set[str | None]:
    """Branches whose pull request is over by the (reconciled) document, whatever the host infers."""
    ended = ("merged", "closed")
    current = {step.branch_name for step in project.steps if step.pr_state in ended}
    earlier = (p for step in project.steps for p in step.previous_pull_requests)
    return current | {p.branch_name for p in earlier if p.pr_state in ended}


def _of_project(name: str, project: Project, branches: Mapping[int, str]) -> Iterable[Load]:
    for step in project.steps:
        if step.in_review:
            yield Load(
                name, step.reviewer, step.branch_name or branches.get(step.pr_number or 0, f"#{step.pr_number}")
            )
        for previous in step.previous_pull_requests:
            if previous.pr_state == "open":
                yield Load(name, previous.reviewer, previous.branch_name)
        if step.claim is not None:
            yield Load(name, step.claim.reviewer, step.claim.branch)


@dataclass(frozen=True, slots=True)
class Room:
    """One reviewer's room: what they have, and the most they take, here and in the whole repository."""

    reviewer: Reviewer
    here: int
    everywhere: int
    limit_everywhere: int | None

    @property
    def is_free(self) -> bool:
        """Whether one more fits."""
        fits_everywhere = self.limit_everywhere is None or self.everywhere < self.limit_everywhere
        return self.here < self.reviewer.max_open_prs and fits_everywhere

    def __str__(self) -> str:
        text = f"{self.reviewer.username} has {self.here} of {self.reviewer.max_open_prs}"
        if self.limit_everywhere is not None:
            text += f" ({self.everywhere} of {self.limit_everywhere} in the repository)"
        return text


def rooms(project: str, config: Config, repository: RepositoryConfig, load: Iterable[Load]) -> list[Room]:
    """The room of each reviewer of a project, in the order of the configuration."""
    listed = list(load)
    return [
        Room(
            reviewer,
            here=sum(_is_of(one, reviewer) and one.project == project for one in listed),
            everywhere=sum(_is_of(one, reviewer) for one in listed),
            limit_everywhere=repository.max_open_prs_per_reviewer,
        )
        for reviewer in config.reviewers
    ]


def _is_of(load: Load, reviewer: Reviewer) -> bool:
    return (load.reviewer or "").casefold() == reviewer.username.casefold()


def choose(candidates: Iterable[Room]) -> Reviewer | None:
    """The least loaded reviewer with room, ties in the order of the configuration."""
    free = [room for room in candidates if room.is_free]
    return min(free, key=lambda room: (room.here, room.everywhere)).reviewer if free else None
