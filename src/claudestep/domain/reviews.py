"""Pull requests that wait for a review, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from claudestep.domain.models import Project


@dataclass(frozen=True, slots=True)
class OpenReview:
    """An open pull request: of which step, for whom, and how long it has been open (None: not known)."""

    number: int
    step_index: int
    reviewer: str | None
    age: timedelta | None
    is_stale: bool
    conflicts: bool = False
    """It was seen to conflict with its base branch, in a way that takes a person."""

    def __str__(self) -> str:
        whom = f" for {self.reviewer}" if self.reviewer else ""
        days = f", open for {self.age.days} days" if self.age and self.age.days else ""
        states = f"{', stale' if self.is_stale else ''}{', conflicts' if self.conflicts else ''}"
        return f"#{self.number}{whom} (step {self.step_index}{days}{states})"


def open_reviews(project: Project, now: datetime, stale_after: timedelta) -> list[OpenReview]:
    """Every open pull request of a project, the oldest first."""
    found = []
    for step in project.steps:
        for pull in step.open_pull_requests():
            age = now - pull.created_at if pull.created_at else None
            is_stale = age is not None and age >= stale_after
            conflicts = pull.pr_number == step.pr_number and step.conflict_told in {step.head_commit} - {None}
            found.append(OpenReview(pull.pr_number, step.step_index, pull.reviewer, age, is_stale, conflicts))
    return sorted(found, key=lambda review: review.age or timedelta(), reverse=True)
