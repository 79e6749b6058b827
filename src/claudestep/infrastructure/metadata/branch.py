"""The port of the metadata branch: all that a backend must do to keep documents.

Its three errors say what is known about a commit that was not confirmed:

    StaleBranch     the branch is not where it was read; surely not applied
    Refused         the backend said no; surely not applied
    CommitInDoubt   no answer came; it may have been applied
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from claudestep.domain.observation import Ancestry, LogEntry, Snapshot


class BranchError(Exception):
    """A commit that was not confirmed; `str(error)` is what the backend said, `remedy` what to do about it."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class StaleBranch(BranchError):
    """The branch has moved, or somebody holds its lock. Surely not applied."""


class Postponed(StaleBranch):
    """The backend made its writer wait, and others may have written meanwhile: read again. No race was lost."""


class Refused(BranchError):
    """The backend refused, and would again. Surely not applied."""


class CommitInDoubt(BranchError):
    """Nobody knows whether the commit was applied: look for its message in the log."""


class MetadataBranch(Protocol):
    """A branch that is read whole and written by compare-and-swap."""

    def read(self, since: str | None = None) -> Snapshot:
        """Return all files of ONE commit, and the log back to the commit `since` ("": all of the log).

        A branch that is not there is a Snapshot without a version, whose log reaches back to no commit. A branch
        that cannot be read raises.
        """
        ...

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """Make one commit on `base` (None: the branch must not exist) and return its id.

        `changes` are whole files by path; None removes one. Raises StaleBranch, Refused, CommitInDoubt.
        """
        ...

    def log(self, most: int, path: str = "") -> tuple[LogEntry, ...]:
        """Return the newest `most` commits with their authors and times, newest first.

        With `path`, only those that wrote or removed this file. () where there is no branch.
        """
        ...

    def ancestry(self) -> Ancestry:
        """Return where the branch comes from; nothing where there is no branch."""
        ...


@runtime_checkable
class Waits(Protocol):
    """A branch in a service that says how often it may be asked."""

    @property
    def waited(self) -> float:
        """The seconds that such limits have made it wait so far, reads and other requests included."""
        ...
