"""Large files: Git LFS keeps a pointer in the commit and the content apart, which a push has to send first."""

import re
from pathlib import Path

from claudestep.domain.errors import HostError
from claudestep.domain.text import printable, shortened
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.objects import ObjectReader
from claudestep.infrastructure.git.remote import Remote
from claudestep.infrastructure.process import CommandFailed

POINTER = b"version https://git-lfs.github.com/spec/"
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_LONGEST = 300
_LARGEST_POINTER = 1024
"""https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md"""


def send_large_files(git: Git, remote: Remote, commit: str) -> HostError | None:
    """Send the contents that the commit brings in and that are here: the user's hook would, and does not run.

    Without git-lfs nothing is stored here: a commit with such a content is not made then.
    """
    contents = _stored(git, commit) if git.has_lfs else []
    if not contents:
        return None
    try:
        remote.run(git, "lfs", "push", "--object-id", remote.url, *contents)
    except CommandFailed as error:
        return HostError(
            f"git-lfs could not send its large files: {_reason(error)}",
            remedy="Look at what it says to: git lfs push --all origin",
        )
    return None


def _reason(error: CommandFailed) -> str:
    lines = error.stderr.splitlines() or [f"exit status {error.returncode}"]
    return printable(shortened(lines[-1].strip(), _LONGEST))


def _stored(git: Git, commit: str) -> list[str]:
    """The ids of the contents behind the pointers that the commit adds or changes, as far as they are here."""
    changed = git.text("diff-tree", "-r", "--root", "--no-commit-id", "--no-renames", "--diff-filter=AM", commit)
    blobs = [line.split()[3] for line in changed.splitlines()]
    with ObjectReader(git) as reader:
        found = {oid for blob in blobs if (oid := _content_of(reader.get(blob).data))}
    store = _store(git)
    return sorted(oid for oid in found if (store / oid[:2] / oid[2:4] / oid).is_file())


def _content_of(data: bytes) -> str | None:
    if len(data) > _LARGEST_POINTER or not data.startswith(POINTER):
        return None
    found = _OID.search(data)
    return found[1].decode() if found else None


def _store(git: Git) -> Path:
    """Where git-lfs keeps contents: https://github.com/git-lfs/git-lfs/blob/main/docs/man/git-lfs-config.adoc"""
    try:
        folder = git.text("config", "--type=path", "--get", "lfs.storage")
    except CommandFailed:
        folder = "lfs"
    return git.git_dir / folder / "objects"
