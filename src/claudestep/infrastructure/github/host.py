"""Pull requests on GitHub, and the metadata branch beside them."""

from collections.abc import Callable

from claudestep.domain.errors import Unprocessable
from claudestep.domain.observation import Answers, Observation, PullRequest, Questions
from claudestep.infrastructure.clock import Clock, SystemClock
from claudestep.infrastructure.github import obstacles
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.dressing import Dresser
from claudestep.infrastructure.github.ending import Ender, pull_now
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.labelled import has_any
from claudestep.infrastructure.github.lag import caught_up
from claudestep.infrastructure.github.lookup import look_up
from claudestep.infrastructure.github.observation import observe
from claudestep.infrastructure.github.opening import Opener
from claudestep.infrastructure.github.replies import Done
from claudestep.infrastructure.hosting import marked_part
from claudestep.infrastructure.hosting.port import Draft, Dress, Obstacle
from claudestep.infrastructure.metadata.branch import MetadataBranch

Hint = Callable[[str, str], str]
"""What to do about a spec, by its path, that is not on a branch."""


def _push_it(path: str, branch: str) -> str:
    return f"Write it, commit it and push it to {branch}: {path}"


class GitHubHost:
    """A `Host` that is a repository on GitHub."""

    def __init__(
        self,
        github: GitHub,
        clock: Clock | None = None,
        *,
        hint: Hint = _push_it,
        branch: MetadataBranch | None = None,
    ) -> None:
        """`hint` says what to do about a spec (its path) that is not on a branch; `branch` writes another way."""
        self._github = github
        self._clock = clock or SystemClock()
        self._hint = hint
        self._known = Known(github)
        self._branch = branch or GitHubMetadataBranch(github, self._clock)

    @property
    def branch(self) -> MetadataBranch:
        """The metadata branch of this repository."""
        return self._branch

    def observe(self, since: str | None = None, *, every: bool = False) -> Observation:
        """See everything in one request, as far as GitHub answers it.

        With `every`, one more for each hundred pull requests, and for each hundred step branches. Raises
        HostError, RepositoryError.
        """

        def look() -> Observation:
            return observe(self._github, self._known, since, every=every)

        return caught_up(look, lambda seen: seen.snapshot, self._clock)

    def has_pull_requests(self) -> bool:
        """Whether any of a step is there, in one request for most. Raises HostError."""
        return has_any(self._github)

    def look_up(self, questions: Questions) -> Answers:
        """Answer everything in one more request, a further one for every fifty of a kind. Raises HostError."""
        return look_up(self._github, questions)

    def open_pull_request(self, draft: Draft) -> PullRequest:
        """Open it; the one that is there for this branch is adopted. Raises HostError."""
        return Opener(self._github, self._known, self._clock).open(draft)

    def dress(self, pull: PullRequest, dress: Dress) -> tuple[str, ...]:
        """Set labels, assignee and review request in one request; return what could not be done."""
        return Dresser(self._github, self._known).dress(pull, dress)

    def rewrite(self, pull: PullRequest, part: str) -> None:
        """Replace our part of its text; where that changes nothing, nothing is written. Raises HostError."""
        now = pull_now(self._github, pull.number)
        body = marked_part.replace(now.body, part)
        if body == now.body:
            return
        if len(body) > marked_part.LONGEST_BODY:
            raise Unprocessable(
                f"the text of pull request #{pull.number} would be longer than GitHub takes",
                remedy="Shorten what stands around ClaudeStep's own part.",
            )
        self._github.mutate(document("update_body"), {"pull": now.id, "body": body}, Done)

    def comment(self, pull: PullRequest, text: str) -> None:
        """Write a comment below it. Raises HostError."""
        body = text[: marked_part.LONGEST_BODY]
        self._github.mutate(document("comment"), {"pull": pull.id, "body": body}, Done)

    def close(self, pull: PullRequest) -> None:
        """Close it unmerged; its branch stays. Raises CloseRefused."""
        Ender(self._github, self._known).close(pull)

    def merge_obstacle(self, base_branch: str) -> Obstacle | None:
        """Why nothing could be merged; rules of the branch itself are only known when it is tried."""
        del base_branch
        return obstacles.to_merging(self._known.rights(), self._github.repository)

    def merge(self, pull: PullRequest, base_branch: str) -> str:
        """Merge it and return the merge commit; its branch stays. Raises MergeRefused, HostError."""
        del base_branch
        return Ender(self._github, self._known).merge(pull)

    def write_obstacle(self) -> Obstacle | None:
        """Why nothing could be written, as the last observation said it. Raises HostError."""
        return obstacles.to_writing(self._known.rights(), self._github.repository)

    def spec_hint(self, path: str) -> str:
        """GitHub sees what was pushed, and nothing else."""
        return self._hint(path, self._known.default_branch or "its base branch")
