"""The story of the metadata branch: its commits, read back as they were told when they were written."""

from dataclasses import dataclass
from datetime import datetime

from claudestep.domain import commit_message
from claudestep.domain.commit_message import Told
from claudestep.domain.errors import UnknownProject
from claudestep.domain.observation import LogEntry
from claudestep.infrastructure.metadata.store import MetadataStore


@dataclass(frozen=True, slots=True)
class Chapter:
    """One commit: when, by whom, and what it tells. `told.ours` is False where somebody made it by hand."""

    version: str
    at: datetime | None
    by: str
    told: Told


@dataclass(frozen=True, slots=True)
class History:
    """The newest commits, newest first. `more`: there are older ones. `exists`: there is a branch."""

    chapters: tuple[Chapter, ...]
    more: bool = False
    exists: bool = True


def history(store: MetadataStore, most: int, project: str | None = None) -> History:
    """Read the newest `most` commits, of one project where it is named. Raises UnknownProject."""
    entries = store.log(most + 1, project)
    if not entries:
        documents = store.all()
        if project is not None and documents.version is not None:
            raise UnknownProject(project, {*documents.projects, *documents.broken})
        return History((), exists=False)
    return History(tuple(map(_chapter, entries[:most])), more=len(entries) > most)


def _chapter(entry: LogEntry) -> Chapter:
    told = commit_message.read(entry.message)
    return Chapter(entry.version, entry.at, told.by or commit_message.one_line(entry.author), told)
