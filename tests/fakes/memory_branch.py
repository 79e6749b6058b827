"""A metadata branch in memory: all of its history, and faults given as data."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from claudestep.domain.observation import Ancestry, LogEntry, Snapshot
from claudestep.infrastructure.metadata.branch import CommitInDoubt, Refused, StaleBranch

AUTHOR = "ClaudeStep"
BEGIN = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)
RIVAL_FILE = "projects/rival.json"
RIVAL_DOCUMENT = b'{"schema_version": "1.0", "project": "rival", "last_updated": null, "steps": []}\n'


class Fault(Enum):
    """What happens to one call of `commit`."""

    NONE = "it is answered"
    STALE = "another writer's commit comes in between"
    APPLIED = "it is applied and the answer is lost"
    LOST = "it is lost and there is no answer"
    LATE = "there is no answer, and it arrives just before the next call"
    REFUSED = "the backend refuses"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the history, with all the files that it has."""

    id: str
    parent: str | None
    files: Mapping[str, bytes]
    message: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A commit that is under way."""

    base: str | None
    changes: Mapping[str, bytes | None]
    message: str


class MemoryBranch:
    """A `MetadataBranch` that keeps every commit that it ever made.

    `faults` are used up by the calls of `commit`, one each, and `shown`, heads of earlier times, by those of
    `read`; then all goes well.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.faults = deque(faults)
        self.head: str | None = None
        self.shown: deque[str | None] = deque()
        self.sent: list[Sent] = []
        self.more_roots: tuple[str, ...] = ()
        self.unrelated: tuple[str, ...] = ()
        self._commits: dict[str, Commit] = {}
        self._late: list[Sent] = []
        self._before_commit: deque[Callable[[], object]] = deque()

    # The port

    def read(self, since: str | None = None) -> Snapshot:
        head = self.shown.popleft() if self.shown else self.head
        if head is None:
            return Snapshot(None, {}, log_complete=not since)
        files = dict(self._commits[head].files)
        if since is None:
            return Snapshot(head, files)
        log, complete = self._log(head, since)
        return Snapshot(head, files, log, complete)

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        if self._before_commit:
            self._before_commit.popleft()()
        self.deliver_late()
        sent = Sent(base, dict(changes), message)
        self.sent.append(sent)
        fault = self.faults.popleft() if self.faults else Fault.NONE
        if fault is Fault.STALE:
            self.move(f"The work of somebody else ({len(self._commits)})")
        if fault is Fault.REFUSED:
            raise Refused("this fake refuses")
        if fault is Fault.LATE:
            self._late.append(sent)
        if fault is Fault.APPLIED:
            self._apply_unheard(sent)
        if fault in (Fault.LATE, Fault.APPLIED, Fault.LOST):
            raise CommitInDoubt("this fake gives no answer")
        return self._apply(sent)

    def log(self, most: int, path: str = "") -> tuple[LogEntry, ...]:
        touching = [commit for commit in self.history() if not path or self._changes(commit, path)]
        return tuple(self._entry(commit) for commit in touching[:most])

    def ancestry(self) -> Ancestry:
        roots = tuple(commit.id for commit in self.history() if commit.parent is None)
        return Ancestry(roots + self.more_roots, self.unrelated) if roots else Ancestry()

    # What a test does to it, and sees of it

    def before_commit(self, *actions: Callable[[], object]) -> None:
        """Run each of these once: the first before the next commit is handled, and so on."""
        self._before_commit.extend(actions)

    def move(self, message: str, files: Mapping[str, bytes | None] | None = None) -> str:
        """Commit as another writer, who meets no faults."""
        return self._apply(Sent(self.head, {RIVAL_FILE: RIVAL_DOCUMENT} if files is None else files, message))

    def deliver_late(self) -> None:
        """The commits that are still under way arrive, each on the base that it was sent for."""
        while self._late:
            self._apply_unheard(self._late.pop(0))

    def reset(self, version: str | None) -> None:
        """Somebody sets the branch to another commit by force, or (None) deletes it."""
        self.head = version

    def history(self) -> list[Commit]:
        """The commits of the branch, newest first."""
        return self._back_from(self.head)

    # Inside

    def _back_from(self, at: str | None) -> list[Commit]:
        found: list[Commit] = []
        while at is not None:
            found.append(self._commits[at])
            at = self._commits[at].parent
        return found

    def _apply(self, sent: Sent) -> str:
        if sent.base != self.head:
            raise StaleBranch(f"the branch is at {self.head}, not at {sent.base}")
        files = dict(self._commits[sent.base].files) if sent.base else {}
        for path, data in sent.changes.items():
            files.pop(path, None)
            if data is not None:
                files[path] = data
        _check_paths(files)
        new = hashlib.sha1(f"commit {len(self._commits)}".encode(), usedforsecurity=False).hexdigest()
        self._commits[new] = Commit(new, sent.base, files, sent.message)
        self.head = new
        return new

    def _apply_unheard(self, sent: Sent) -> None:
        try:
            self._apply(sent)
        except (StaleBranch, Refused):
            return

    def _log(self, head: str, since: str) -> tuple[tuple[LogEntry, ...], bool]:
        found: list[LogEntry] = []
        for commit in self._back_from(head):
            if commit.id == since:
                return tuple(found), True
            found.append(self._entry(commit))
        return (tuple(found), True) if not since else ((), False)

    def _changes(self, commit: Commit, path: str) -> bool:
        before = self._commits[commit.parent].files if commit.parent else {}
        return before.get(path) != commit.files.get(path)

    def _entry(self, commit: Commit) -> LogEntry:
        number = list(self._commits).index(commit.id)
        return LogEntry(commit.id, commit.message, AUTHOR, BEGIN + timedelta(minutes=number))


def _check_paths(files: Mapping[str, bytes]) -> None:
    """Refuse what git cannot hold."""
    for path in files:
        if "\0" in path or any(part.lower() in ("", ".", "..", ".git") for part in path.split("/")):
            raise Refused(f"{path!r} is not the path of a file")
