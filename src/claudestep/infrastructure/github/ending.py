"""The end of a pull request: merged, or closed unmerged."""

import logging
from dataclasses import dataclass

from claudestep.domain.errors import HostError, Transient
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.github.asking import ask_of_repository
from claudestep.infrastructure.github.client import GitHub
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.outcomes import Closed, Merged
from claudestep.infrastructure.github.replies import Framed, Oid, PullNow, Rights, RightsAndPull, State
from claudestep.infrastructure.hosting.port import CloseRefused, MergeRefused

logger = logging.getLogger(__name__)

_TRIES = 2
_MAY_NOT_WRITE = ("READ", "TRIAGE")


def pull_now(github: GitHub, number: int) -> PullNow:
    """A pull request as it is now, with its text. Raises HostError."""
    return ask_of_repository(github, "pull_now", {"number": number}, Framed[RightsAndPull]).pull_request


@dataclass(frozen=True, slots=True)
class Ender:
    """Merges and closes pull requests."""

    github: GitHub
    known: Known

    def obstacle(self) -> str | None:
        """Why nothing could be merged, as far as that is known beforehand. Raises HostError."""
        rights = self.known.rights()
        if rights.is_archived:
            return f"the repository {self.github.repository} is archived: it can only be read"
        if rights.viewer_permission in _MAY_NOT_WRITE:
            return f"the token may not write to {self.github.repository}"
        return None if _method(rights) else f"{self.github.repository} allows no way of merging pull requests"

    def merge(self, pull: PullRequest) -> str:
        """Merge exactly the commit that was seen; return the merge commit. Raises MergeRefused, HostError."""
        variables = {"pull": pull.id, "head": pull.head_commit, "method": _method(self.known.rights()) or "MERGE"}
        for left in reversed(range(_TRIES)):
            try:
                answer = self.github.mutate(document("merge"), variables, Merged)
                merged = answer.data.merge_pull_request.pull_request.merge_commit
            except HostError as error:
                merged = self._merged_all_the_same(pull, error, last=not left)
            if merged is not None:
                return merged.oid
        raise MergeRefused(f"GitHub does not say whether pull request #{pull.number} was merged")

    def _merged_all_the_same(self, pull: PullRequest, error: HostError, *, last: bool) -> Oid | None:
        """The merge commit of one that is merged whatever went wrong; None where it may be tried again."""
        now = pull_now(self.github, pull.number)
        if now.state == "MERGED":
            return now.merge_commit
        if isinstance(error, Transient) and not last:
            return None
        words = error.host_text or str(error)
        raise MergeRefused(f"pull request #{pull.number} was not merged: {words}", remedy=error.remedy) from error

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


def _method(rights: Rights) -> str | None:
    """The way of merging that the repository allows and that keeps most of the history."""
    allowed = {
        "MERGE": rights.merge_commit_allowed,
        "SQUASH": rights.squash_merge_allowed,
        "REBASE": rights.rebase_merge_allowed,
    }
    return next((method for method, is_allowed in allowed.items() if is_allowed), None)
