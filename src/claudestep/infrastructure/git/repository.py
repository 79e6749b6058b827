"""git for one step: a tree for the agent, a commit of what it did, a branch.

The agent's tree is a repository of its own that borrows the objects of the user's: it has the whole history
and no branch, so that nothing an agent does with git (commit, switch, reset, push) reaches the user's refs,
index or work tree.
"""

import logging
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from claudestep.domain.naming import ROOT
from claudestep.infrastructure.files import discard
from claudestep.infrastructure.git.command import OUR_EMAIL, OUR_NAME, Git
from claudestep.infrastructure.git.large_files import POINTER
from claudestep.infrastructure.git.objects import write_blob, write_commit, write_index
from claudestep.infrastructure.git.tree_merging import TreeMerging, explicit_identity
from claudestep.infrastructure.git.upstream import Upstream
from claudestep.infrastructure.hosting.port import Merging, StepCommit, StepRefused
from claudestep.infrastructure.process import CommandFailed

logger = logging.getLogger(__name__)

_SETTINGS = {
    "user.name": OUR_NAME,
    "user.email": OUR_EMAIL,
    "commit.gpgSign": "false",
    "core.hooksPath": "/dev/null",
    "gc.auto": "0",
}


_GIT_LINK, _GONE = "160000", "000000"


@dataclass(frozen=True, slots=True)
class _Changed:
    """A path that differs: its old mode, its new mode and object."""

    was: str
    mode: str
    oid: str
    path: str


@dataclass(frozen=True, slots=True)
class StepRepository:
    """A `StepGit` on a repository on disk."""

    git: Git
    upstream: Upstream

    @contextmanager
    def worktree(self, commit: str, folder: Path) -> Iterator[Path]:
        """Check out `commit` below `folder`, which must not exist; it is removed at the end in any case."""
        self.upstream.bring(commit)
        tree = folder / "tree"
        try:
            self._borrow(tree)
            self._check_out(tree, commit)
            yield tree
        finally:
            discard(folder)

    def _borrow(self, folder: Path) -> None:
        folder.parent.mkdir(mode=0o700)
        folder.mkdir()
        self.git.inside(folder, "init", "--quiet", "--template=", f"--object-format={self.git.object_format}")
        alternates = folder / ".git/objects/info/alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_bytes(_in_one_line(os.fsencode(self.git.git_dir / "objects")) + b"\n")
        shallow = self.git.git_dir / "shallow"
        if shallow.exists():
            shutil.copyfile(shallow, folder / ".git/shallow")
        for name, value in _SETTINGS.items():
            self.git.inside(folder, "config", name, value)

    def _check_out(self, tree: Path, commit: str) -> None:
        """Write the files as the user's own git does: through their filters, with what a partial clone left out.

        Not by `git checkout`, which says that all is well when a file could not be written.
        """
        env = {"GIT_INDEX_FILE": str(tree / ".git/index"), "GIT_WORK_TREE": str(tree)}
        self.git.run("read-tree", "-m", "-u", "--no-recurse-submodules", commit, env=env, cwd=tree)
        self.git.inside(tree, "update-ref", "--no-deref", "HEAD", commit)
        shutil.copy2(tree / ".git/index", tree.parent / "fresh-index")

    def snapshot(self, tree: Path) -> str:
        """The tree id of all that would be committed now. Raises StepRefused.

        It begins with the index of the checkout, which knows the files that nobody has touched: they are not read
        again, and stay as they are in the base also where git would write them in another way today. (Its time
        is kept: by that git knows which entries it has to look at twice.)
        """
        shutil.copy2(tree.parent / "fresh-index", tree.parent / "index")
        env = _index_of(tree)
        try:
            self.git.run("add", "--all", ".", env=env, cwd=tree)
        except CommandFailed as error:
            raise _cannot_add(tree, error) from error
        return self.git.text("write-tree", env=env)

    def restore(self, tree: Path, snapshot: str) -> None:
        """Write the snapshot's files over those of the tree, and remove what it does not have.

        Raises StepRefused where something cannot be removed.
        """
        env = _index_of(tree)
        try:
            self.git.run("read-tree", snapshot, env=env)
            self.git.run("checkout-index", "--all", "--force", env=env, cwd=tree)
            self.git.run("clean", "-ffdq", env=env, cwd=tree)
        except CommandFailed as error:
            raise StepRefused(f"what `verify` left in the work tree cannot be undone: {error.stderr}") from error

    def commit_step(self, tree: Path, step: StepCommit) -> str | None:
        """Commit what differs, as one commit on the base, whatever the agent committed by itself.

        Returns None where nothing differs but ClaudeStep's own folder. Raises StepRefused.
        """
        self._check_head(tree, step.base)
        before = step.since or self.git.text("rev-parse", f"{step.base}^{{tree}}")
        changes = self._changes(before, self.snapshot(tree))
        self._warn_of_submodules(tree)
        self._check_large_files(tree, changes)
        lines = [_index_line(change) for change in changes]
        if not lines or (step.since and self._is_base(step.base, lines)):
            return None
        blob = write_blob(self.git, step.spec)
        mode = self.git.text("ls-tree", step.base, "--", step.spec_path).split(" ")[0]
        lines.append(f"{mode} {blob}\t{step.spec_path}\0")
        written = write_index(self.git, step.base, "".join(lines).encode(errors="surrogateescape"))
        return write_commit(self.git, written, [step.base], step.message, self.git.identity())

    def _is_base(self, base: str, lines: list[str]) -> bool:
        """Whether all that differs from what `setup` left is as it is in the base: undone, not done."""
        tree = write_index(self.git, base, "".join(lines).encode(errors="surrogateescape"))
        return tree == self.git.text("rev-parse", f"{base}^{{tree}}")

    def _changes(self, before: str, after: str) -> list[_Changed]:
        """What differs between two trees, ClaudeStep's own folder left out. Raises StepRefused."""
        raw = self.git.run("diff-tree", "-r", "-z", "--no-renames", before, after)
        parts = raw.decode(errors="surrogateescape").split("\0")
        found = [_changed(head, path) for head, path in zip(parts[::2], parts[1::2], strict=False)]
        for change in found:
            if change.mode == _GIT_LINK:
                raise (_submodule_moved if change.was == _GIT_LINK else _repository_inside)(change.path)
        ours = [change.path for change in found if change.path.startswith(f"{ROOT}/")]
        if ours:
            logger.warning("what the agent changed below %s/ is left out: %s", ROOT, ", ".join(ours))
        return [change for change in found if change.path not in ours]

    def _warn_of_submodules(self, tree: Path) -> None:
        """Say that files in the folder of a submodule that is not there are no part of the step."""
        if not (tree / ".gitmodules").is_file():
            return
        listed = self.git.run("ls-files", "--stage", "-z", env=_index_of(tree)).decode(errors="surrogateescape")
        entries = (entry.partition("\t")[::2] for entry in listed.split("\0"))
        folders = [path for head, path in entries if head.startswith(_GIT_LINK) and (tree / path).is_dir()]
        for path in folders:
            names = {entry.name for entry in (tree / path).iterdir()}
            if names and ".git" not in names:
                logger.warning("what the agent wrote into the folder of the submodule %s is left out", path)

    def _check_large_files(self, tree: Path, changes: list[_Changed]) -> None:
        """Without git-lfs the content of a large file would go into the history as it is. Raises StepRefused."""
        if self.git.has_lfs or not changes:
            return
        paths = "".join(f"{change.path}\0" for change in changes if change.mode != _GONE)
        asked = self.git.run(
            "check-attr", "--cached", "--stdin", "-z", "filter",
            stdin=paths.encode(errors="surrogateescape"), env=_index_of(tree),
        ).decode(errors="surrogateescape").split("\0")  # fmt: skip
        large = {path for path, value in zip(asked[::3], asked[2::3], strict=False) if value == "lfs"}
        for change in changes:
            if change.path in large and not self.git.run("cat-file", "blob", change.oid).startswith(POINTER):
                raise _large_file(change.path)

    def publish(self, branch: str, commit: str) -> None:
        """Create the branch. One that is at this commit already is fine.

        Raises BranchExists, PublishRefused; RepositoryError where nobody knows whether it is there.
        """
        self.upstream.publish(branch, commit)

    @contextmanager
    def merging(self, pairs: Collection[tuple[str, str]]) -> Iterator[Merging]:
        """Where these commits (base, head) are, and all that merging takes. Raises RepositoryError, HostError."""
        with self.upstream.gather(pairs) as git:
            yield TreeMerging(git, self.upstream, explicit_identity(self.git))

    def size(self, base: str, commit: str) -> str:
        """`2 files, +12 -9`; binary files are counted apart."""
        lines = self.git.text("diff", "--numstat", "--no-renames", base, commit).splitlines()
        counts = [line.split("\t") for line in lines]
        binary = sum(added == "-" for added, *_ in counts)
        added, removed = (sum(int(n[i]) for n in counts if n[i] != "-") for i in (0, 1))
        more = f", {binary} of them binary" if binary else ""
        return f"{len(counts)} file{'s' if len(counts) > 1 else ''}{more}, +{added} -{removed}"

    def patch(self, base: str, commit: str) -> bytes:
        """The difference between two commits, for `git apply`."""
        return self.git.run("diff", "--binary", "--full-index", base, commit)

    def _check_head(self, tree: Path, base: str) -> None:
        """The agent may have committed on the base, and must not have gone elsewhere."""
        try:
            self.git.inside(tree, "merge-base", "--is-ancestor", base, "HEAD")
        except CommandFailed as error:
            raise StepRefused(
                "the agent left the commit that it was given (it switched to another branch or history)",
                remedy="Let it work in the tree that it is started in; what it commits there is taken over.",
            ) from error


def _in_one_line(path: bytes) -> bytes:
    """A path as git reads it from a line: in quotes, as in C, where it has a line end."""
    if b"\n" not in path and not path.startswith(b'"'):
        return path
    for char, escape in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        path = path.replace(char, escape)
    return b'"' + path + b'"'


def _index_of(tree: Path) -> Mapping[str, str]:
    """What makes git use the index of the last snapshot."""
    return {"GIT_INDEX_FILE": str(tree.parent / "index"), "GIT_WORK_TREE": str(tree)}


def _large_file(path: str) -> StepRefused:
    return StepRefused(
        f"the agent changed {path}, which .gitattributes keeps in Git LFS, and git-lfs is not installed; "
        "install it, and run it again"
    )


def _repository_inside(path: str) -> StepRefused:
    return StepRefused(
        f"the agent made a git repository inside the work tree: {path} "
        "(a step can add neither that nor a submodule; add it by hand)"
    )


def _submodule_moved(path: str) -> StepRefused:
    return StepRefused(
        f"the agent moved the submodule {path} to another commit, and a step cannot hold that; "
        "tell it to leave the submodule alone, and move it by hand"
    )


def _cannot_add(tree: Path, error: CommandFailed) -> StepRefused:
    """Why git does not take over the tree: a repository without a commit inside of it, or what git says."""
    inner = next((path.parent for path in tree.glob("**/.git") if path.parent != tree), None)
    if inner is not None:
        return _repository_inside(str(inner.relative_to(tree)))
    return StepRefused(f"git cannot take over what the agent left: {error.explained}")


def _changed(head: str, path: str) -> _Changed:
    """One record of `git diff-tree -z`: `:<old mode> <new mode> <old id> <new id> <letter>`, and the path."""
    was, mode, _, oid, _ = head.removeprefix(":").split(" ")
    return _Changed(was, mode, oid, path)


def _index_line(change: _Changed) -> str:
    """The order to `git update-index --index-info`; mode 0 removes a path."""
    return f"{change.mode.replace(_GONE, '0')} {change.oid}\t{change.path}\0"
