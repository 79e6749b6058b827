"""The metadata branch in a git repository on disk: objects and `update-ref` with the old value, no checkout."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from claudestep.domain.errors import RepositoryError
from claudestep.domain.naming import METADATA_BRANCH
from claudestep.domain.observation import Ancestry, LogEntry, Snapshot
from claudestep.infrastructure.git.command import OUR_IDENTITY, CannotWrite, Git
from claudestep.infrastructure.git.objects import GitObject, ObjectReader, write_commit, write_tree
from claudestep.infrastructure.git.refs import moment
from claudestep.infrastructure.metadata.branch import CommitInDoubt, Refused, StaleBranch
from claudestep.infrastructure.metadata.paths import can_be_kept
from claudestep.infrastructure.process import CommandFailed

REF = f"refs/heads/{METADATA_BRANCH}"
_FORMAT = "%H%n%an%n%ct%n%B"
_WRITE_TRIES = 3
_GIT_DIED = 128  # what git exits with by itself; more is a signal, as a shell reports it


class GitMetadataBranch:
    """A `MetadataBranch` in a local repository, bare or not."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def read(self, since: str | None = None) -> Snapshot:
        """Read the branch in one process; one or two more for the log. Raises RepositoryError."""
        with ObjectReader(self._git) as objects:
            head = self._head(objects)
            if head is None:
                return Snapshot(None, {}, log_complete=not since)
            files = objects.files(objects.tree_of(head))
        if since is None:
            return Snapshot(head.id, files)
        log, complete = self._log(since, head.id)
        return Snapshot(head.id, files, log, complete)

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """Write the objects, then move the branch from `base`, which git checks under the branch's lock."""
        bad = next((path for path in changes if not can_be_kept(path)), None)
        if bad is not None:
            raise Refused(f"git keeps no file of this path: {bad!r}")
        if self._is_checked_out():
            raise Refused(f"{METADATA_BRANCH} is checked out in a work tree; switch to another branch first")
        self._look_first(base)
        new = self._write(base, changes, message)
        self._look_first(base)
        try:
            self._git.run("update-ref", "-m", "claudestep", REF, new, base or self._git.no_object)
        except CommandFailed as error:
            self._judge(base, new, error)
        return new

    def log(self, most: int, path: str = "") -> tuple[LogEntry, ...]:
        """Ask git. Raises RepositoryError where the branch is damaged."""
        if not self._exists():
            return ()
        return self._entries(f"--max-count={most}", REF, "--", *([path] if path else []))

    def ancestry(self) -> Ancestry:
        """Its roots, and the copies at remotes that share none of its commits. Raises RepositoryError."""
        if not self._exists():
            return Ancestry()
        roots = self._git.text("rev-list", "--max-parents=0", REF).split()
        copies = self._git.text("for-each-ref", "--format=%(refname)", f"refs/remotes/*/{METADATA_BRANCH}").split()
        names = {copy: copy.removeprefix("refs/remotes/") for copy in copies}
        related = [copy for copy in copies if self._git.succeeds("merge-base", REF, copy)]
        return Ancestry(
            tuple(roots),
            unrelated=tuple(name for copy, name in names.items() if copy not in related),
            diverged=tuple(names[copy] for copy in related if self._has_diverged(copy)),
        )

    def _has_diverged(self, copy: str) -> bool:
        """Whether each of the two has commits that the other has not."""
        ours, theirs = self._git.text("rev-list", "--left-right", "--count", f"{REF}...{copy}").split()
        return ours != "0" and theirs != "0"

    def _exists(self) -> bool:
        """Whether there is a branch. Raises RepositoryError where it is damaged."""
        with ObjectReader(self._git) as objects:
            return self._head(objects) is not None

    def _look_first(self, base: str | None) -> None:
        """Spare the processes of a commit that has lost already; update-ref alone decides. Raises StaleBranch."""
        with suppress(OSError):  # a packed ref has no file of its own
            head = (self._git.git_dir / REF).read_text(encoding="ascii").strip()
            if head and not head.startswith("ref:") and head != base:
                raise StaleBranch(f"it is at {head[:12]}, and was at {(base or 'nothing')[:12]} when it was read")

    def _write(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """Store the objects; house-keeping of another git may be in the way for a moment. Raises Refused."""
        for left in reversed(range(_WRITE_TRIES)):
            try:
                tree = write_tree(self._git, base, changes)
                return write_commit(self._git, tree, [base] if base else [], message, OUR_IDENTITY)
            except CannotWrite as error:
                raise Refused(str(error), remedy=error.remedy) from error
            except (CommandFailed, OSError) as error:
                if not left:
                    raise Refused(str(error)) from error
        raise AssertionError("unreachable")

    def _judge(self, base: str | None, new: str, error: CommandFailed) -> None:
        """Find out what a failed update-ref did, by what is there: its exit status does not say.

        Returns where the commit counts. Raises StaleBranch, Refused, CommitInDoubt.
        """
        try:
            with ObjectReader(self._git) as objects:
                found = self._head(objects)
        except RepositoryError:
            raise CommitInDoubt(str(error)) from error
        head = found.id if found else None
        if head is not None and self._git.succeeds("merge-base", "--is-ancestor", new, head):
            return
        if isinstance(error, CannotWrite):
            raise Refused(str(error), remedy=error.remedy) from error
        if error.returncode is None or not 0 < error.returncode <= _GIT_DIED:
            raise CommitInDoubt(str(error)) from error
        if head == base and self._git.text("for-each-ref", f"{REF}/"):
            raise Refused(f"there are branches below the name {METADATA_BRANCH}/: {error}") from error
        raise StaleBranch(str(error)) from error

    def _head(self, objects: ObjectReader) -> GitObject | None:
        """The commit of the branch, None where there is no branch. Raises RepositoryError where it is damaged."""
        head = objects.find(REF)
        if head is not None or not self._is_there():
            return head
        head = objects.find(REF)  # it may have been made between the two questions
        if head is None:
            raise RepositoryError(f"the branch {METADATA_BRANCH} is damaged", remedy="Look at it: git fsck")
        return head

    def _is_checked_out(self) -> bool:
        """Whether a work tree stands on the branch: the next commit there would take our records back."""
        git_dir = self._git.git_dir
        if any(map(_is_on_branch, git_dir.glob("worktrees/*/HEAD"))):
            return True
        return _is_on_branch(git_dir / "HEAD") and self._git.text("rev-parse", "--is-bare-repository") == "false"

    def _is_there(self) -> bool:
        """Whether git knows the ref, readable or not."""
        return (self._git.git_dir / REF).is_file() or self._git.succeeds("rev-parse", "--verify", "-q", REF)

    def _log(self, since: str, head: str) -> tuple[tuple[LogEntry, ...], bool]:
        if since and not self._git.succeeds("merge-base", "--is-ancestor", since, head):
            return (), False
        span = f"{since}..{head}" if since else head
        return self._entries(span, "--"), True

    def _entries(self, *args: str) -> tuple[LogEntry, ...]:
        plain = ("-z", "--no-follow", "--no-show-signature", f"--format={_FORMAT}")
        text = self._git.run("log", *plain, *args).decode(errors="replace")
        return tuple(_entry(entry) for entry in text.split("\0") if entry)


def _entry(text: str) -> LogEntry:
    version, author, at, message = text.split("\n", 3)
    return LogEntry(version, message, author, moment(at))


def _is_on_branch(head: Path) -> bool:
    return head.read_bytes().strip() == b"ref: " + REF.encode()
