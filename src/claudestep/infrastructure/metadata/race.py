"""What one transaction has gone through: its tries, and the commits that nobody confirmed.

A commit in doubt is looked for by the unique id in its message, in every later log back to its base. Found:
it was applied. Not found and its base is still the head: the very same commit may be sent again, since only
one of the two can be applied to that base. Not found and the branch has moved: it never will be applied.

A read may lag behind the writer's own commits. A decision that writes is safe from that, for a commit on an old
head is refused; one that writes nothing is believed only where the read reaches back to the last of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from claudestep.domain.errors import BranchVanished, StoreBusy
from claudestep.domain.naming import COMMIT_TRAILER, METADATA_BRANCH
from claudestep.domain.observation import Snapshot
from claudestep.infrastructure.metadata.branch import Postponed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """A commit to be sent, by the unique id in its message, and the result that holds with it."""

    id: str
    base: str | None
    files: Mapping[str, bytes | None]
    message: str
    result: T


@dataclass(slots=True)
class Race(Generic[T]):
    """One transaction against all other writers."""

    started: float
    own: str | None = None
    """The newest commit of this writer's that is surely there."""
    tries: int = 0
    cause: str = ""
    waited: float = 0.0
    """The seconds that the backend had been made to wait when it began."""
    _doubtful: list[Attempt[T]] = field(default_factory=list)
    _last_seen: str | None = None
    _looks_back: bool = False

    @property
    def since(self) -> str | None:
        """Where the log has to reach back to: None for no log, "" for all of it."""
        if self._looks_back:
            return self.own  # commits in doubt are younger
        return (self._doubtful[0].base or "") if self._doubtful else None

    @property
    def doubt_sentence(self) -> str:
        """What a message has to add while a commit is unaccounted for."""
        return ". One of the tries got no answer and may have been written" if self._doubtful else ""

    def doubt(self, attempt: Attempt[T]) -> None:
        """Note that no answer came to a commit."""
        if attempt not in self._doubtful:
            self._doubtful.append(attempt)

    def see(self, snapshot: Snapshot) -> Attempt[T] | None:
        """Return the doubtful commit that was applied after all, None where none was.

        Raises BranchVanished; StoreBusy where the log does not reach back far enough to know.
        """
        if self._last_seen is not None and snapshot.version is None:
            raise BranchVanished(METADATA_BRANCH, self._last_seen)
        self._last_seen = snapshot.version
        if not self._doubtful:
            return None
        if not snapshot.log_complete:
            raise _unknowable(self.since)
        messages = [entry.message.splitlines() for entry in snapshot.log]
        wanted = {f"{COMMIT_TRAILER}: {attempt.id}": attempt for attempt in self._doubtful}
        return next((one for line, one in wanted.items() if any(line in lines for lines in messages)), None)

    def reaches_own(self, snapshot: Snapshot) -> bool:
        """Whether what was seen is surely not older than the writer's own last commit."""
        if self.own is None or snapshot.version == self.own:
            return True
        reached = self._looks_back and snapshot.log_complete
        return reached or any(entry.version == self.own for entry in snapshot.log)

    def check_limits(self, waited: float, bound: float, error: Postponed) -> None:
        """Raise StoreBusy where a backend that has `waited` so far made this transaction wait beyond `bound`."""
        seconds = waited - self.waited
        if seconds > bound:
            raise StoreBusy(
                f"the metadata branch could not be written in {seconds:.0f} s of waiting: "
                f"{error}{self.doubt_sentence}",
                remedy="Run it again later, or with fewer runs at once.",
            ) from error

    def look_back(self, snapshot: Snapshot) -> None:
        """Let the next look reach back to the writer's own last commit, which this one did not show.

        Raises StoreBusy, BranchVanished where it had to already.
        """
        if self._looks_back and self.own is not None:
            raise _not_shown(self.own) if snapshot.version else BranchVanished(METADATA_BRANCH, self.own)
        self._looks_back = True

    def same_again(self, snapshot: Snapshot) -> Attempt[T] | None:
        """A doubtful commit whose base is still the head."""
        return next((attempt for attempt in self._doubtful if attempt.base == snapshot.version), None)


def _not_shown(own: str) -> StoreBusy:
    return StoreBusy(
        f"the metadata branch is shown without {own[:12]}, which this run wrote: as it was before, "
        "or somebody has rewritten it",
        remedy=f"Run it again; if it stays so, look at it: git log {METADATA_BRANCH}",
    )


def _unknowable(base: str | None) -> StoreBusy:
    return StoreBusy(
        f"the metadata branch was rewritten while a commit on {(base or 'nothing')[:12]} was in doubt; "
        "whether that commit counts cannot be known",
        remedy="See what it says now: claudestep metadata log",
    )
