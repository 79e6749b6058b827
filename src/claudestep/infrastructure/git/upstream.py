"""Where the base of a step comes from and where its branch goes: this repository, or a server."""

from dataclasses import dataclass
from typing import Protocol

from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.refs import HEADS
from claudestep.infrastructure.hosting.port import BranchExists, PublishRefused
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
