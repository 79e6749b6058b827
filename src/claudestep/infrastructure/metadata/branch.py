"""The port of the metadata branch: all that a backend must do to keep documents.

Its three errors say what is known about a commit that was not confirmed:

    StaleBranch     the branch is not where it was read; surely not applied
    Refused         the backend said no; surely not applied
    CommitInDoubt   no answer came; it may have been applied
"""

from collections.abc import Mapping
from typing import Protocol

from claudestep.domain.observation import Snapshot


class BranchError(Exception):
    """A commit that was not confirmed; `str(error)` is what the backend said."""


class StaleBranch(BranchError):
    """The branch has moved, or somebody holds its lock. Surely not applied."""


class Refused(BranchError):
    """The backend refused, and would again. Surely not applied."""


class CommitInDoubt(BranchError):
    """Nobody knows whether the commit was applied: look for its message in the log."""


class MetadataBranch(Protocol):
    """A branch that is read whole and written by compare-and-swap."""

    def read(self, since: str | None = None) -> Snapshot:
        """Return all files of ONE commit, and the log back to the commit `since` ("": all of the log).

        A branch that is not there is a Snapshot without a version; a branch that cannot be read raises.
        """
        ...

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """Make one commit on `base` (None: the branch must not exist) and return its id.

        `changes` are whole files by path; None removes one. Raises StaleBranch, Refused, CommitInDoubt.
        """
        ...
