"""What GitHub answers to what changes something, field by field."""

from claudestep.infrastructure.github.replies import Oid, Pull, Reply, State, User, Wardrobe


class Created(Reply, frozen=True):
    """A commit that was made."""

    commit: Oid


class CreatedCommit(Reply, frozen=True):
    """The answer to `create_commit`."""

    create_commit_on_branch: Created


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


class Ended(Reply, frozen=True):
    """How a pull request is after it was to be closed or merged."""

    state: State = "MERGED"
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


class Done(Reply, frozen=True):
    """The answer to a mutation of which only its success matters."""


class Sha(Reply, frozen=True):
    """A git object that REST made."""

    sha: str
