"""The metadata store: documents that no race, crash or fault loses or doubles.

Written once, above any `MetadataBranch`. There is one loop (`transact_on`): read, decide, commit on what
was read; where the branch has moved, read everything again and decide again on what is there now.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeAlias, TypeVar

from claudestep.domain.commit_message import compose
from claudestep.domain.errors import MetadataLost, StaleDocument, StoreBusy, UnknownProject
from claudestep.domain.models import Project
from claudestep.domain.naming import METADATA_BRANCH, check_project_name, document_path, project_of_document
from claudestep.domain.observation import LogEntry, PullRequest, Snapshot, is_ours
from claudestep.domain.story import Rewrite, story
from claudestep.infrastructure.clock import Clock, SystemClock
from claudestep.infrastructure.metadata.branch import (
    CommitInDoubt,
    MetadataBranch,
    Postponed,
    Refused,
    StaleBranch,
    Waits,
)  # fmt: skip
from claudestep.infrastructure.metadata.documents import Documents, Versioned, blob_id, read_documents
from claudestep.infrastructure.metadata.draft import changed_projects, files_of, is_same, stamp
from claudestep.infrastructure.metadata.race import Attempt, Race
from claudestep.infrastructure.retry import Patience

logger = logging.getLogger(__name__)

T = TypeVar("T")
Names: TypeAlias = list[str]
Moments: TypeAlias = list[datetime | None]


class Look(Protocol):
    """Anything that was seen, with the snapshot and the time that it was seen at."""

    @property
    def snapshot(self) -> Snapshot:
        """The metadata branch."""
        ...

    @property
    def now(self) -> datetime:
        """The host's time."""
        ...

    @property
    def pull_requests(self) -> Sequence[PullRequest] | None:
        """Those that are there; None where nobody looked for them."""
        ...


L = TypeVar("L", bound=Look)


@dataclass(frozen=True, slots=True)
class Glance:
    """The smallest look: the branch alone."""

    snapshot: Snapshot
    now: datetime
    pull_requests: None = None


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """What a decision wants written: whole projects by name (None removes one), and its result.

    `replaced` are those whose documents cannot be read and give way; nobody else's ever do.
    """

    projects: Mapping[str, Project | None]
    message: str
    result: T
    replaced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Committed(Generic[T]):
    """The result of the decision that holds, and the branch that holds it.

    `wrote` is False where nothing had to be written.
    """

    result: T
    snapshot: Snapshot
    wrote: bool

    @property
    def version(self) -> str | None:
        """The commit that holds it."""
        return self.snapshot.version


class MetadataStore:
    """Documents by name, with versions; the Python interface to the metadata branch."""

    def __init__(
        self,
        branch: MetadataBranch,
        *,
        clock: Clock | None = None,
        patience: Patience | None = None,
        author: str = "",
        has_pull_requests: Callable[[], bool] = lambda: False,
    ) -> None:
        """`author` says in every commit who wrote it.

        `has_pull_requests` asks whether there are any of ours, where nobody looked and the branch is to begin.
        """
        self._branch = branch
        self._has_pull_requests = has_pull_requests
        self._author = author
        self._clock = clock or SystemClock()
        self._patience = patience or Patience()
        self._own: str | None = None

    def list(self) -> Names:
        """The names of all projects, those that cannot be read too."""
        documents = self.all()
        return sorted({*documents.projects, *documents.broken})

    def get(self, name: str) -> Versioned[Project]:
        """One project and its version. Raises UnknownProject, InvalidDocument."""
        snapshot = self._branch.read()
        project = read_documents(snapshot).get(name)
        if project is None:
            raise UnknownProject(name)
        return Versioned(project, blob_id(snapshot.files[document_path(name)]))

    def all(self) -> Documents:
        """All projects of one commit; those that cannot be read stand apart in `.broken`."""
        return read_documents(self._branch.read())

    def raw(self, name: str) -> bytes:
        """The document as it stands on the branch, readable or not. Raises UnknownProject."""
        files = self._branch.read().files
        data = files.get(document_path(name))
        if data is None:
            raise UnknownProject(name, filter(None, map(project_of_document, files)))
        return data

    def log(self, most: int, name: str | None = None) -> tuple[LogEntry, ...]:
        """The newest commits of the branch, at the most `most`; those that wrote one project where it is named."""
        return self._branch.log(most, "" if name is None else document_path(name))

    def put(self, name: str, project: Project, *, expected: str | None) -> None:
        """Write one project. `expected` is the version that was read; None: it must not exist yet.

        Raises StaleDocument where another version is there.
        """
        self._replace(name, project, expected)

    def delete(self, name: str, *, expected: str | None) -> None:
        """Remove one project. Raises StaleDocument where another version is there."""
        self._replace(name, None, expected)

    def update(self, name: str, change: Callable[[Project], Project]) -> Project:
        """Apply a pure `change` to one project, an empty one where there is none yet; return the outcome.

        The change may run several times: on a lost race it is applied again to what is there then.
        Raises InvalidDocument, StoreBusy.
        """
        check_project_name(name)

        def one(documents: Documents, now: datetime) -> Change[Project]:
            empty = Project(project=name)
            before = documents.get(name)
            changed = change(before or empty)
            if is_same(changed, before or empty):
                return Change({}, "", before or empty)
            stamped = stamp(changed, before, now)
            return Change({name: stamped}, f"Update {name}", stamped)

        return self.transact(one).result

    def transact(
        self, change: Callable[[Documents, datetime], Change[T]], *, known: Glance | None = None
    ) -> Committed[T]:
        """Make one atomic commit over several documents; see `transact_on`.

        `known` is what an earlier transaction left behind: the first try is made on that, and spares a read.
        """
        return self.transact_on(self._glance, lambda look, documents: change(documents, look.now), known=known)

    def transact_on(
        self,
        look: Callable[[str | None], L],
        change: Callable[[L, Documents], Change[T]],
        *,
        known: L | None = None,
        anew: bool = False,
    ) -> Committed[T]:
        """Look, decide, write; on a lost race all of it again, on what is there then.

        `look(since)` sees the world anew, with the log of the branch back to `since` where that is given;
        the first try may be made on what is `known` instead, which costs nothing but a lost race if it is old.
        `change` is pure: it may run several times, and its result counts only with its commit. A change
        that alters nothing writes nothing, and is not believed where it saw the branch as it was before this
        store's own last commit. Where there are pull requests, only a decision that makes the branch `anew` from
        them may begin one. Raises StoreBusy when the time for tries is used up or the backend refuses;
        BranchVanished; MetadataLost; ForeignBranch; and whatever `look` and `change` raise.
        """
        race: Race[T] = Race(started=self._clock.monotonic(), own=self._own, waited=self._waited)
        while True:
            seen, known = look(race.since) if known is None else known, None
            landed = race.see(seen.snapshot)
            if landed is not None:
                return self._wrote(landed.result, seen.snapshot)
            if seen.snapshot.version is None and not self._may_begin(seen, race, anew=anew):
                continue
            documents = read_documents(seen.snapshot)
            attempt = race.same_again(seen.snapshot) or self._decide(seen, documents, change)
            if attempt.files:
                version = self._send(attempt, race)
                if version is not None:
                    return self._wrote(attempt.result, seen.snapshot.after(version, attempt.files))
            elif race.reaches_own(seen.snapshot):
                return Committed(attempt.result, seen.snapshot, wrote=False)
            else:
                race.look_back(seen.snapshot)

    def modified_since(self, when: datetime) -> Names:
        """Projects written since `when`. Raises BrokenDocuments."""
        return self._since(when, lambda project: [project.last_updated])

    def created_since(self, when: datetime) -> Names:
        """Projects begun since `when`. Raises BrokenDocuments."""
        return self._since(when, lambda project: [project.created_at])

    def completed_since(self, when: datetime) -> Names:
        """Projects whose last open step was completed since `when`. Raises BrokenDocuments."""
        return self._since(when, _completion)

    def _since(self, when: datetime, moments: Callable[[Project], Moments]) -> Names:
        projects = self.all().require_whole()
        return [name for name, p in projects.items() if any(t is not None and t >= when for t in moments(p))]

    def _glance(self, since: str | None) -> Glance:
        snapshot = self._branch.read(since)
        return Glance(snapshot, snapshot.at or self._clock.now())

    def _replace(self, name: str, project: Project | None, expected: str | None) -> None:
        check_project_name(name)

        def swap(look: Glance, documents: Documents) -> Change[None]:
            data = look.snapshot.files.get(document_path(name))
            found = None if data is None else blob_id(data)
            if found != expected:
                raise StaleDocument(name, expected, found)
            documents.get(name)
            return Change({name: project}, f"{'Write' if project else 'Remove'} {name}", None)

        self.transact_on(self._glance, swap)

    def _wrote(self, result: T, snapshot: Snapshot) -> Committed[T]:
        self._own = snapshot.version
        return Committed(result, snapshot, wrote=True)

    def _may_begin(self, seen: Look, race: Race[T], *, anew: bool) -> bool:
        """Whether nothing was there before a branch that is not there; False: look again.

        Pull requests come after a branch. Where they were seen before it was looked for again, it is lost, unless
        another run has only just begun it. Raises MetadataLost, BranchVanished.
        """
        if not race.reaches_own(seen.snapshot):
            race.look_back(seen.snapshot)
            return False
        if anew or not self._are_there(seen.pull_requests):
            return True
        if self._branch.read().version is None:
            raise MetadataLost(METADATA_BRANCH)
        race.cause = "the branch was made just now"
        self._wait(race)
        return False

    def _are_there(self, pulls: Sequence[PullRequest] | None) -> bool:
        return self._has_pull_requests() if pulls is None else any(map(is_ours, pulls))

    def _decide(self, seen: L, documents: Documents, change: Callable[[L, Documents], Change[T]]) -> Attempt[T]:
        wanted = change(seen, documents)
        documents = documents.without(wanted.replaced)
        changed = changed_projects(wanted.projects, documents, seen.now)
        files = files_of(changed, seen.snapshot)
        nonce = os.urandom(8).hex()
        told = story({name: Rewrite(documents.get(name), project) for name, project in changed.items()})
        message = compose(wanted.message, told, author=self._author, unique_id=nonce)
        return Attempt(nonce, seen.snapshot.version, files, message, wanted.result)

    def _send(self, attempt: Attempt[T], race: Race[T]) -> str | None:
        """Send a commit; None where it has to be tried again, after the wait."""
        try:
            return self._branch.commit(attempt.base, attempt.files, attempt.message)
        except Postponed as error:
            logger.info("had to wait, and reads again: %s", error)
            race.check_limits(self._waited, self._patience.limits, error)
            return None
        except StaleBranch as error:
            race.cause = str(error)
            logger.info("lost a race for the metadata branch (try %d): %s", race.tries + 1, error)
        except CommitInDoubt as error:
            race.cause = str(error)
            race.doubt(attempt)
            logger.info("no answer to a commit (try %d), looking for it in the log: %s", race.tries + 1, error)
        except Refused as error:
            message = f"the metadata branch cannot be written: {error}{race.doubt_sentence}"
            raise StoreBusy(message, remedy=error.remedy) from error
        self._wait(race)
        return None

    def _wait(self, race: Race[T]) -> None:
        race.tries += 1
        pause = self._patience.wait(race.tries)
        waited = self._clock.monotonic() - race.started - (self._waited - race.waited)
        if waited + pause > self._patience.total:
            raise StoreBusy(
                f"the metadata branch could not be written in {waited:.0f} s and {race.tries} tries; "
                f"the last one: {race.cause}{race.doubt_sentence}",
                remedy="Run it again. If it stays so, see what else writes there: claudestep metadata log",
            )
        self._clock.sleep(pause)

    @property
    def _waited(self) -> float:
        """What the backend's limits have taken so far: nobody was faster in that time."""
        return self._branch.waited if isinstance(self._branch, Waits) else 0.0


def _completion(project: Project) -> Moments:
    progress = project.progress
    if not progress.total or progress.done < progress.total:
        return []
    return [max(step.completed_at for step in project.steps if step.completed_at and not step.orphaned_at)]


__all__ = ["Change", "Committed", "Documents", "Glance", "Look", "MetadataStore", "Versioned"]
