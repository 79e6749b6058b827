"""The metadata branch in a git repository on disk: objects and `update-ref` with the old value, no checkout."""

from collections.abc import Mapping

from claudestep.domain.naming import METADATA_BRANCH
from claudestep.domain.observation import LogEntry, Snapshot
from claudestep.infrastructure.git.command import OUR_IDENTITY, Git
from claudestep.infrastructure.git.objects import ObjectReader, write_commit, write_tree
from claudestep.infrastructure.metadata.branch import CommitInDoubt, Refused, StaleBranch
from claudestep.infrastructure.process import CommandFailed

REF = f"refs/heads/{METADATA_BRANCH}"


class GitMetadataBranch:
    """A `MetadataBranch` in a local repository, bare or not."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def read(self, since: str | None = None) -> Snapshot:
        """Read the branch in one process; one or two more for the log. Raises RepositoryError."""
        with ObjectReader(self._git) as objects:
            head = objects.find(REF)
            if head is None:
                return Snapshot(None, {})
            files = objects.files(objects.tree_of(head))
        if since is None:
            return Snapshot(head.id, files)
        log, complete = self._log(since, head.id)
        return Snapshot(head.id, files, log, complete)

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """Write the objects, then move the branch from `base`, which git checks under the branch's lock."""
        bad = next((path for path in changes if not _can_be_written(path)), None)
        if bad is not None:
            raise Refused(f"git keeps no file of this path: {bad!r}")
        try:
            tree = write_tree(self._git, base, changes)
            new = write_commit(self._git, tree, [base] if base else [], message, OUR_IDENTITY)
        except (CommandFailed, OSError) as error:
            raise Refused(str(error)) from error
        try:
            self._git.run("update-ref", "-m", "claudestep", REF, new, base or self._git.no_object)
        except CommandFailed as error:
            if error.returncode is not None and error.returncode > 0:
                raise StaleBranch(str(error)) from error
            raise CommitInDoubt(str(error)) from error
        return new

    def _log(self, since: str, head: str) -> tuple[tuple[LogEntry, ...], bool]:
        if since and not self._git.succeeds("merge-base", "--is-ancestor", since, head):
            return (), False
        span = f"{since}..{head}" if since else head
        text = self._git.run("log", "-z", "--format=%H%n%B", span, "--").decode(errors="replace")
        entries = (entry.partition("\n") for entry in text.split("\0") if entry)
        return tuple(LogEntry(version, message) for version, _, message in entries), True


def _can_be_written(path: str) -> bool:
    """Whether git accepts a path; `git update-index` leaves others out in silence."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") and part.lower() != ".git" for part in parts) and "\0" not in path
