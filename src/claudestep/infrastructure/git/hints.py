"""What to do about a spec that is not on its base branch, as far as the user's clone shows."""

from enum import Enum

from claudestep.domain.naming import ROOT
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.process import CommandFailed

_COMMIT = f'git add {ROOT} && git commit -m "Steps for ClaudeStep"'


class Whereabouts(Enum):
    """How far a file came."""

    NOWHERE = "it is not in the work tree"
    WRITTEN = "it differs from what is committed"
    COMMITTED = "it is in the commit that is checked out"


def whereabouts(git: Git, path: str) -> Whereabouts | None:
    """How far a file came in the user's clone; None in a bare one. With `*` as a folder: one of those files."""
    files = f":(glob){path}"
    try:
        top = git.inside(git.start, "rev-parse", "--show-toplevel").rstrip("\n")
        status = git.inside(git.start, "-C", top, "status", "--porcelain", "--", files)
        committed = status or git.inside(git.start, "-C", top, "ls-files", "--", files)
    except CommandFailed:
        return None
    if status:
        return Whereabouts.WRITTEN
    return Whereabouts.COMMITTED if committed else Whereabouts.NOWHERE


def for_local(git: Git, path: str) -> str:
    """What to do where the repository itself is the backend."""
    found = whereabouts(git, path)
    if found is None:
        return f"Write it and commit it: {path}"
    if found is Whereabouts.WRITTEN:
        return f"It is there and not committed yet: {_COMMIT}"
    if found is Whereabouts.COMMITTED:
        here = checked_out(git)
        return f"It is committed on {here}: merge that first, or add --base-branch {here}"
    return _begin(path, "commit it")


def for_server(git: Git, path: str, branch: str) -> str:
    """What to do where only `branch` on a server counts."""
    found = whereabouts(git, path)
    if found is Whereabouts.WRITTEN:
        return f"It is in this clone, not committed and not pushed: {_COMMIT} && git push"
    if found is Whereabouts.COMMITTED:
        here = checked_out(git)
        if here == branch:
            return f"It is committed in this clone and not on GitHub: git push origin {branch}"
        return f"It is committed on {here} in this clone: bring that to {branch} on GitHub first"
    if found is None:
        return f"Write it, commit it and push it to {branch}: {path}"
    return _begin(path, f"commit it and push it to {branch}")


def checked_out(git: Git) -> str:
    """The branch that is checked out, `HEAD` where there is none."""
    return git.inside(git.start, "rev-parse", "--abbrev-ref", "HEAD").strip()


def _begin(path: str, then: str) -> str:
    name = path.split("/")[1]
    if name == "*":
        return "Begin with: claudestep init my-refactor"
    return f"Begin with: claudestep init {name} (or write task items, - [ ] What to do, into {path} and {then})"
