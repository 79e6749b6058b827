"""Opening a pull request: GitHub refuses a second open one of a branch, so that trying again doubles nothing."""

import re
from dataclasses import dataclass, replace

from claudestep.domain.errors import Transient, Unprocessable, UnreadableReply
from claudestep.domain.observation import PullRequest
from claudestep.domain.text import shortened
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.github.asking import ask_of_repository
from claudestep.infrastructure.github.client import GitHub
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.outcomes import CreatedPullRequest
from claudestep.infrastructure.github.pull_requests import pull_request, with_records
from claudestep.infrastructure.github.replies import Framed, PullsOfHead
from claudestep.infrastructure.hosting import marked_part, record_block
from claudestep.infrastructure.hosting.port import Draft
from claudestep.infrastructure.retry import Patience

_TRIES = 3
_PATIENCE = Patience(first=1.0, cap=4.0)
_LONGEST_TITLE = 256
_MARKS = len(marked_part.marked(""))
_MAY_PASS = re.compile(r"already exists|head (sha|ref)\b", re.IGNORECASE)
"""One is there, but may not be shown yet; or the branch that was pushed a moment ago is not known everywhere."""


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens pull requests, and finds those that are there."""

    github: GitHub
    known: Known
    clock: Clock

    def open(self, draft: Draft) -> PullRequest:
        """Open it, or return the one that is there. Raises HostError."""
        tries = 0
        while True:
            tries += 1
            try:
                return self._create(draft)
            except (Transient, UnreadableReply, Unprocessable) as error:
                if isinstance(error, Unprocessable) and not _MAY_PASS.search(error.host_text):
                    raise
                found = self._find(draft)
                if found is not None:
                    return found
                if tries >= _TRIES:
                    raise
            self.clock.sleep(_PATIENCE.wait(tries))

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
        asked = ask_of_repository(self.github, "pulls_of_head", {"head": draft.branch}, Framed[PullsOfHead])
        found = [pull for pull in with_records(asked.pull_requests.items, {draft.branch}) if _is_of(draft, pull)]
        return max(found, key=lambda pull: (pull.state == "open", pull.number), default=None)


def body_of(draft: Draft) -> str:
    """The text, marked as ours; of one that is too long the end is cut, never the record."""
    room = marked_part.LONGEST_BODY - _MARKS
    if len(draft.body) <= room:
        return marked_part.marked(draft.body)
    block = record_block.write(draft.record)
    text = draft.body.replace(block, "")
    return marked_part.marked(f"{shortened(text, room - len(block) - 2)}\n\n{block}")


def _is_of(draft: Draft, pull: PullRequest) -> bool:
    record = pull.record
    same_step = record is not None and (record.project, record.step_index) == (
        draft.record.project,
        draft.record.step_index,
    )
    return same_step or pull.base_branch == draft.record.base_branch
