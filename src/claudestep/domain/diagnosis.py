"""What an examination of a repository found: checks, each with what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from claudestep.domain.errors import ClaudeStepError

Status = Literal["ok", "warning", "problem", "unknown"]
STATUSES: tuple[Status, ...] = ("problem", "warning", "unknown", "ok")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `where` is a file (with its line) or a branch, where it is about one.

    `unknown` is what could not be found out, and never taken for good.
    """

    name: str
    status: Status
    message: str
    remedy: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All checks, in the order in which they are told."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing of it is a problem."""
        return not self.count("problem")

    def count(self, status: Status) -> int:
        """How many checks ended like this."""
        return sum(check.status == status for check in self.checks)


def unknown(name: str, error: ClaudeStepError, remedy: str = "") -> Check:
    """A check that an error stood in the way of; `remedy` where there is a better one than the error's own."""
    return Check(name, "unknown", f"it could not be found out: {error}", remedy or error.remedy)


def failed(name: str, error: ClaudeStepError, where: str = "") -> Check:
    """A check whose finding is the error itself."""
    return Check(name, "problem", str(error), error.remedy, where)


def or_fine(name: str, found: Iterable[Check], message: str) -> list[Check]:
    """The findings, or the one line that there are none."""
    return list(found) or [Check(name, "ok", message)]
