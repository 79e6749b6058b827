"""Where an agent works: a repository of its own beside the user's, or the user's own work tree.

The one of its own borrows the objects of the user's: it has the whole history and no branch, so that nothing an
agent does with git (commit, switch, reset, push) reaches the user's refs, index or work tree.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from claudestep.domain.errors import RepositoryError
from claudestep.infrastructure.git.command import OUR_EMAIL, OUR_NAME, Git
from claudestep.infrastructure.hosting.port import WorkTree
from claudestep.infrastructure.process import CommandFailed

_SETTINGS = {
    "user.name": OUR_NAME,
    "user.email": OUR_EMAIL,
    "commit.gpgSign": "false",
    "core.hooksPath": "/dev/null",
    "gc.auto": "0",
}
_OURS = "claudestep-settings"


def check_out(git: Git, commit: str, folder: Path) -> WorkTree:
    """A new repository with exactly this commit checked out, below `folder`, which must not exist."""
    tree = folder / "tree"
    folder.mkdir(mode=0o700)
    tree.mkdir()
    _borrow(git, tree, tree / ".git")
    for name, value in _SETTINGS.items():
        git.inside(tree, "config", name, value)
    _write_files(git, tree, commit)
    return WorkTree(tree, folder)


def borrowed(git: Git, folder: Path) -> Git:
    """A bare repository in `folder` that has the objects of `git`'s, and none of its settings or the user's.

    What somebody wrote into those has no effect on what is done here.
    """
    folder.mkdir(mode=0o700, parents=True)
    _borrow(git, folder, folder, "--bare")
    settings = {"safe.directory": "*"} | (_large_files(git) if git.has_lfs else {})
    for name, value in settings.items():
        git.inside(folder, "config", "--file", str(folder / _OURS), name, value)
    environment = {**git.environment, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(folder / _OURS)}
    return replace(git, git_dir=folder, start=folder, environment=environment, apart=True)


def _large_files(git: Git) -> dict[str, str]:
    """The settings of `git lfs install`, and where what the agent made of large files is kept."""
    return {
        "lfs.storage": str(git.git_dir / "lfs"),
        "filter.lfs.clean": "git-lfs clean -- %f",
        "filter.lfs.smudge": "git-lfs smudge -- %f",
        "filter.lfs.process": "git-lfs filter-process",
        "filter.lfs.required": "true",
    }


def _borrow(git: Git, folder: Path, git_dir: Path, *options: str) -> None:
    git.inside(folder, "init", "--quiet", "--template=", f"--object-format={git.object_format}", *options)
    alternates = git_dir / "objects/info/alternates"
    alternates.parent.mkdir(parents=True, exist_ok=True)
    alternates.write_bytes(_in_one_line(os.fsencode(git.git_dir / "objects")) + b"\n")
    shallow = git.git_dir / "shallow"
    if shallow.exists():
        shutil.copyfile(shallow, git_dir / "shallow")


def _write_files(git: Git, tree: Path, commit: str) -> None:
    """Write the files as the user's own git does: through their filters, with what a partial clone left out.

    Not by `git checkout`, which says that all is well when a file could not be written.
    """
    env = {"GIT_INDEX_FILE": str(tree / ".git/index"), "GIT_WORK_TREE": str(tree)}
    git.run("read-tree", "-m", "-u", "--no-recurse-submodules", commit, env=env, cwd=tree)
    git.inside(tree, "update-ref", "--no-deref", "HEAD", commit)
    shutil.copy2(tree / ".git/index", tree.parent / "fresh-index")


def take_over(git: Git, commit: str, folder: Path) -> WorkTree:
    """The user's own work tree at this commit; what stands there beside what git knows stays.

    Raises RepositoryError where there is none, or changes of the user's are in the way.
    """
    try:
        tree = Path(git.inside(git.start, "rev-parse", "--show-toplevel").rstrip("\n"))
        git.inside(tree, "checkout", "--quiet", "--detach", "--no-recurse-submodules", commit)
        index = git.inside(tree, "rev-parse", "--path-format=absolute", "--git-path", "index").rstrip("\n")
    except CommandFailed as error:
        raise RepositoryError(
            f"this work tree cannot be brought to the commit {commit[:12]}: {error.stderr or error}",
            remedy="Work in a fresh checkout of the base branch, or leave out --in-place.",
        ) from error
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy2(index, folder / "fresh-index")
    return WorkTree(tree, folder)


def look_at(git: Git, tree: Path, commit: str, folder: Path) -> WorkTree:
    """A folder of files as it is, compared with a commit (or tree); nothing is written there."""
    folder.mkdir(mode=0o700, parents=True)
    git.run("read-tree", commit, env={"GIT_INDEX_FILE": str(folder / "fresh-index")})
    return WorkTree(tree, folder)


def give_back(git: Git, tree: WorkTree, commit: str) -> None:
    """Bring HEAD and index of the user's work tree back to the commit that an agent was given."""
    lock = git.inside(tree.path, "rev-parse", "--path-format=absolute", "--git-path", "index.lock").rstrip("\n")
    Path(lock).unlink(missing_ok=True)  # an agent's own: all that it has started has ended
    git.inside(tree.path, "update-ref", "--no-deref", "HEAD", commit)
    git.inside(tree.path, "reset", "--quiet")


def index_of(tree: WorkTree) -> Mapping[str, str]:
    """What makes git use the index of the last snapshot."""
    return {"GIT_INDEX_FILE": str(tree.scratch / "index"), "GIT_WORK_TREE": str(tree.path)}


def _in_one_line(path: bytes) -> bytes:
    """A path as git reads it from a line: in quotes, as in C, where it has a line end."""
    if b"\n" not in path and not path.startswith(b'"'):
        return path
    for char, escape in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        path = path.replace(char, escape)
    return b'"' + path + b'"'
