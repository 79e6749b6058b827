"""What an agent may not change: files that hold rights, links out of the tree, and more than anybody reviews."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from claudestep.domain.naming import ROOT
from claudestep.domain.text import printable, shortened

GONE, LINK, SUBMODULE = "000000", "120000", "160000"
"""Modes of git: no file, a symbolic link, the commit of another repository."""

_LONGEST_SHOWN = 100
_SEPARATORS = re.compile(r"[/\\]")
_DRIVE = re.compile(r"[A-Za-z]:")
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
"""What macOS leaves out of a name: https://github.com/git/git/blob/v2.39.5/utf8.c, next_hfs_char."""
_GIT = (".git", "git~1")
_CONFIGURATION = "configuration.yml"
_ALLOW = "to allow it, name it under `allowChanges` in the configuration"
_NEVER = "nothing in the configuration allows that"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path that differs: modes as git writes them, its bytes afterwards, and its lines, None where it is binary.

    `link_target` is what a symbolic link says; None where it says nothing that could be a path.
    """

    path: str
    mode_before: str
    mode_after: str
    size: int
    added: int | None
    removed: int | None
    link_target: str | None = None

    @property
    def lines(self) -> int:
        """How many lines were added or removed, as far as it has lines."""
        return (self.added or 0) + (self.removed or 0)

    @property
    def keeps_content(self) -> bool:
        """Whether at most its mode was changed."""
        return self.added == self.removed == 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one step may change, and what it may change in spite of the rules: paths, folders with a `/`."""

    changed_lines: int = 5_000
    file_bytes: int = 1024 * 1024
    allowed: tuple[str, ...] = ()


DEFAULT_LIMITS = Limits()


def refusal(changes: Iterable[FileChange], limits: Limits) -> str | None:
    """Why these changes are refused, in a sentence with what to do about it; None where nothing speaks against."""
    ordered = sorted(changes, key=lambda change: change.path)
    found = [problem for change in ordered if (problem := _problem(change, limits))]
    if len(found) > 1:
        return f"{found[0]} ({len(found) - 1:,} more of its changes are refused)"
    return found[0] if found else _too_many_lines(ordered, limits)


def allowance_problem(entry: str) -> str | None:
    """Why `entry` cannot stand under `allowChanges`; None where it can."""
    if not entry.strip():
        return "it is empty"
    if entry.startswith(("/", "\\")) or _DRIVE.match(entry):
        return "it is absolute, and has to be a path inside of the repository"
    if "*" in entry:
        return "patterns are not read: name a file, or a folder with a '/' at its end"
    parts = entry.removesuffix("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "it has an empty part, '.' or '..', and has to be written as git lists it"
    return "what .git holds is never allowed" if any(map(_is_git, parts)) else None


def _problem(change: FileChange, limits: Limits) -> str | None:
    """What is wrong with one change, beside its share of the lines."""
    never = _impossible(change.path) or _link_into_git(change) or _submodule(change)
    if never:
        return f"{never}; {_NEVER}"
    problem = None if _is_allowed(change.path, limits.allowed) else _forbidden(change)
    return f"{problem}; {_ALLOW}" if problem else _too_large(change, limits)


def _is_allowed(path: str, allowed: Sequence[str]) -> bool:
    return any(path == name or (name.endswith("/") and path.startswith(name)) for name in allowed)


def _impossible(path: str) -> str | None:
    """What git itself would not write: a check of its own, for a tree can be made without git."""
    parts = _SEPARATORS.split(path)
    if any(map(_is_git, parts)):
        return f"the agent made {_shown(path)}, and names like .git are git's own"
    if any(map(_is_up, parts)) or any(part in ("", ".") for part in path.split("/")):
        return f"the agent made {_shown(path)}, which is no path inside of the tree"
    return None


def _link_into_git(change: FileChange) -> str | None:
    if change.mode_after != LINK or not any(map(_is_git, _SEPARATORS.split(change.link_target or ""))):
        return None
    return (
        f"the agent made the link {_shown(change.path)} into git's own folder ({_shown(change.link_target or '')})"
    )


def _submodule(change: FileChange) -> str | None:
    if SUBMODULE not in (change.mode_before, change.mode_after):
        return None
    return (
        f"the agent added, moved or removed {_shown(change.path)}, which is a submodule or a repository of its own"
    )


def _forbidden(change: FileChange) -> str | None:
    """The rule about paths and links that it breaks."""
    path = _shown(change.path)
    why = _escape(change)
    if why:
        return f"the agent made the link {path}, {why}"
    why = _meaning(tuple(map(_folded, change.path.split("/"))))
    return f"the agent changed {path}, and {why}" if why else None


def _meaning(parts: tuple[str, ...]) -> str | None:
    """What hangs on a path, where an agent is not to change it."""
    if ".github" in parts:
        return "what stands in .github/ runs with rights of the repository"
    if parts == (".gitmodules",):
        return "it says from where other repositories are fetched"
    if parts == (ROOT,):
        return f"it takes the place of the folder {ROOT}/"
    if parts[0] == ROOT and parts[-1] == _CONFIGURATION and len(parts) <= 3:
        return "it says what an agent may do"
    return None


def _escape(change: FileChange) -> str | None:
    """How a link leaves the tree, or may.

    Upwards is only where a target begins: the way up from what a name stands for, which may be a link itself, is
    known to nobody who does not follow it.
    """
    if change.mode_after != LINK:
        return None
    target = change.link_target
    if not target or "\0" in target:
        return "which points to nothing that can be read"
    if target.startswith(("/", "\\")) or _DRIVE.match(target):
        return f"which points to an absolute path ({_shown(target)})"
    steps = [part for part in _SEPARATORS.split(target) if part not in ("", ".")]
    upwards = next((count for count, part in enumerate(steps) if not _is_up(part)), len(steps))
    if upwards > change.path.count("/"):
        return f"which leaves the tree ({_shown(target)})"
    again = any(map(_is_up, steps[upwards:]))
    return f"which goes down and up again ({_shown(target)})" if again else None


def _too_large(change: FileChange, limits: Limits) -> str | None:
    if change.size <= limits.file_bytes or change.keeps_content or change.path in limits.allowed:
        return None
    return (
        f"the agent left {_shown(change.path)} with {change.size:,} bytes, and {limits.file_bytes:,} are the most; "
        "raise `limits.fileKiB` in the configuration, or name the file under `allowChanges`"
    )


def _too_many_lines(changes: Sequence[FileChange], limits: Limits) -> str | None:
    total = sum(change.lines for change in changes)
    if total <= limits.changed_lines:
        return None
    most = max(changes, key=lambda change: change.lines)
    return (
        f"the agent changed {total:,} lines, and a step may change {limits.changed_lines:,} "
        f"({_shown(most.path)}: {most.lines:,}); make the step smaller, "
        "or raise `limits.changedLines` in the configuration"
    )


def _folded(part: str) -> str:
    """A part of a path as the most forgiving of file systems takes it: those of macOS and Windows."""
    return _IGNORED.sub("", part).casefold().partition(":")[0].rstrip(" .")


def _is_up(part: str) -> bool:
    """Whether it is `..`, which Windows also sees where spaces follow."""
    return part.rstrip(" ") == ".."


def _is_git(part: str) -> bool:
    return _folded(part) in _GIT


def _shown(path: str) -> str:
    """A path, fit to stand in a sentence."""
    plain = "".join("\N{REPLACEMENT CHARACTER}" if char in "\n\t" else char for char in printable(path))
    return shortened(plain, _LONGEST_SHOWN)
