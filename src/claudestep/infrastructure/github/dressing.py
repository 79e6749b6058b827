"""Labels, assignee and review of a pull request: one request, and none of it is worth a failed step."""

from collections.abc import Iterator
from dataclasses import dataclass

from claudestep.domain.errors import HostError, Transient
from claudestep.domain.naming import LABEL
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.github.asking import ask, require
from claudestep.infrastructure.github.client import GitHub
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.outcomes import Done
from claudestep.infrastructure.github.replies import WardrobeAnswer
from claudestep.infrastructure.hosting.port import Dress

_TRIES = 2
"""All of it may be done twice."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be put on, by GitHub's ids."""

    labels: dict[str, str | None]
    reviewer: str | None
    user: str | None
    is_asked: bool

    @property
    def variables(self) -> dict[str, object]:
        labels = [label for label in self.labels.values() if label is not None]
        users = [self.user] if self.user else []
        reviewers = users if self.is_asked else []
        return {
            "labels": labels, "assignees": users, "reviewers": reviewers,
            "hasLabels": bool(labels), "hasAssignees": bool(users), "hasReviewers": bool(reviewers),
        }  # fmt: skip

    @property
    def is_nothing(self) -> bool:
        return not self.variables["hasLabels"] and not self.user

    @property
    def unknown_labels(self) -> list[str]:
        """Those that have to be made, or are beyond the first hundred."""
        return [name for name, label in self.labels.items() if label is None]


@dataclass(frozen=True, slots=True)
class Dresser:
    """Dresses pull requests."""

    github: GitHub
    known: Known

    def dress(self, pull: PullRequest, dress: Dress) -> tuple[str, ...]:
        """Put everything on; return in sentences what could not be."""
        failed: dict[str, HostError] = {}
        try:
            self._learn(pull, dress.reviewer)
        except HostError as error:
            failed["assign"] = error
        wanted = self._wanted(pull, dress)
        failed |= self._send(pull, wanted)
        by_name = list(wanted.labels) if "label" in failed else wanted.unknown_labels
        return tuple(self._warnings(wanted, failed, self._add_by_name(pull, by_name)))

    def _learn(self, pull: PullRequest, reviewer: str | None) -> None:
        """Ask for the ids that are not known, as they are after the pull request was opened here."""
        if pull.number in self.known.authors and (reviewer is None or reviewer.casefold() in self.known.users):
            return
        variables = {"number": pull.number, "reviewer": reviewer or "", "hasReviewer": reviewer is not None}
        answer = ask(self.github, "wardrobe", variables, WardrobeAnswer).data
        repository = require(self.github, answer.repository)
        self.known.learn_wardrobe(repository, reviewer)
        self.known.learn_author(pull.number, repository.pull_request.author)
        self.known.viewer = answer.viewer.login if answer.viewer else None

    def _wanted(self, pull: PullRequest, dress: Dress) -> _Wanted:
        names = {name.casefold(): name for name in (*dress.labels, LABEL) if name.strip()}
        reviewer = (dress.reviewer or "").casefold()
        themselves = {(name or "").casefold() for name in (self.known.authors.get(pull.number), self.known.viewer)}
        return _Wanted(
            labels={name: self.known.labels.get(folded) for folded, name in names.items()},
            reviewer=dress.reviewer,
            user=self.known.users.get(reviewer),
            is_asked=reviewer not in themselves,
        )

    def _send(self, pull: PullRequest, wanted: _Wanted) -> dict[str, HostError]:
        """Send what has an id; return what failed, by the part of the document."""
        if wanted.is_nothing:
            return {}
        tries = 0
        while True:
            tries += 1
            try:
                answer = self.github.mutate(
                    document("dress"), {"pull": pull.id, **wanted.variables}, Done, partial=True
                )
            except HostError as error:
                if not isinstance(error, Transient) or tries >= _TRIES:
                    return dict.fromkeys(("label", "assign", "review"), error)
            else:
                return {error.alias: error for error in answer.problems}

    def _add_by_name(self, pull: PullRequest, names: list[str]) -> HostError | None:
        """Add labels by name, which makes those that there are not; return why they are not there.

        https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
        """
        if not names:
            return None
        path = f"/repos/{self.github.repository}/issues/{pull.number}/labels"
        try:
            self.github.rest("POST", path, object, {"labels": names})
        except HostError as error:
            return error
        return None

    def _warnings(self, wanted: _Wanted, failed: dict[str, HostError], labels: HostError | None) -> Iterator[str]:
        if labels is not None:
            yield f"the labels {', '.join(wanted.labels)} could not be set: {labels}"
        if wanted.reviewer is None:
            return
        if "assign" in failed:
            yield f"{wanted.reviewer} could not be assigned: {failed['assign']}"
        elif wanted.user is None:
            yield f"{wanted.reviewer} is no collaborator of {self.github.repository}: nobody was asked to review"
        if "review" in failed and wanted.is_asked and wanted.user is not None:
            yield f"{wanted.reviewer} could not be asked for the review: {failed['review']}"
