"""What an examination wants to know of git and of a clone; nothing of it is ever shown that could be a secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from claudestep.domain.errors import RepositoryError
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.hints import Whereabouts, checked_out, whereabouts
from claudestep.infrastructure.process import CommandFailed
from claudestep.infrastructure.workflow_file import FOLDER, is_workflow

_VERSION = re.compile(r"(\d+)\.(\d+)")
_ADDRESS = re.compile(r"^remote\..*\.(url|pushurl)$|^url\..*\.(insteadof|pushinsteadof)$", re.DOTALL)
_HEADER = re.compile(r"^http\..*extraheader$", re.DOTALL)
_LOOKS_LIKE_A_TOKEN = re.compile(r"gh[a-z]_|github_pat_")
_MOST_BRANCHES = 100
_NAMED = "/claudestep"


@dataclass(frozen=True, slots=True)
class Credential:
    """A setting of git that holds a secret: what kind of setting it is, and the file that it stands in."""

    setting: str
    file: str


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the clone, and how far it came."""

    path: str
    content: bytes
    place: str


def git_version(git: Git) -> tuple[str, tuple[int, int]]:
    """What git calls its version, and its first two numbers. Raises RepositoryError, CommandFailed."""
    said = git.text("--version").removeprefix("git version ")
    found = _VERSION.match(said)
    if found is None:
        raise RepositoryError(f"git names no version: {said[:80]!r}")
    return said, (int(found[1]), int(found[2]))


def stored_credentials(git: Git) -> tuple[Credential, ...]:
    """The settings with a secret in any file that git reads here, also in files that those include.

    That is where actions/checkout leaves its token: up to v5 in the clone's own file, from v6 on in one that is
    included. What stands in the environment of this process is none. Raises CommandFailed.
    """
    listed = git.inside(git.start, "config", "--list", "--show-origin", "--includes", "-z").split("\0")
    found: dict[Credential, None] = {}
    for origin, entry in zip(listed[::2], listed[1::2], strict=False):
        key, _, value = entry.partition("\n")
        setting = _with_secret(key, value)
        if setting and origin.startswith("file:"):
            credential = Credential(setting, origin.removeprefix("file:"))
            found[credential] = None
    return tuple(found)


def _with_secret(key: str, value: str) -> str:
    """The setting without its secret; "" where it has none."""
    if _HEADER.match(key) and "authorization" in value.lower():
        return "http.<address>.extraheader"
    if not _ADDRESS.match(key):
        return ""
    section, _, rest = key.partition(".")
    name, _, last = rest.rpartition(".")
    if section == "url":
        return f"url.<address>.{last}" if _has_secret(name) or _has_secret(value) else ""
    return f"remote.{name}.{last}" if _has_secret(value) else ""


def _has_secret(address: str) -> bool:
    try:
        split = urlsplit(address)
        user, password = split.username or "", split.password or ""
    except ValueError:
        return False
    if split.scheme not in ("http", "https"):
        return False
    return bool(password) or _LOOKS_LIKE_A_TOKEN.match(user) is not None


def local_workflows(git: Git) -> tuple[LocalFile, ...]:
    """Workflow files that name the action: in the work tree, and on other branches that the clone knows."""
    return (*_in_work_tree(git), *_on_branches(git))


def _in_work_tree(git: Git) -> Iterator[LocalFile]:
    try:
        top = Path(git.inside(git.start, "rev-parse", "--show-toplevel").rstrip("\n"))
    except CommandFailed:
        return
    for file in sorted(top.joinpath(FOLDER).glob("*.y*ml")):
        path = f"{FOLDER}/{file.name}"
        if is_workflow(path) and file.is_file():
            yield LocalFile(path, file.read_bytes(), _place(git, path))


def _place(git: Git, path: str) -> str:
    """How far a file of the work tree came."""
    if whereabouts(git, path) is Whereabouts.COMMITTED:
        return f"on the branch {checked_out(git)} of this clone"
    return "in the work tree and not committed"


def _on_branches(git: Git) -> Iterator[LocalFile]:
    refs = git.text("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes").split()[:_MOST_BRANCHES]
    if not refs:
        return
    try:
        listed = git.run(
            "grep", "-l", "-z", "-i", "-F", _NAMED, *refs, "--", FOLDER, env={"GIT_NO_LAZY_FETCH": "1"}
        )
    except CommandFailed:  # git's way to say that there is none
        return
    for name in listed.decode(errors="surrogateescape").split("\0")[:_MOST_BRANCHES]:
        ref, _, path = name.partition(":")
        if is_workflow(path):
            branch = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
            yield LocalFile(path, git.run("cat-file", "blob", name), f"on the branch {branch}")
