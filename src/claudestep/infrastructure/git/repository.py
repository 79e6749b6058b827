"""git for one step: a tree for the agent, a commit of what it did, a branch."""

import logging
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from claudestep.domain.errors import RepositoryError
from claudestep.domain.guarding import FileChange
from claudestep.domain.naming import ROOT
from claudestep.domain.observation import BaseTree
from claudestep.infrastructure.files import discard
from claudestep.infrastructure.git import step_trees
from claudestep.infrastructure.git.base_files import base_files
from claudestep.infrastructure.git.changed_files import changed_files
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.large_files import POINTER
from claudestep.infrastructure.git.objects import SCRATCH, write_blob, write_commit, write_index
from claudestep.infrastructure.git.step_trees import index_of
from claudestep.infrastructure.git.tree_merging import TreeMerging, explicit_identity
from claudestep.infrastructure.git.upstream import Upstream
from claudestep.infrastructure.hosting.port import Merging, StepCommit, StepRefused, WorkTree
from claudestep.infrastructure.process import CommandFailed

logger = logging.getLogger(__name__)

_DIFF = (
    "diff-tree", "-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
)  # fmt: skip
_NO_FILTER = {"unspecified", "unset", "set"}
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

    def base(self, commit: str, branch: str) -> BaseTree:
        """ClaudeStep's own files at a commit. Raises RepositoryError, HostError."""
        self.upstream.bring(commit)
        found = base_files(self.git, commit, branch)
        if found is None:
            raise RepositoryError(
                f"the commit {commit[:12]} is not in this repository",
                remedy="Check out the base branch as it was when the step was prepared, or fetch it.",
            )
        return found

    @contextmanager
    def worktree(self, commit: str, folder: Path) -> Iterator[WorkTree]:
        """Check out `commit` below `folder`, which must not exist; it is removed at the end in any case."""
        self.upstream.bring(commit)
        try:
            yield step_trees.check_out(self.git, commit, folder)
        finally:
            discard(folder)

    @contextmanager
    def in_place(self, commit: str, folder: Path) -> Iterator[WorkTree]:
        """The user's own work tree at this commit; at the end its files are as they were then.

        What git ignores stays as it is. Raises RepositoryError.
        """
        self.upstream.bring(commit)
        try:
            tree = step_trees.take_over(self.git, commit, folder)
            before = self.snapshot(tree)
            try:
                yield tree
            finally:
                self._give_back(tree, before, commit)
        finally:
            discard(folder)

    def _give_back(self, tree: WorkTree, before: str, commit: str) -> None:
        """Bring the user's work tree back; what was done in it is not lost where that cannot be."""
        try:
            self.restore(tree, before)
            step_trees.give_back(self.git, tree, commit)
        except (StepRefused, CommandFailed) as error:
            logger.warning("the work tree is not as it was before the agent: %s", error)

    @contextmanager
    def as_it_is(self, tree: Path, commit: str, folder: Path) -> Iterator[WorkTree]:
        """A folder of files as somebody left it who began at this commit (or tree); nothing is written there."""
        try:
            yield step_trees.look_at(self.git, tree, commit, folder)
        finally:
            discard(folder)

    def snapshot(self, tree: WorkTree) -> str:
        """The tree id of all that would be committed now. Raises StepRefused.

        It begins with the index of the checkout, which knows the files that nobody has touched: they are not read
        again, and stay as they are in the base also where git would write them in another way today. (Its time
        is kept: by that git knows which entries it has to look at twice.)
        """
        shutil.copy2(tree.scratch / "fresh-index", tree.scratch / "index")
        env = index_of(tree)
        try:
            self.git.run("add", "--all", ".", env=env, cwd=tree.path)
        except CommandFailed as error:
            raise _cannot_add(tree, error) from error
        return self.git.text("write-tree", env=env)

    def restore(self, tree: WorkTree, snapshot: str) -> None:
        """Write the snapshot's files over those of the tree, and remove what it does not have.

        Raises StepRefused where something cannot be removed.
        """
        env = index_of(tree)
        try:
            self.git.run("read-tree", snapshot, env=env)
            self.git.run("checkout-index", "--all", "--force", env=env, cwd=tree.path)
            self.git.run("clean", "-ffdq", env=env, cwd=tree.path)
        except CommandFailed as error:
            raise StepRefused(f"what `verify` left in the work tree cannot be undone: {error.stderr}") from error

    def commit_step(self, tree: WorkTree, step: StepCommit) -> str | None:
        """Commit what differs, as one commit on the base, whatever the agent committed by itself.

        Returns None where nothing differs but ClaudeStep's own folder. Raises StepRefused.
        """
        self._check_head(tree, step.base)
        before = step.since or self._tree_of(step.base)
        changes = self._changes(before, self.snapshot(tree))
        self._warn_of_submodules(tree)
        self._check_large_files(tree, changes)
        return self._commit(step, changes)

    def commit_patch(self, patch: bytes, step: StepCommit) -> str | None:
        """Commit a patch for the base, such as `patch` gives; None and StepRefused as of `commit_step`.

        The base is fetched where it is not there. Raises RepositoryError, HostError.
        """
        self.upstream.bring(step.base)
        before = self._tree_of(step.base)
        if not patch.strip():
            return None
        return self._commit(step, self._changes(before, self._applied(step.base, patch)))

    def _applied(self, base: str, patch: bytes) -> str:
        """The tree of `base` with a patch applied to it; no file is written. Raises StepRefused."""
        scratch = self.git.git_dir / SCRATCH
        scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=scratch) as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
            self.git.run("read-tree", base, env=env)
            try:
                self.git.run("apply", "--cached", "--whitespace=nowarn", "-", stdin=patch, env=env)
            except CommandFailed as error:
                raise StepRefused(f"the patch that was handed on does not fit its base: {error.stderr}") from error
            return self.git.text("write-tree", env=env)

    def _tree_of(self, commit: str) -> str:
        return self.git.text("rev-parse", f"{commit}^{{tree}}")

    def _commit(self, step: StepCommit, changes: list[_Changed]) -> str | None:
        """Commit these changes of the base, with the tick."""
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
        return tree == self._tree_of(base)

    def _changes(self, before: str, after: str) -> list[_Changed]:
        """What differs between two trees, ClaudeStep's own folder left out. Raises StepRefused."""
        raw = self.git.run("diff-tree", "-r", "-z", "--no-renames", before, after)
        parts = raw.decode(errors="surrogateescape").split("\0")
        found = [_changed(head, path) for head, path in zip(parts[::2], parts[1::2], strict=False)]
        for change in found:
            if change.mode == _GIT_LINK:
                raise (_submodule_moved if change.was == _GIT_LINK else _repository_inside)(change.path)
        ours = [change.path for change in found if _is_left_out(change)]
        if ours:
            logger.warning("what the agent changed below %s/ is left out: %s", ROOT, ", ".join(ours))
        return [change for change in found if change.path not in ours]

    def _warn_of_submodules(self, tree: WorkTree) -> None:
        """Say that files in the folder of a submodule that is not there are no part of the step."""
        if not (tree.path / ".gitmodules").is_file():
            return
        listed = self.git.run("ls-files", "--stage", "-z", env=index_of(tree)).decode(errors="surrogateescape")
        entries = (entry.partition("\t")[::2] for entry in listed.split("\0"))
        folders = [path for head, path in entries if head.startswith(_GIT_LINK) and (tree.path / path).is_dir()]
        for path in folders:
            names = {entry.name for entry in (tree.path / path).iterdir()}
            if names and ".git" not in names:
                logger.warning("what the agent wrote into the folder of the submodule %s is left out", path)

    def _check_large_files(self, tree: WorkTree, changes: list[_Changed]) -> None:
        """Without its filter the content of a file would go into the history as it is. Raises StepRefused."""
        if not changes:
            return
        paths = "".join(f"{change.path}\0" for change in changes if change.mode != _GONE)
        asked = self.git.run(
            "check-attr", "--cached", "--stdin", "-z", "filter",
            stdin=paths.encode(errors="surrogateescape"), env=index_of(tree),
        ).decode(errors="surrogateescape").split("\0")  # fmt: skip
        filters = dict(zip(asked[::3], asked[2::3], strict=False))
        missing = {name for name in set(filters.values()) - _NO_FILTER if not self._has_filter(name)}
        for change in changes:
            name = filters.get(change.path, "")
            if name in missing and not self.git.run("cat-file", "blob", change.oid).startswith(POINTER):
                raise _large_file(change.path) if name == "lfs" else _filtered(change.path, name)

    def _has_filter(self, name: str) -> bool:
        """Whether files of this attribute are written through a program, as they are meant to be."""
        if name == "lfs" or not self.git.apart:  # elsewhere git does as the user has it do
            return name != "lfs" or self.git.has_lfs
        asked = ("config", "--get-regexp", rf"^filter\.{re.escape(name)}\.(clean|process)$")
        return self.git.succeeds(*asked)

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

    def changes(self, base: str, commit: str) -> tuple[FileChange, ...]:
        """What differs between two commits, file by file."""
        return changed_files(self.git, base, commit)

    def size(self, base: str, commit: str) -> str:
        """`2 files, +12 -9`; binary files are counted apart."""
        lines = self.git.text("diff", "--numstat", "--no-renames", base, commit).splitlines()
        counts = [line.split("\t") for line in lines]
        binary = sum(added == "-" for added, *_ in counts)
        added, removed = (sum(int(n[i]) for n in counts if n[i] != "-") for i in (0, 1))
        more = f", {binary} of them binary" if binary else ""
        return f"{len(counts)} file{'s' if len(counts) > 1 else ''}{more}, +{added} -{removed}"

    def patch(self, base: str, commit: str, *, with_tick: bool = True) -> bytes:
        """The difference between two commits, for `git apply`; without tick every spec.md is left out.

        As git writes it by itself: no setting and no attribute of the user's has a say in it.
        """
        paths = () if with_tick else ("--", ".", f":(exclude,glob){ROOT}/*/spec.md")
        return self.git.run(*_DIFF, base, commit, *paths)

    def _check_head(self, tree: WorkTree, base: str) -> None:
        """The agent may have committed on the base, and must not have gone elsewhere."""
        try:
            self.git.inside(tree.path, "merge-base", "--is-ancestor", base, "HEAD")
        except CommandFailed as error:
            if "dubious ownership" in error.stderr:
                raise RepositoryError(f"git will not look at the agent's work tree: {error.stderr}") from error
            raise StepRefused(
                "the agent left the commit that it was given (it switched to another branch or history)",
                remedy="Let it work in the tree that it is started in; what it commits there is taken over.",
            ) from error


def _is_left_out(change: _Changed) -> bool:
    """Whether it is ClaudeStep's own to write. Another configuration is left in, so that it can be refused."""
    if not change.path.startswith(f"{ROOT}/"):
        return False
    return change.mode == _GONE or not change.path.endswith("/configuration.yml")


def _large_file(path: str) -> StepRefused:
    return StepRefused(
        f"the agent changed {path}, which .gitattributes keeps in Git LFS, and git-lfs is not installed; "
        "install it, and run it again"
    )


def _filtered(path: str, name: str) -> StepRefused:
    return StepRefused(
        f"the agent changed {path}, which .gitattributes sends through the filter {name}, and git has none of that "
        "name here"
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


def _cannot_add(tree: WorkTree, error: CommandFailed) -> StepRefused:
    """Why git does not take over the tree: a repository without a commit inside of it, or what git says."""
    inner = next((path.parent for path in tree.path.glob("**/.git") if path.parent != tree.path), None)
    if inner is not None:
        return _repository_inside(str(inner.relative_to(tree.path)))
    return StepRefused(f"git cannot take over what the agent left: {error.explained}")


def _changed(head: str, path: str) -> _Changed:
    """One record of `git diff-tree -z`: `:<old mode> <new mode> <old id> <new id> <letter>`, and the path."""
    was, mode, _, oid, _ = head.removeprefix(":").split(" ")
    return _Changed(was, mode, oid, path)


def _index_line(change: _Changed) -> str:
    """The order to `git update-index --index-info`; mode 0 removes a path."""
    return f"{change.mode.replace(_GONE, '0')} {change.oid}\t{change.path}\0"
