"""Labels, assignee and review of a pull request: one request, and none of it is worth a failed step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from claudestep.domain.errors import HostError, Transient, Unprocessable
from claudestep.domain.naming import LABEL
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import ask, require
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.replies import Done, Framed, Reply, User, Wardrobe
from claudestep.infrastructure.hosting.port import Dress

T = TypeVar("T")


class PullId(Reply, frozen=True):
    """A pull request that is to be dressed; its author may be gone."""

    id: str
    author: User | None = None


class WardrobeOfPull(Wardrobe, frozen=True, kw_only=True):
    """The answer to `wardrobe`, but for the viewer."""

    pull_request: PullId


class WardrobeAnswer(Framed[WardrobeOfPull], frozen=True):
    """The answer to `wardrobe`."""

    viewer: User | None = None


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
        variables = {"pull": pull.id, **wanted.variables}
        try:
            answer = _twice(lambda: self.github.mutate(document("dress"), variables, Done, partial=True))
        except HostError as error:
            return dict.fromkeys(("label", "assign", "review"), error)
        return {error.alias: error for error in answer.problems}

    def _add_by_name(self, pull: PullRequest, names: list[str]) -> dict[str, HostError]:
        """Add labels by name, which makes those that there are not; return why some are not there.

        One that GitHub has as no label must not cost the others: refused together, they are sent one by one.
        https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
        """
        if not names:
            return {}
        path = f"/repos/{self.github.repository}/issues/{pull.number}/labels"
        try:
            _twice(lambda: self.github.rest("POST", path, object, {"labels": names}))
        except Unprocessable as error:
            if len(names) == 1:
                return {names[0]: error}
            return {name: why for one in names for name, why in self._add_by_name(pull, [one]).items()}
        except HostError as error:
            return dict.fromkeys(names, error)
        return {}

    def _warnings(
        self, wanted: _Wanted, failed: dict[str, HostError], labels: dict[str, HostError]
    ) -> Iterator[str]:
        for why in dict.fromkeys(map(str, labels.values())):
            names = (name for name, error in labels.items() if str(error) == why)
            yield f"the labels {', '.join(names)} could not be set: {why}"
        if wanted.reviewer is None:
            return
        if "assign" in failed:
            yield f"{wanted.reviewer} could not be assigned: {failed['assign']}"
        elif wanted.user is None:
            yield f"{wanted.reviewer} is no collaborator of {self.github.repository}: nobody was asked to review"
        if "review" in failed and wanted.is_asked and wanted.user is not None:
            yield f"{wanted.reviewer} could not be asked for the review: {failed['review']}"


def _twice(send: Callable[[], T]) -> T:
    """What comes of it; after a fault it is sent once more, for all of it may be done twice."""
    try:
        return send()
    except Transient:
        return send()
