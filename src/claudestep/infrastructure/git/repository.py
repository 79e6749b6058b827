"""git for one step: a tree for the agent, a commit of what it did, a branch.

The agent's tree is a repository of its own that borrows the objects of the user's: it has the whole history
and no branch, so that nothing an agent does with git (commit, switch, reset, push) reaches the user's refs,
index or work tree.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from claudestep.domain.naming import ROOT
from claudestep.infrastructure.files import remove_tree
from claudestep.infrastructure.git.command import OUR_EMAIL, OUR_NAME, Git
from claudestep.infrastructure.git.objects import write_blob, write_commit
from claudestep.infrastructure.git.refs import HEADS
from claudestep.infrastructure.hosting.port import BranchExists, StepCommit, StepRefused
from claudestep.infrastructure.process import CommandFailed

_SETTINGS = {
    "user.name": OUR_NAME,
    "user.email": OUR_EMAIL,
    "commit.gpgSign": "false",
    "core.hooksPath": "/dev/null",
    "gc.auto": "0",
}


@dataclass(frozen=True, slots=True)
class StepRepository:
    """A `StepGit` on a repository on disk."""

    git: Git

    @contextmanager
    def worktree(self, commit: str, folder: Path) -> Iterator[Path]:
        """Check out `commit` in `folder`, which must not exist; it is removed at the end in any case."""
        try:
            self._borrow(folder)
            self.git.inside(folder, "checkout", "--quiet", "--detach", commit)
            yield folder
        finally:
            remove_tree(folder)

    def _borrow(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.git.inside(folder, "init", "--quiet", "--template=", f"--object-format={self.git.object_format}")
        alternates = folder / ".git/objects/info/alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_bytes(os.fsencode(self.git.git_dir / "objects") + b"\n")
        shallow = self.git.git_dir / "shallow"
        if shallow.exists():
            shutil.copyfile(shallow, folder / ".git/shallow")
        for name, value in _SETTINGS.items():
            self.git.inside(folder, "config", name, value)

    def snapshot(self, tree: Path) -> str:
        """The tree id of all that would be committed."""
        with self._index(tree, None) as env:
            return self.git.text("write-tree", env=env)

    def commit_step(self, tree: Path, step: StepCommit) -> str | None:
        """Commit what the tree holds, as one commit on the base, whatever the agent committed by itself.

        Returns None where nothing differs but ClaudeStep's own folder. Raises StepRefused.
        """
        self._check_head(tree, step.base)
        with self._index(tree, step.base) as env:
            self._refuse_repositories(step.base, env)
            if self.git.text("write-tree", env=env) == self.git.text("rev-parse", f"{step.base}^{{tree}}"):
                return None
            blob = write_blob(self.git, step.spec)
            self.git.run("update-index", "--cacheinfo", f"100644,{blob},{step.spec_path}", env=env)
            written = self.git.text("write-tree", env=env)
        return write_commit(self.git, written, [step.base], step.message, self.git.identity())

    def publish(self, branch: str, commit: str) -> None:
        """Create the branch; raises BranchExists where it is somewhere else."""
        ref = HEADS + branch
        try:
            self.git.run("update-ref", "-m", "claudestep: publish", ref, commit, self.git.no_object)
        except CommandFailed:
            if not self.git.succeeds("rev-parse", "--verify", "-q", ref):
                raise
            tip = self.git.text("rev-parse", ref)
            if tip != commit:
                raise BranchExists(branch, tip) from None

    def patch(self, base: str, commit: str) -> bytes:
        """The difference between two commits, for `git apply`."""
        return self.git.run("diff", "--binary", "--full-index", base, commit)

    @contextmanager
    def _index(self, tree: Path, base: str | None) -> Iterator[Mapping[str, str]]:
        """An index of all files of the tree, ClaudeStep's own folder as it is at `base`."""
        with TemporaryDirectory(prefix="claudestep-index-") as folder:
            env = {"GIT_INDEX_FILE": str(Path(folder, "index")), "GIT_WORK_TREE": str(tree)}
            start = base or self.git.inside(tree, "rev-parse", "HEAD").strip()
            self.git.run("read-tree", start, env=env)
            self.git.run("add", "--all", ".", env=env, cwd=tree)
            if base is not None:
                self.git.run("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", ROOT, env=env, cwd=tree)
                self.git.run("read-tree", f"--prefix={ROOT}/", f"{base}:{ROOT}", env=env)
            yield env

    def _check_head(self, tree: Path, base: str) -> None:
        """The agent may have committed on the base, and must not have gone elsewhere."""
        try:
            self.git.inside(tree, "merge-base", "--is-ancestor", base, "HEAD")
        except CommandFailed as error:
            raise StepRefused(
                "the agent left the commit that it was given (it switched to another branch or history)",
                remedy="Let it work in the tree that it is started in; what it commits there is taken over.",
            ) from error

    def _refuse_repositories(self, base: str, env: Mapping[str, str]) -> None:
        changed = self.git.text("diff-index", "--cached", "--no-renames", base, "--", env=env)
        inner = [line.partition("\t")[2] for line in changed.splitlines() if line.split(" ")[1] == "160000"]
        if inner:
            raise StepRefused(f"the agent made a git repository inside the work tree: {inner[0]}")
