"""git's objects: read many in one process, write a commit without a checkout."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from claudestep.domain.errors import RepositoryError
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.process import Conversation

SCRATCH = Path("claudestep", "tmp")
"""Short-lived files, below the git directory; a later run sweeps what a killed one left."""
_FOLDER = "40000"
_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object of the store."""

    id: str
    kind: str
    data: bytes


class ObjectReader:
    """One `git cat-file --batch`: a context manager that answers names with objects."""

    def __init__(self, git: Git) -> None:
        env = {**git.environment, "GIT_DIR": str(git.git_dir)}
        self._ask = Conversation(git.argv("cat-file", "--batch"), env=env, cwd=git.git_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ask.close()

    def find(self, name: str) -> GitObject | None:
        """The object of this name or id, None where there is none. Raises RepositoryError."""
        header = self._ask.ask(name.encode()).decode(errors="replace")
        if header.endswith((" missing", " ambiguous")):
            return None
        try:
            oid, kind, size = header.split(" ")
            data = self._ask.read(int(size) + 1)[:-1]
        except ValueError as error:
            raise RepositoryError(f"git cannot read {name}: {header or 'no answer'}") from error
        if len(data) != int(size):
            raise RepositoryError(f"git cannot read {name}: it stopped in the middle")
        return GitObject(oid, kind, data)

    def get(self, oid: str) -> GitObject:
        """The object of this id, which must be there. Raises RepositoryError."""
        found = self.find(oid)
        if found is None:
            raise RepositoryError(
                f"object {oid} is missing from the repository", remedy="Look for damage: git fsck"
            )
        return found

    def files(self, tree: str, prefix: str = "", *, wanted: Callable[[str], bool] = bool) -> dict[str, bytes]:
        """All regular files below a tree, by path; `wanted` is asked about each file's path."""
        found: dict[str, bytes] = {}
        for mode, name, oid in _entries(self.get(tree)):
            path = prefix + name
            if mode == _FOLDER:
                found |= self.files(oid, f"{path}/", wanted=wanted)
            elif mode in _FILES and wanted(path):
                found[path] = self.get(oid).data
        return found

    def tree_of(self, commit: GitObject) -> str:
        """The tree of a commit."""
        return commit.data.split(b"\n", 1)[0].removeprefix(b"tree ").decode()

    def folder(self, tree: str, name: str) -> str | None:
        """The id of the folder of this name in a tree."""
        entries = _entries(self.get(tree))
        return next((oid for mode, entry, oid in entries if entry == name and mode == _FOLDER), None)


def _entries(tree: GitObject) -> Iterable[tuple[str, str, str]]:
    """Mode, name and id of each entry. (The format of a tree object: git-scm.com/book, "Git Objects".)"""
    size = len(tree.id) // 2
    position = 0
    while position < len(tree.data):
        end = tree.data.index(b"\0", position)
        mode, _, name = tree.data[position:end].partition(b" ")
        oid = tree.data[end + 1 : end + 1 + size].hex()
        yield mode.decode(), name.decode(errors="surrogateescape"), oid
        position = end + 1 + size


def write_blob(git: Git, data: bytes) -> str:
    """Store these bytes as they are, and return their id. Raises CommandFailed."""
    return git.text("hash-object", "-w", "--stdin", "--no-filters", stdin=data)


def write_tree(git: Git, base: str | None, changes: Mapping[str, bytes | None]) -> str:
    """Store the tree of commit `base` (None: the empty one) with these files changed; None removes one.

    Raises CommandFailed.
    """
    return write_index(git, base, b"".join(_index_line(git, path, data) for path, data in changes.items()))


def write_index(git: Git, base: str | None, lines: bytes) -> str:
    """Store the tree of commit `base` after the orders in `lines`, as `git update-index --index-info` reads them.

    Raises CommandFailed.
    """
    scratch = git.git_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        if base is not None:
            git.run("read-tree", base, env=env)
        git.run("update-index", "-z", "--index-info", stdin=lines, env=env)
        return git.text("write-tree", env=env)


def _index_line(git: Git, path: str, data: bytes | None) -> bytes:
    if data is None:
        return f"0 {git.no_object}\t{path}\0".encode(errors="surrogateescape")
    return f"100644 {write_blob(git, data)}\t{path}\0".encode(errors="surrogateescape")


def write_commit(git: Git, tree: str, parents: Iterable[str], message: str, identity: Mapping[str, str]) -> str:
    """Store a commit and return its id. Raises CommandFailed."""
    options = [part for parent in parents for part in ("-p", parent)]
    text = message.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return git.text("commit-tree", tree, *options, "-F", "-", stdin=text.encode(errors="replace"), env=identity)
