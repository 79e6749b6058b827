"""Where the base of a step comes from and where its branch goes: this repository, or a server."""

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from claudestep.domain.errors import RepositoryError
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.merging import work_trees
from claudestep.infrastructure.git.refs import HEADS, PULLS, UPDATES
from claudestep.infrastructure.hosting.port import BranchExists, BranchMoved, PublishRefused
from claudestep.infrastructure.process import CommandFailed


class Upstream(Protocol):
    """Where the base of a step comes from and where its branch goes."""

    def bring(self, commit: str) -> None:
        """See to it that this commit is in the repository, with all that its files need.

        Raises RepositoryError, HostError.
        """
        ...

    def publish(self, branch: str, commit: str) -> None:
        """Create the branch. One that is at this commit already is fine.

        Raises BranchExists, PublishRefused; RepositoryError where nobody knows whether it is there.
        """
        ...

    def gather(self, pairs: Collection[tuple[str, str]]) -> AbstractContextManager[Git]:
        """A repository with these commits (base, head) and all that merging them takes.

        Raises RepositoryError, HostError.
        """
        ...

    def move(self, git: Git, branch: str, was: str, now: str) -> None:
        """Move a branch from where it was read to a commit in the repository `git`.

        Raises BranchMoved, UpdateRefused; RepositoryError or HostError where that may be otherwise another time.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalUpstream:
    """The repository itself: what is to be worked on is there, and its branches are the user's."""

    git: Git

    def bring(self, commit: str) -> None:
        """Nothing is to be done; git says so if it is not there."""

    def publish(self, branch: str, commit: str) -> None:
        """Create the branch; raises BranchExists where it is somewhere else, PublishRefused where git refuses."""
        ref = HEADS + branch
        try:
            self.git.run("update-ref", "-m", "claudestep: publish", ref, commit, self.git.no_object)
        except CommandFailed as error:
            if not self.git.succeeds("rev-parse", "--verify", "-q", ref):
                raise PublishRefused(f"the branch {branch} cannot be created: {error.stderr}") from error
            tip = self.git.text("rev-parse", ref)
            if tip != commit:
                raise BranchExists(branch, tip) from None

    def gather(self, pairs: Collection[tuple[str, str]]) -> AbstractContextManager[Git]:
        """All commits are here."""
        del pairs
        return nullcontext(self.git)

    def move(self, git: Git, branch: str, was: str, now: str) -> None:
        """Move the branch, unless somebody has it checked out; note where it is, if nobody else's work is in it.

        Raises RepositoryError where somebody stands on it, BranchMoved.
        """
        holder = next((tree for tree in work_trees(git) if tree.branch == branch), None)
        if holder is not None:
            raise RepositoryError(
                f"{branch} is checked out in {holder.path}",
                remedy="Switch to another branch there, and sync again.",
            )
        orders = [f"update {HEADS}{branch} {now} {was}"]
        if was in _published(git, branch):
            orders.append(f"update {UPDATES}{branch} {now}")
        try:
            git.run("update-ref", "-m", "claudestep: update", "--stdin", stdin="\n".join(orders).encode() + b"\n")
        except CommandFailed as error:
            if git.find(HEADS + branch) != was:
                raise BranchMoved(f"somebody has moved {branch} meanwhile") from None
            raise RepositoryError(f"git does not move {branch}: {error.stderr}") from error


def _published(git: Git, branch: str) -> set[str]:
    """Where the branch was published, and where it was last brought up to date: no work of anybody else's is in it.

    A commit belongs to one branch of a step, so that those of all may be asked.
    """
    listed = git.text("for-each-ref", "--format=%(parent)", PULLS).split()
    return {*listed, *filter(None, [git.find(UPDATES + branch)])}
