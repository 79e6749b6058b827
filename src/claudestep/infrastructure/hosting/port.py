"""The port of a host of pull requests, and the port of git for one step."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.guarding import FileChange
from claudestep.domain.observation import Answers, BaseTree, Observation, PullRequest, Questions, StepRecord
from claudestep.infrastructure.metadata.branch import MetadataBranch


class MergeRefused(ClaudeStepError):
    """A pull request was not merged; it stays open."""


class CloseRefused(ClaudeStepError):
    """A pull request was not closed; it stays open."""


class PublishRefused(ClaudeStepError):
    """A step's branch could not be created; surely nothing was published."""


class EveryBranchRefused(PublishRefused):
    """The host takes no such branch from us, for a rule or a missing right: the next step would end like it."""


class BranchExists(PublishRefused):
    """A step's branch is there already, at `tip`."""

    def __init__(self, branch: str, tip: str) -> None:
        super().__init__(f"the branch {branch} exists already and is not of this run")
        self.branch = branch
        self.tip = tip


class UpdateRefused(ClaudeStepError):
    """A pull request's branch was not brought up to date, and would not be another time either; it is as it was."""


class BranchMoved(ClaudeStepError):
    """A pull request's branch is not where it was read: somebody pushed to it, and that stays."""


class StepRefused(ClaudeStepError):
    """What the agent left in the work tree cannot become a commit."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why nothing could be merged, or written at all, and what to do about it."""

    reason: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A pull request to be opened."""

    title: str
    body: str
    branch: str
    head_commit: str
    record: StepRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Dress:
    """What a pull request gets after it is opened: labels (made where there are none yet), and a reviewer."""

    labels: tuple[str, ...] = ()
    reviewer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCommit:
    """What is committed for a step: the work tree on `base`.

    Of ClaudeStep's own folder only `spec_path` differs from the base; its content is `spec`.
    """

    base: str
    spec_path: str
    spec: bytes
    message: str
    since: str | None = None
    """A snapshot of the tree before the agent: what was there by then is not the step's doing."""


@dataclass(frozen=True, slots=True)
class WorkTree:
    """Files to work on, and a folder of the run's own for what must not stand among them."""

    path: Path
    scratch: Path


@dataclass(frozen=True, slots=True)
class Merge:
    """How git merges a branch with its base: the files, and the names of those that conflict."""

    tree: str
    conflicts: tuple[str, ...]


class Merging(Protocol):
    """Commits that are merged without a checkout, and branches that are moved to what came of it."""

    def merge(self, base: str, head: str) -> Merge:
        """Merge two commits. Raises RepositoryError."""
        ...

    def ancestor(self, base: str, head: str) -> str:
        """The commit that they parted at. Raises RepositoryError."""
        ...

    def file(self, commit: str, path: str) -> bytes | None:
        """A file of a commit; None where it has none there."""
        ...

    def commit(self, merge: Merge, parents: tuple[str, str], file: tuple[str, bytes], message: str) -> str:
        """Commit a merge, with one file (path, content) in the place of what git made of it."""
        ...

    def move(self, branch: str, was: str, now: str) -> None:
        """Move a branch that is where it was read.

        Raises BranchMoved, UpdateRefused; HostError or RepositoryError where that may be otherwise another time.
        """
        ...


class Host(Protocol):
    """Pull requests, and the branches that they are about."""

    @property
    def branch(self) -> MetadataBranch:
        """The metadata branch of the same repository."""
        ...

    def observe(self, since: str | None = None, *, every: bool = False) -> Observation:
        """See everything at once: documents, the default branch's tree, pull requests, the time.

        With `every`, all pull requests of ours, however old, with their records, and all step branches; the
        pull requests so also where there is no metadata branch.
        """
        ...

    def has_pull_requests(self) -> bool:
        """Whether there is any of ours, in whatever state."""
        ...

    def look_up(self, questions: Questions) -> Answers:
        """Answer what an observation left open."""
        ...

    def open_pull_request(self, draft: Draft) -> PullRequest:
        """Open a pull request; one that is there for this branch is returned, not an error."""
        ...

    def dress(self, pull: PullRequest, dress: Dress) -> tuple[str, ...]:
        """Label it, assign its reviewer and ask for the review; return in sentences what could not be done.

        May be repeated. Nothing of it is worth a failed step: errors are warnings here.
        """
        ...

    def rewrite(self, pull: PullRequest, part: str) -> None:
        """Replace our own marked part of its body (`record_block`); what others wrote around it stays."""
        ...

    def comment(self, pull: PullRequest, text: str) -> None:
        """Write a comment below it."""
        ...

    def close(self, pull: PullRequest) -> None:
        """Close a pull request unmerged; its work stays to be found. Raises CloseRefused."""
        ...

    def merge_obstacle(self, base_branch: str) -> Obstacle | None:
        """Why nothing could be merged into this branch now; None where it could."""
        ...

    def merge(self, pull: PullRequest, base_branch: str) -> str:
        """Merge a pull request and return the merge commit. Raises MergeRefused."""
        ...

    def write_obstacle(self) -> Obstacle | None:
        """Why no step could be published, as far as that is known beforehand."""
        ...

    def spec_hint(self, path: str) -> str:
        """What to do about a spec that is not on the base branch, as far as the host can see."""
        ...


class StepGit(Protocol):
    """git for one step: a tree to work in, a commit, a branch."""

    def base(self, commit: str, branch: str) -> BaseTree:
        """ClaudeStep's own files at a commit; it is fetched where it is not there.

        Raises RepositoryError, HostError.
        """
        ...

    def worktree(self, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        """A checkout of exactly this commit below `folder`, which is removed at the end in any case."""
        ...

    def in_place(self, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        """The user's own work tree, brought to this commit, with what stands there beside what git knows.

        `folder` is for the run's own files, and removed at the end. Raises RepositoryError where files of the
        user's are in the way.
        """
        ...

    def as_it_is(self, tree: Path, commit: str, folder: Path) -> AbstractContextManager[WorkTree]:
        """A folder of files as somebody left it who began at this commit (or tree); nothing is written there.

        `folder` is for the run's own files, and removed at the end.
        """
        ...

    def snapshot(self, tree: WorkTree) -> str:
        """The id of all that would be committed from this tree: equal ids, nothing changed.

        Raises StepRefused.
        """
        ...

    def restore(self, tree: WorkTree, snapshot: str) -> None:
        """Bring the tree back to a snapshot of it; files that git ignores stay as they are."""
        ...

    def commit_step(self, tree: WorkTree, step: StepCommit) -> str | None:
        """Commit the tree; None where nothing but ClaudeStep's own files differs. Raises StepRefused."""
        ...

    def commit_patch(self, patch: bytes, step: StepCommit) -> str | None:
        """Commit a patch for the base; None where it changes nothing. Raises StepRefused."""
        ...

    def publish(self, branch: str, commit: str) -> None:
        """Create the branch. One that is at this commit already is fine.

        Raises BranchExists, PublishRefused.
        """
        ...

    def changes(self, base: str, commit: str) -> tuple[FileChange, ...]:
        """What differs between two commits, file by file."""
        ...

    def size(self, base: str, commit: str) -> str:
        """How much a commit changes, in a few words."""
        ...

    def patch(self, base: str, commit: str, *, with_tick: bool = True) -> bytes:
        """The difference between two commits, for `git apply`; without `with_tick` no spec.md."""
        ...

    def merging(self, pairs: Collection[tuple[str, str]]) -> AbstractContextManager[Merging]:
        """Where these commits (base, head) are with all that merging them takes.

        Raises RepositoryError, HostError.
        """
        ...
