"""The end of a pull request: merged, or closed unmerged."""

import logging
from dataclasses import dataclass

from claudestep.domain.errors import HostError, RulesetViolation, Transient
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.phrases import sentence
from claudestep.infrastructure.github.asking import ask_of_repository
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.obstacles import method_of_merging
from claudestep.infrastructure.github.replies import Framed, Oid, Reply, Rights, State
from claudestep.infrastructure.hosting.port import CloseRefused, MergeRefused

logger = logging.getLogger(__name__)

_TRIES = 2
_BY_ITS_RULES = "It stays open: merge it as the rules of its base branch want it."


class PullNow(Reply, frozen=True):
    """A pull request as it is now."""

    id: str
    state: State
    body: str
    merge_commit: Oid | None = None


class RightsAndPull(Rights, frozen=True, kw_only=True):
    """The answer to `pull_now`."""

    pull_request: PullNow


class Ended(Reply, frozen=True):
    """How a pull request is after it was to be closed or merged; `merge_commit` where that was asked for."""

    state: State
    merge_commit: Oid | None = None


class EndedPull(Reply, frozen=True):
    """Around it."""

    pull_request: Ended


class Closed(Reply, frozen=True):
    """The answer to `close`."""

    close_pull_request: EndedPull


class Merged(Reply, frozen=True):
    """The answer to `merge`."""

    merge_pull_request: EndedPull


def pull_now(github: GitHub, number: int) -> PullNow:
    """A pull request as it is now, with its text. Raises HostError."""
    return ask_of_repository(github, "pull_now", {"number": number}, Framed[RightsAndPull]).pull_request


@dataclass(frozen=True, slots=True)
class Ender:
    """Merges and closes pull requests."""

    github: GitHub
    known: Known

    def merge(self, pull: PullRequest) -> str:
        """Merge exactly the commit that was seen; return the merge commit. Raises MergeRefused, HostError.

        Where GitHub says that it is merged, and not as which commit, the head that was merged stands for that.
        """
        variables = {
            "pull": pull.id,
            "head": pull.head_commit,
            "method": method_of_merging(self.known.rights()) or "MERGE",
        }
        for left in reversed(range(_TRIES)):
            try:
                answer = self.github.mutate(document("merge"), variables, Merged)
                found: Ended | PullNow = answer.data.merge_pull_request.pull_request
            except HostError as error:
                found = self._after(pull, error, last=not left)
            if found.state == "MERGED":
                return found.merge_commit.oid if found.merge_commit else pull.head_commit
        raise MergeRefused(f"GitHub does not say whether pull request #{pull.number} was merged")

    def _after(self, pull: PullRequest, error: HostError, *, last: bool) -> PullNow:
        """How it is after an error: merged whatever went wrong, or to be tried again. Raises MergeRefused."""
        now = pull_now(self.github, pull.number)
        if now.state == "MERGED" or (isinstance(error, Transient) and not last):
            return now
        words = sentence(error.host_text) if error.host_text else str(error)
        remedy = _BY_ITS_RULES if isinstance(error, RulesetViolation) else error.remedy
        raise MergeRefused(f"pull request #{pull.number} was not merged: {words}", remedy=remedy) from error

    def close(self, pull: PullRequest) -> None:
        """Close it; one that is closed already is fine. Raises CloseRefused."""
        try:
            answer = self.github.mutate(document("close"), {"pull": pull.id}, Closed)
            state = answer.data.close_pull_request.pull_request.state
        except HostError as error:
            state = self._state_after(pull, error)
        if state == "MERGED":
            raise CloseRefused(f"pull request #{pull.number} is merged already")

    def _state_after(self, pull: PullRequest, error: HostError) -> State:
        state: State = "OPEN"
        try:
            state = pull_now(self.github, pull.number).state
        except HostError:
            logger.info("nor can be seen how pull request #%d is now", pull.number)
        if state == "OPEN":
            words = error.host_text or str(error)
            raise CloseRefused(
                f"pull request #{pull.number} was not closed: {words}", remedy=error.remedy
            ) from error
        return state
