"""Merging a local pull request: without touching a work tree where the base is in none, else in a clean one."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.objects import write_commit
from claudestep.infrastructure.git.refs import HEADS, UPDATES
from claudestep.infrastructure.hosting.port import CloseRefused, MergeRefused
from claudestep.infrastructure.process import CommandFailed

_MOST_TRIES = 10


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A work tree of the repository, and the branch that it has checked out (None: detached)."""

    path: Path
    branch: str | None


def work_trees(git: Git) -> list[WorkTree]:
    """All work trees; a bare repository has none of its own."""
    found = []
    for block in git.text("worktree", "list", "--porcelain", "-z").split("\0\0"):
        lines = dict(line.partition(" ")[::2] for line in block.split("\0"))
        if "worktree" in lines and "bare" not in lines and "prunable" not in lines:
            branch = lines.get("branch", "").removeprefix(HEADS) or None
            found.append(WorkTree(Path(lines["worktree"]), branch))
    return found


def obstacle(git: Git, base: str) -> str | None:
    """Why nothing could be merged into `base` now: it is checked out in a work tree with changes."""
    for tree in work_trees(git):
        if tree.branch != base:
            continue
        changed = git.inside(tree.path, "status", "--porcelain", "--untracked-files=no").splitlines()
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            return f"{base} is checked out in {tree.path} with uncommitted changes ({changed[0][3:]}{more})"
    return None


def merge(git: Git, pull: PullRequest, base: str) -> str:
    """Merge the pull request's head into `base`, remove its branch and return the merge commit.

    Raises MergeRefused; the pull request then stays open.
    """
    for _ in range(_MOST_TRIES):
        found = obstacle(git, base)
        if found:
            raise MergeRefused(
                f"#{pull.number} stays open: {found}",
                remedy=f"Commit or stash them, then merge it: git merge {pull.branch}",
            )
        tip = git.text("rev-parse", f"{HEADS}{base}")
        new = _merge_commit(git, pull, tip)
        if _move(git, base, tip, new):
            with suppress(CloseRefused):  # a branch that somebody uses may stay: it is merged
                remove_branch(git, pull)
            return new
    raise MergeRefused(f"#{pull.number} stays open: {base} moves all the time", remedy="Run it again.")


def _merge_commit(git: Git, pull: PullRequest, tip: str) -> str:
    try:
        tree = git.text("merge-tree", "--write-tree", "--name-only", tip, pull.head_commit)
    except CommandFailed as error:
        raise MergeRefused(
            f"#{pull.number} stays open: it conflicts with the base branch",
            remedy=f"Merge it by hand: git merge {pull.branch}",
        ) from error
    title = pull.title or pull.branch
    message = f"Merge pull request #{pull.number} from {pull.branch}\n\n{title}\n"
    return write_commit(git, tree.splitlines()[0], [tip, pull.head_commit], message, git.identity())


def _move(git: Git, base: str, tip: str, new: str) -> bool:
    """Bring the base branch to the merge commit; False where it moved meanwhile. Raises MergeRefused."""
    holders = [tree for tree in work_trees(git) if tree.branch == base]
    try:
        if holders:
            git.inside(holders[0].path, "merge", "--ff-only", "--quiet", new)
        else:
            git.run("update-ref", "-m", "claudestep: merge", f"{HEADS}{base}", new, tip)
    except CommandFailed as error:
        if git.text("rev-parse", f"{HEADS}{base}") != tip:
            return False
        raise MergeRefused(
            f"git refuses: {' '.join(error.stderr.split()) or error}", remedy="Mend that, then merge it by hand."
        ) from error
    return True


def remove_branch(git: Git, pull: PullRequest) -> None:
    """Delete the branch of a pull request. Raises CloseRefused where somebody stands on it or has moved it."""
    stays = f"#{pull.number} stays open"
    holder = next((tree for tree in work_trees(git) if tree.branch == pull.branch), None)
    if holder is not None:
        raise CloseRefused(
            f"{stays}: {pull.branch} is checked out in {holder.path}",
            remedy="Switch to another branch there first.",
        )
    updated = git.find(UPDATES + pull.branch)
    known = updated if updated and git.find(HEADS + pull.branch) == updated else pull.head_commit
    try:
        git.run("update-ref", "-m", "claudestep: close", "-d", f"{HEADS}{pull.branch}", known)
    except CommandFailed as error:
        raise CloseRefused(
            f"{stays}: {pull.branch} is not where it was published, so it may hold work of yours",
            remedy=f"Look at it (git log {pull.branch}), and delete it yourself: git branch -D {pull.branch}",
        ) from error
