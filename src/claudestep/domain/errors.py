"""The errors that a user can meet, each with its data and what to do about it.

ClaudeStepError
  UsageError                  asked for something that cannot be (exit code 2)
    ConfigurationError        a line of a configuration is wrong
    InvalidSpec               a spec.md cannot be read
  RepositoryError             git refused, or the repository is not in a state to work on
  MetadataError               the metadata branch
    InvalidDocument           a document cannot be read
      NewerDocument           it was written by a newer ClaudeStep
    DocumentTooLarge
    StaleDocument             the version that was expected is not there any more
    UnknownProject
    BrokenDocuments           a query needs documents that cannot be read
    ForeignBranch             the branch holds something else
    BranchVanished            the branch was there a moment ago
    StoreBusy                 every try lost its race, or the write was refused
"""

from collections.abc import Iterable, Mapping


class ClaudeStepError(Exception):
    """An expected failure: `str(error)` is one sentence, `remedy` says what to do about it."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    @property
    def explained(self) -> str:
        """The error and its remedy in one line."""
        return f"{self}. {' '.join(self.remedy.split())}" if self.remedy else str(self)


class Interrupted(BaseException):
    """The program was told to end; `by_hand` by Ctrl-C, else by whoever runs it. No error, so nobody catches it."""

    def __init__(self, *, by_hand: bool = True) -> None:
        super().__init__("interrupted" if by_hand else "ended by a signal")
        self.by_hand = by_hand


class UsageError(ClaudeStepError):
    """What was asked for cannot be: a name, an option or a file of the user's is wrong."""


class ConfigurationError(UsageError):
    """A configuration file is wrong at `line` (1-based; None: the file as a whole)."""

    def __init__(self, path: str, line: int | None, problem: str, *, remedy: str = "") -> None:
        where = path if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {problem}", remedy=remedy)
        self.path = path
        self.line = line
        self.problem = problem


class InvalidSpec(UsageError):
    """A spec.md cannot be read as a list of steps."""

    def __init__(self, path: str, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{path}: {problem}", remedy=remedy)
        self.path = path
        self.problem = problem


class RepositoryError(ClaudeStepError):
    """The git repository is missing, refuses, or is not in a state to work on."""


def no_branch(name: str) -> UsageError:
    """A base branch that is not there."""
    return UsageError(
        f"there is no branch {name}", remedy=f"Make it (git branch {name}), or name another: --base-branch NAME"
    )


class MetadataError(ClaudeStepError):
    """Something about the metadata branch or a document on it."""


class InvalidDocument(MetadataError):
    """The document at `path` cannot be read; it is never replaced."""

    def __init__(
        self, path: str, problem: str, *, remedy: str = "", where: str = " on the metadata branch"
    ) -> None:
        default = "It is left as it is. Repair it there, or restore an earlier commit of it."
        super().__init__(f"{path}{where} cannot be read: {problem}", remedy=remedy or default)
        self.path = path
        self.problem = problem


class NewerDocument(InvalidDocument):
    """The document has a newer major schema version: it can be shown, not written."""

    def __init__(self, path: str, version: str) -> None:
        major = version.split(".", maxsplit=1)[0]
        super().__init__(
            path,
            f"its schema_version is {version}, and this ClaudeStep writes version 1",
            remedy=f"Install a ClaudeStep that knows schema {major}: pip install --upgrade claudestep",
        )
        self.version = version


class DocumentTooLarge(MetadataError):
    """A document would exceed the size that the store accepts."""

    def __init__(self, path: str, size: int, limit: int) -> None:
        super().__init__(
            f"{path} would have {size:,} bytes; the limit is {limit:,}",
            remedy="Split the spec into two projects.",
        )
        self.path = path
        self.size = size


class StaleDocument(MetadataError):
    """The document is not at the version that the caller expected."""

    def __init__(self, name: str, expected: str | None, found: str | None) -> None:
        super().__init__(
            f"{name}: expected version {expected or 'none'}, found {found or 'none'}",
            remedy="Read the document again and repeat the change, or use update(), which does that.",
        )
        self.name = name
        self.expected = expected
        self.found = found


class UnknownProject(MetadataError):
    """There is no document of this name."""

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        there = ", ".join(sorted(known))
        super().__init__(f"the metadata branch has no project {name!r}", remedy=f"It has: {there}" if there else "")
        self.name = name


class BrokenDocuments(MetadataError):
    """A question needs documents that cannot be read: no answer is better than a wrong one."""

    def __init__(self, problems: Mapping[str, InvalidDocument]) -> None:
        first = next(iter(problems.values()))
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first}{more}", remedy=first.remedy)
        self.problems = dict(problems)


class ForeignBranch(MetadataError):
    """A branch of the metadata branch's name exists and holds something else."""

    def __init__(self, branch: str, example: str) -> None:
        super().__init__(
            f"the branch {branch} exists and is not ClaudeStep's: it has files ({example}, ...) and no projects/",
            remedy=f"Rename that branch (git branch -m {branch} <other-name>); ClaudeStep then makes its own.",
        )


class BranchVanished(MetadataError):
    """The metadata branch was there when it was read and is gone now; it is never begun anew by a guess."""

    def __init__(self, branch: str, version: str) -> None:
        super().__init__(
            f"the branch {branch} was at {version[:12]} a moment ago and is gone",
            remedy=f"Bring it back: git branch {branch} {version}",
        )


class StoreBusy(MetadataError):
    """The store gave up a write: nothing was written by it, or its message says what is unknown."""
