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
    MetadataLost              there is no branch, and pull requests are there that it knew
    StoreBusy                 every try lost its race, or the write was refused
  HostError                   the host of pull requests said no, or could not be asked
    Unauthorized              the token is wrong or has expired
    Forbidden                 the token, or the repository, does not allow it
    NotFound                  it is not there, or the token may not see it
    Stale                     the branch has moved; surely not applied
    Delayed                   a limit was waited for; it may be out of date, and was not sent again
    RulesetViolation          a ruleset or a branch protection refused
    Limited                   asked too often; surely not applied
      RateLimited             this hour's share is used up
      SecondaryRateLimited    too much in a short time
    Unprocessable             the request as such was refused
      Unrecognized            in words that nobody has met
    UnreadableReply           the reply is not what the host documents; it may have been applied
    Transient                 a fault on the way: nobody knows whether it was applied
      TooMuchAsked            the host gave up on the size of the request: ask for less
"""

from collections.abc import Iterable, Mapping
from datetime import datetime


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
        f"there is no branch {name}",
        remedy="Make it, and push it where pull requests are on GitHub; or name another: --base-branch NAME",
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
            remedy=f"Rename that branch (git branch -m {branch} <other-name>, or on GitHub's page of branches); "
            "ClaudeStep then makes its own.",
        )


class BranchVanished(MetadataError):
    """The metadata branch was there when it was read and is gone now; it is never begun anew by a guess."""

    def __init__(self, branch: str, version: str) -> None:
        super().__init__(
            f"the branch {branch} was at {version[:12]} a moment ago and is gone",
            remedy="Bring it back. Where pull requests are on GitHub: "
            f"gh api repos/OWNER/NAME/git/refs -f ref=refs/heads/{branch} -f sha={version}\n"
            f"Elsewhere: git branch {branch} {version}",
        )


class MetadataLost(MetadataError):
    """There is no metadata branch, and pull requests that one must have known: no new one is begun over them."""

    def __init__(self, branch: str) -> None:
        super().__init__(
            f"there is no branch {branch}, and there are pull requests of ClaudeStep's: what it knew is lost",
            remedy="Make it anew from the pull requests: claudestep metadata rebuild\n"
            "If you know where it was, bring it back instead, with all that it knew: "
            f"git branch {branch} <commit>, and push that where pull requests are on GitHub.",
        )


class StoreBusy(MetadataError):
    """The store gave up a write: nothing was written by it, or its message says what is unknown."""


class HostError(ClaudeStepError):
    """The host of pull requests said no, or could not be asked; `host_text` has its own words, made harmless.

    `alias` is the field of a GraphQL answer that it is about, "" for the whole request.
    """

    def __init__(self, message: str, *, remedy: str = "", host_text: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.host_text = host_text
        self.alias = ""


class Unauthorized(HostError):
    """The token is wrong, has expired or was revoked."""


class Forbidden(HostError):
    """The token or the repository does not allow it; `permission` is what the host says is missing, or ""."""

    def __init__(self, message: str, *, remedy: str = "", host_text: str = "", permission: str = "") -> None:
        super().__init__(message, remedy=remedy, host_text=host_text)
        self.permission = permission


class NotFound(HostError):
    """It is not there; a host also says so of what is private and not to be seen by the token."""


class Stale(HostError):
    """A branch is not at the commit that the request expected; surely not applied."""


class Delayed(HostError):
    """A limit was waited for, and the request not sent again: it may be out of date. Surely not applied."""


class RulesetViolation(HostError):
    """A ruleset or a branch protection refused; `host_text` says which rule."""


class Limited(HostError):
    """Asked too often; surely not applied. Again in `after` seconds, at `until` (aware), where the host says so."""

    def __init__(
        self, message: str, *, after: float | None = None, until: datetime | None = None, host_text: str = ""
    ) -> None:
        again = f"; it can be tried again at {until:%H:%M} UTC" if until else ""
        super().__init__(f"{message}{again}", remedy="Run it again then." if until else "", host_text=host_text)
        self.what = message
        self.after = after
        self.until = until


class RateLimited(Limited):
    """The share of requests of an hour is used up."""


class SecondaryRateLimited(Limited):
    """Too many requests, or too much content, in a short time."""

    @property
    def retry_after(self) -> float | None:
        """The seconds that the host asks to wait."""
        return self.after


class Unprocessable(HostError):
    """The request as such was refused, whoever asks and however often."""


class Unrecognized(Unprocessable):
    """A refusal of a kind that nobody has met: what was asked for may have been done all the same."""


class UnreadableReply(HostError):
    """The reply is not what the host documents; what was asked for may have been done."""


class Transient(HostError):
    """A fault on the way: nobody knows whether a change was applied.

    Unless `sent` is False: then no connection was made, and the host surely never heard of it.
    """

    def __init__(self, message: str, *, sent: bool = True, remedy: str = "", host_text: str = "") -> None:
        super().__init__(message, remedy=remedy or "Try again in a few minutes.", host_text=host_text)
        self.sent = sent


class TooMuchAsked(Transient):
    """The host gave up on the size of the request or of its reply: the same again will fare no better."""
