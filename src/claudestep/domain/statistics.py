"""The figures, as a fold over the documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from claudestep.domain.ai_tasks import CostTotal, group_costs
from claudestep.domain.models import Progress, Project, PullRequestState, Step

_STATES: tuple[PullRequestState, ...] = ("open", "merged", "closed")


@dataclass(frozen=True, slots=True)
class ProjectFigures:
    """One project. `removed` are steps whose line is gone; they are in the cost and not in the progress."""

    name: str
    progress: Progress
    removed: int
    open: int
    merged: int
    closed: int
    cost: CostTotal
    last_updated: datetime | None

    @property
    def cost_per_merge(self) -> float | None:
        """US dollars for a merged pull request; None while nothing is merged or a cost is unknown."""
        return self.cost.usd / self.merged if self.merged and not self.cost.unknown else None


@dataclass(frozen=True, slots=True)
class ReviewerFigures:
    """One reviewer over all projects."""

    name: str
    open: int
    merged: int
    closed: int


@dataclass(frozen=True, slots=True)
class Report:
    """All figures at one moment."""

    at: datetime
    projects: tuple[ProjectFigures, ...]
    reviewers: tuple[ReviewerFigures, ...]
    cost: CostTotal
    cost_by_model: Mapping[str, CostTotal]
    cost_by_type: Mapping[str, CostTotal]

    @property
    def progress(self) -> Progress:
        """All projects together."""
        return Progress(
            sum(figures.progress.done for figures in self.projects),
            sum(figures.progress.total for figures in self.projects),
        )


def summarize(projects: Iterable[Project], now: datetime) -> Report:
    """Fold the documents into a report."""
    listed = sorted(projects, key=lambda project: project.project)
    tasks = [task for project in listed for task in project.ai_tasks]
    return Report(
        at=now,
        projects=tuple(_project(project) for project in listed),
        reviewers=_reviewers(listed),
        cost=CostTotal.of(task.cost_usd for task in tasks),
        cost_by_model=group_costs(cost for task in tasks for cost in task.costs()),
        cost_by_type=group_costs((task.type, task.cost_usd) for task in tasks),
    )


def _project(project: Project) -> ProjectFigures:
    states = [state for step in project.steps for _, state in _pull_requests(step)]
    return ProjectFigures(
        name=project.project,
        progress=project.progress,
        removed=sum(step.orphaned_at is not None for step in project.steps),
        open=states.count("open"),
        merged=states.count("merged"),
        closed=states.count("closed"),
        cost=project.cost,
        last_updated=project.last_updated,
    )


def _reviewers(projects: Iterable[Project]) -> tuple[ReviewerFigures, ...]:
    pulls = [pull for project in projects for step in project.steps for pull in _pull_requests(step)]
    names = sorted({name for name, _ in pulls if name}, key=str.casefold)
    return tuple(ReviewerFigures(name, *(pulls.count((name, state)) for state in _STATES)) for name in names)


def _pull_requests(step: Step) -> list[tuple[str | None, PullRequestState]]:
    """Reviewer and state of every pull request of a step, earlier attempts too."""
    found = [(previous.reviewer, previous.pr_state) for previous in step.previous_pull_requests]
    if step.pr_state is not None:
        found.append((step.reviewer, step.pr_state))
    return found
