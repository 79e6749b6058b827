"""The log of the metadata branch, page by page."""

from collections.abc import Iterator

from claudestep.domain.observation import LogEntry
from claudestep.infrastructure.github import parts
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import ask_of_repository
from claudestep.infrastructure.github.parts import Part
from claudestep.infrastructure.github.replies import Commit, Framed, Page, Reply
from claudestep.infrastructure.github.times import in_utc

PAGE = 100
"""GitHub gives no more at a time."""
MOST_PAGES = 100
"""A log that is longer than this is not complete, whatever it would come to."""


class Log(Reply, frozen=True):
    """A commit and a page of its history."""

    oid: str
    history: Page[Commit]


class LogRef(Reply, frozen=True):
    """A branch with the begin of its history."""

    target: Log


class LogRepository(Reply, frozen=True):
    """The answer to `log`."""

    ref: LogRef | None = None


class LogPage(Reply, frozen=True):
    """The answer to `log_page`."""

    object: Log | None = None


class Count(Reply, frozen=True):
    """How many there are."""

    total_count: int


class Descendant(Reply, frozen=True):
    """A commit and how many parents it has."""

    oid: str
    parents: Count


class Line(Reply, frozen=True):
    """A page of a history, with the numbers of parents."""

    oid: str
    history: Page[Descendant]


class Parents(Reply, frozen=True):
    """The answer to `parents`."""

    object: Line | None = None


def log_since(github: GitHub, head: str, first: Page[Commit], since: str) -> tuple[tuple[LogEntry, ...], bool]:
    """The commits from `head` back to (without) `since`, newest first, and whether it was reached.

    "" is reached at the end of the log. Raises HostError.
    """
    return parts.back_to(since, map(_part, _pages(github, head, first)))


def newest(github: GitHub, head: str, first: Page[Commit], most: int, path: str) -> tuple[LogEntry, ...]:
    """So many commits from `head` on, those that changed `path` where it is given. Raises HostError."""
    return parts.newest(most, map(_part, _pages(github, head, first, path)))


def roots(github: GitHub, head: str) -> tuple[str, ...]:
    """The commits without parents that `head` comes from. Raises HostError."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        line = ask_of_repository(
            github, "parents", {"commit": head, "after": after or None}, Framed[Parents]
        ).object
        page = line.history if line else Page[Descendant]([])
        found += [commit.oid for commit in page.items if not commit.parents.total_count]
        after = page.page_info.next
    return tuple(found)


def _pages(github: GitHub, head: str, page: Page[Commit], path: str = "") -> Iterator[Page[Commit]]:
    """Pages of the log of one commit, which stays what it is wherever the branch goes."""
    yield page
    for _ in range(MOST_PAGES):
        if page.page_info.next is None:
            return
        variables = {"commit": head, "first": PAGE, "after": page.page_info.next, "path": path or None}
        found = ask_of_repository(github, "log_page", variables, Framed[LogPage]).object
        if found is None:
            return
        page = found.history
        yield page


def _part(page: Page[Commit]) -> Part:
    return Part([_entry(commit) for commit in page.items], is_last=page.page_info.next is None)


def _entry(commit: Commit) -> LogEntry:
    author = (commit.author and commit.author.name) or ""
    return LogEntry(commit.oid, commit.message, author, in_utc(commit.committed_date))
