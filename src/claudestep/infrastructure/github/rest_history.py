"""The log of the metadata branch by REST, page by page: https://docs.github.com/en/rest/commits/commits#list-commits

Every page is of one commit's log, which stays what it is wherever the branch goes.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

from claudestep.domain.observation import LogEntry
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.git_data import Sha
from claudestep.infrastructure.github.history import MOST_PAGES, PAGE
from claudestep.infrastructure.github.parts import Part
from claudestep.infrastructure.github.replies import Reply
from claudestep.infrastructure.github.times import Moment, in_utc


class _Author(Reply, frozen=True):
    name: str | None = None


class _Committer(Reply, frozen=True):
    date: Moment


class _Inner(Reply, frozen=True):
    message: str
    committer: _Committer
    author: _Author | None = None


class _Commit(Reply, frozen=True):
    sha: str
    commit: _Inner
    parents: list[Sha]


def log(github: GitHub, head: str, *, path: str = "", most: int = PAGE) -> Iterator[Part]:
    """The log from `head` on, `most` commits or a full page at a time, of one file where it is named.

    Raises HostError.
    """
    size = min(most, PAGE)
    for number in range(1, MOST_PAGES + 1):
        page = _page(github, head, number, size=size, path=path)
        part = Part([_entry(commit) for commit in page], is_last=len(page) < size)
        yield part
        if part.is_last:
            return


def roots(github: GitHub, head: str) -> tuple[str, ...]:
    """The commits without parents that `head` comes from. Raises HostError."""
    found: list[str] = []
    number, page = 0, None
    while page is None or len(page) == PAGE:
        number += 1
        page = _page(github, head, number, size=PAGE)
        found += [commit.sha for commit in page if not commit.parents]
    return tuple(found)


def _page(github: GitHub, head: str, number: int, *, size: int, path: str = "") -> list[_Commit]:
    asked = {"sha": head, "per_page": size, "page": number} | ({"path": path} if path else {})
    return github.rest("GET", f"/repos/{github.repository}/commits?{urlencode(asked)}", list[_Commit]).data


def _entry(commit: _Commit) -> LogEntry:
    inner = commit.commit
    author = (inner.author and inner.author.name) or ""
    return LogEntry(commit.sha, inner.message, author, in_utc(inner.committer.date))
