"""What an answer of GitHub, or none, says about a commit: surely not applied, refused, or in doubt."""

from collections.abc import Iterable

from claudestep.domain.errors import Delayed, HostError, Stale, Transient, UnreadableReply
from claudestep.infrastructure.metadata.branch import BranchError, CommitInDoubt, Postponed, Refused, StaleBranch
from claudestep.infrastructure.metadata.paths import can_be_kept


def judged(error: HostError) -> BranchError:
    """What an error says about the commit that it was the answer to."""
    if isinstance(error, Delayed):
        return Postponed(str(error))
    if isinstance(error, Stale) or (isinstance(error, Transient) and not error.sent):
        return StaleBranch(str(error), remedy=error.remedy)
    if isinstance(error, (Transient, UnreadableReply)):
        return CommitInDoubt(str(error), remedy=error.remedy)
    return Refused(str(error), remedy=error.remedy)


def moved(base: str, head: str | None) -> str:
    """That the branch is elsewhere (None: nowhere) than it was read, as a sentence."""
    return f"it is at {(head or 'nothing')[:12]}, and was at {base[:12]} when it was read"


def refuse_paths(paths: Iterable[str]) -> None:
    """Raise Refused where git keeps no file of one of these paths."""
    bad = next((path for path in paths if not can_be_kept(path)), None)
    if bad is not None:
        raise Refused(f"git keeps no file of this path: {bad!r}")
