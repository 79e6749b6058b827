"""Git objects and refs of one bare repository, read and written with pygit2.

Writes of refs are compare-and-swap under `lock`; whoever starts `git receive-pack` holds the same lock.
"""

import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, SortMode

from tests.github_server.trees import Change, edited_tree

ZERO = "0" * 40
_CONFIG = {
    "http.receivepack": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowReachableSHA1InWant": "true",
    "uploadpack.allowFilter": "true",
    "receive.hideRefs": "refs/pull/",
    "gc.auto": "0",
    "receive.autogc": "false",
}
# The mark by which this server knows its own signatures; GitHub's are made with the key of "web-flow".
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\ngithub-test-server\n-----END PGP SIGNATURE-----\n"


@dataclass(frozen=True)
class Signature:
    """Who made a commit, and when."""

    name: str
    email: str
    when: datetime

    def to_git(self) -> pygit2.Signature:
        return pygit2.Signature(self.name, self.email, int(self.when.timestamp()), 0)


class Objects:
    """A bare repository on disk."""

    def __init__(self, path: Path, default_branch: str = "main") -> None:
        self.path = path
        self.lock = threading.RLock()
        self._merged: dict[tuple[str, str], str | None] = {}
        self.git = pygit2.init_repository(str(path), bare=True, initial_head=default_branch)
        for name, value in _CONFIG.items():
            self.git.config[name] = value

    # Refs

    def ref(self, name: str) -> str | None:
        """Where a ref (by its full name) points, or None."""
        try:
            found = self.git.lookup_reference(name)
        except (KeyError, ValueError):
            return None
        return str(found.resolve().target)

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """All refs below a prefix, sorted, and where they point."""
        names = sorted(name for name in self.git.listall_references() if name.startswith(prefix))
        return {name: oid for name in names if (oid := self.ref(name)) is not None}

    def set_ref(self, name: str, oid: str | None) -> None:
        """Point a ref somewhere, or delete it. The caller holds the lock and has compared."""
        if oid is not None:
            self.git.references.create(name, oid, force=True)
        elif self.ref(name) is not None:
            self.git.references.delete(name)

    def set_head(self, branch: str) -> None:
        """Make a branch the default one."""
        self.git.set_head(f"refs/heads/{branch}")

    # Reading

    def get(self, oid: str) -> pygit2.Object | None:
        """An object by its full id."""
        try:
            return self.git.get(oid)
        except ValueError:
            return None

    def commit(self, oid: str) -> pygit2.Commit | None:
        """A commit by its id; a tag is followed. None when there is no such commit."""
        found = untagged(self.get(oid))
        return found if isinstance(found, pygit2.Commit) else None

    def entry(self, root: pygit2.Tree, path: str) -> pygit2.Object | None:
        """What stands at a path of a tree; "" is the tree itself."""
        path = path.strip("/")
        if not path:
            return root
        try:
            return root[path]
        except (KeyError, ValueError):
            return None

    def parse(self, revision: str) -> pygit2.Object | None:
        """What a revision means to git (an id, a shortened id, `<ref>:<path>`), or None."""
        try:
            return self.git.revparse_single(revision)
        except (KeyError, ValueError, pygit2.GitError):
            return None

    def log(self, oid: str, *, path: str = "", since: datetime | None = None) -> Iterator[pygit2.Commit]:
        """The history of a commit, newest first; only commits that changed `path`, where one is given."""
        for commit in self._history(oid):
            if since is not None and commit.commit_time < since.timestamp():
                continue
            if not path or self._changed(commit, path):
                yield commit

    def _history(self, oid: str) -> Iterator[pygit2.Commit]:
        """Along single parents as far as they lead: sorting needs all of the history before the first is known."""
        commit = self.git[oid].peel(pygit2.Commit)
        while len(commit.parents) == 1:
            yield commit
            commit = commit.parents[0]
        yield from self.git.walk(commit.id, SortMode.TOPOLOGICAL | SortMode.TIME)

    def _changed(self, commit: pygit2.Commit, path: str) -> bool:
        here = self._id_at(commit, path)
        if not commit.parents:
            return here is not None
        return all(self._id_at(parent, path) != here for parent in commit.parents)

    def _id_at(self, commit: pygit2.Commit, path: str) -> str | None:
        found = self.entry(commit.tree, path)
        return None if found is None else str(found.id)

    # Writing

    def add_blob(self, data: bytes) -> str:
        """Store a blob; its id."""
        return str(self.git.create_blob(data))

    def add_tree(self, base: str | None, changes: Mapping[str, Change | None]) -> str:
        """Store a tree made of `base` with changes by path; None deletes. KeyError: a deleted path is missing."""
        return edited_tree(self.git, base, changes)

    def with_files(self, base: str | None, files: Mapping[str, bytes | None]) -> str:
        """Store a tree made of `base` with these files; None deletes."""
        changes = {
            path: None if data is None else Change(self.add_blob(data), FileMode.BLOB)
            for path, data in files.items()
        }
        return self.add_tree(base, changes)

    def add_commit(
        self,
        tree: str,
        parents: list[str],
        message: str,
        *,
        author: Signature,
        committer: Signature | None = None,
        signed: bool = False,
    ) -> str:
        """Store a commit; `signed` puts the mark of GitHub's own signature on it."""
        by = (committer or author).to_git()
        oids: list[str | pygit2.Oid] = list(parents)
        if not signed:
            return str(self.git.create_commit(None, author.to_git(), by, message, tree, oids))
        text = self.git.create_commit_string(author.to_git(), by, message, tree, oids)
        return str(self.git.create_commit_with_signature(str(text), _SIGNATURE, "gpgsig"))

    def is_signed(self, oid: str) -> bool:
        """Whether a commit carries a signature of this server."""
        commit = self.commit(oid)
        return commit is not None and "github-test-server" in (commit.gpg_signature[0] or b"").decode()

    # Comparing

    def descends(self, oid: str, ancestor: str) -> bool:
        """Whether a commit is `ancestor` or has it in its history."""
        return oid == ancestor or bool(self.git.descendant_of(oid, ancestor))

    def ahead(self, oid: str, base: str) -> list[str]:
        """The commits of `oid` that `base` has not, oldest first."""
        walker = self.git.walk(oid, SortMode.TOPOLOGICAL | SortMode.REVERSE)
        walker.hide(base)
        return [str(commit.id) for commit in walker]

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits."""
        found = self.git.merge_base(one, other)
        return None if found is None else str(found)

    def merged_tree(self, ours: str, theirs: str, ancestor: str | None = None) -> str | None:
        """The tree of a merge as git makes it, or None where it conflicts; `ancestor` for one that is moved."""
        if ancestor is not None:
            index = self.git.merge_trees(self._tree(ancestor), self._tree(ours), self._tree(theirs))
            return None if index.conflicts is not None else str(index.write_tree(self.git))
        if self.merge_base(ours, theirs) in (None, ours):
            return None if self.merge_base(ours, theirs) is None else str(self._tree(theirs).id)
        if (ours, theirs) not in self._merged:
            self._merged[ours, theirs] = self._merge(ours, theirs)
        return self._merged[ours, theirs]

    def _merge(self, ours: str, theirs: str) -> str | None:
        command = ["git", "-C", str(self.path), "merge-tree", "--write-tree", "--no-messages", ours, theirs]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise ValueError(done.stderr)
        return None if done.returncode else done.stdout.split()[0]

    def _tree(self, oid: str) -> pygit2.Tree:
        commit = self.commit(oid)
        if commit is None:
            raise KeyError(oid)
        return commit.tree

    def fetch(self, other: "Objects", oid: str) -> None:
        """Take over a commit with its history from another repository on this disk."""
        command = ["git", "-C", str(self.path), "fetch", "--quiet", "--no-write-fetch-head", str(other.path), oid]
        subprocess.run(command, check=True, capture_output=True)


def untagged(found: object) -> pygit2.Commit | pygit2.Tree | pygit2.Blob | None:
    """What a tag stands for, and anything else itself; None for what is no object."""
    while isinstance(found, pygit2.Tag):
        found = found.get_object()
    return found if isinstance(found, pygit2.Commit | pygit2.Tree | pygit2.Blob) else None


def when(seconds: int) -> datetime:
    """A time of git."""
    return datetime.fromtimestamp(seconds, UTC)
