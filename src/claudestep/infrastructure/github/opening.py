"""Opening a pull request: GitHub refuses a second open one of a branch, so that trying again doubles nothing."""

import re
from dataclasses import dataclass, replace

from claudestep.domain.errors import HostError, Transient, Unprocessable, UnreadableReply, Unrecognized
from claudestep.domain.observation import PullRequest
from claudestep.domain.text import shortened
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.heads import pulls_of
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.pull_requests import pull_request, with_records
from claudestep.infrastructure.github.replies import Pull, Reply, User, Wardrobe
from claudestep.infrastructure.hosting import marked_part, record_block
from claudestep.infrastructure.hosting.port import Draft

_WAITS = (2.0, 4.0, 8.0)
"""Seconds before another try; what was just written was seen to be missing for ten."""
_LONGEST_TITLE = 256
_NO_RECORD = "The record of this step is too long for a pull request; it is on the metadata branch only."
_LEAST_TEXT = 1000
_MARKS = len(marked_part.marked(""))
_MAY_PASS = re.compile(r"already exists|head (sha|ref)\b", re.IGNORECASE)
"""One is there, but may not be shown yet; or the branch that was pushed a moment ago is not known everywhere."""


class OpenedPull(Pull, frozen=True, kw_only=True):
    """A pull request that was just opened, and what dressing it needs."""

    repository: Wardrobe
    author: User | None = None


class Opened(Reply, frozen=True):
    """Around a pull request that was just opened."""

    pull_request: OpenedPull


class CreatedPullRequest(Reply, frozen=True):
    """The answer to `create_pull_request`."""

    create_pull_request: Opened


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens pull requests, and finds those that are there."""

    github: GitHub
    known: Known
    clock: Clock

    def open(self, draft: Draft) -> PullRequest:
        """Open it, or return the one that is there.

        Raises HostError; Unprocessable only where GitHub surely never will.
        """
        waits = iter(_WAITS)
        while True:
            try:
                return self._create(draft)
            except (Transient, UnreadableReply, Unprocessable) as error:
                if _is_final(error):
                    raise
                found = self._find(draft)
                if found is not None:
                    return found
                wait = next(waits, None)
                if wait is None:
                    raise _judged(error) from error
            self.clock.sleep(wait)

    def _create(self, draft: Draft) -> PullRequest:
        reviewer = draft.record.reviewer
        sent = {
            "repositoryId": self.known.rights().id,
            "baseRefName": draft.record.base_branch,
            "headRefName": draft.branch,
            "title": shortened(" ".join(draft.title.split()), _LONGEST_TITLE),
            "body": body_of(draft),
        }
        variables = {"input": sent, "reviewer": reviewer or "", "hasReviewer": reviewer is not None}
        answer = self.github.mutate(document("create_pull_request"), variables, CreatedPullRequest)
        opened = answer.data.create_pull_request.pull_request
        self.known.learn_wardrobe(opened.repository, reviewer)
        self.known.learn_author(opened.number, opened.author)
        self.known.viewer = opened.author.login if opened.author else None
        return replace(pull_request(opened), record=draft.record)

    def _find(self, draft: Draft) -> PullRequest | None:
        """The pull request of the branch: an open one if there is any, else the newest."""
        pulls = with_records(pulls_of(self.github, draft.branch), {draft.branch})
        found = [pull for pull in pulls if _is_of(draft, pull)]
        return max(found, key=lambda pull: (pull.state == "open", pull.number), default=None)


def _is_final(error: HostError) -> bool:
    """Whether GitHub surely has not opened it, and never will."""
    if not isinstance(error, Unprocessable) or isinstance(error, Unrecognized):
        return False
    return not _MAY_PASS.search(error.host_text)


def _judged(error: HostError) -> HostError:
    """What an error means after all tries: what may pass has not passed yet, and a later run may go on."""
    if isinstance(error, Unprocessable) and _MAY_PASS.search(error.host_text):
        return Transient(f"GitHub does not show yet what it was told: {error}", host_text=error.host_text)
    return error


def body_of(draft: Draft) -> str:
    """The text, marked as ours; of one that is too long the end is cut.

    A record is never cut: one that would leave no room for the text is left out, for the documents have it too.
    """
    room = marked_part.LONGEST_BODY - _MARKS
    if len(draft.body) <= room:
        return marked_part.marked(draft.body)
    block = record_block.write(draft.record)
    text = draft.body.replace(block, "")
    if len(block) > room - _LEAST_TEXT:
        block = _NO_RECORD
    return marked_part.marked(f"{shortened(text, room - len(block) - 2)}\n\n{block}")


def _is_of(draft: Draft, pull: PullRequest) -> bool:
    record = pull.record
    same_step = record is not None and (record.project, record.step_index) == (
        draft.record.project,
        draft.record.step_index,
    )
    return same_step or pull.base_branch == draft.record.base_branch
