"""The pull requests that the documents have, and those of them that their host has not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from claudestep.domain.models import PreviousPullRequest, Project
from claudestep.domain.observation import PullRequest


@dataclass(frozen=True, slots=True)
class RecordedPull:
    """A pull request as a document has it, and whose it is."""

    project: str
    step_index: int
    pull: PreviousPullRequest

    def __str__(self) -> str:
        return f"pull request #{self.pull.pr_number} of step {self.step_index}"

    @property
    def remedy(self) -> str:
        """What to do about one that the host does not have: its reviewer is taken up for ever else."""
        return f"Record that it is over: claudestep close {self.pull.pr_number}"


def recorded(projects: Iterable[Project]) -> Iterator[RecordedPull]:
    """Every pull request that is recorded, those of earlier attempts too."""
    for project in projects:
        for step in project.steps:
            yield from (RecordedPull(project.project, step.step_index, pull) for pull in step.pull_requests())


def not_found(projects: Iterable[Project], pulls: Iterable[PullRequest]) -> list[RecordedPull]:
    """Those that are recorded open and were not seen.

    After an observation they have to be asked after; when they were, the host does not have them: a number that
    is another branch's by now is none of them.
    """
    seen = {key for pull in pulls for key in pull.keys}
    return [one for one in recorded(projects) if one.pull.pr_state == "open" and one.pull.key not in seen]
