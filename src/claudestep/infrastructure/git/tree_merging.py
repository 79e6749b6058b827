"""Merging commits without a checkout: what git makes of them, with one file of our own."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from claudestep.domain.errors import RepositoryError
from claudestep.infrastructure.git.command import OUR_IDENTITY, Git
from claudestep.infrastructure.git.objects import write_blob, write_commit
from claudestep.infrastructure.git.upstream import Upstream
from claudestep.infrastructure.hosting.port import Merge
from claudestep.infrastructure.process import CommandFailed

_CONFLICTS = 1
"""The exit status of a merge that conflicts: https://git-scm.com/docs/git-merge-tree#_exit_status"""
_ALIKE = ("-c", "merge.directoryRenames=conflict", "-c", "merge.renames=true", "-c", "merge.renormalize=false")
"""What decides about conflicts is the same on every machine."""
_PERSON = re.compile(r"(?P<name>.*) <(?P<email>.*)> \d+ [+-]\d+")


@dataclass(frozen=True, slots=True)
class TreeMerging:
    """A `Merging` in a repository that has the commits."""

    git: Git
    upstream: Upstream
    identity: Mapping[str, str]

    def merge(self, base: str, head: str) -> Merge:
        """Merge two commits. Raises RepositoryError."""
        try:
            listed = self.git.run(
                *_ALIKE, "merge-tree", "--write-tree", "--name-only", "-z", "--messages", base, head
            )
        except CommandFailed as error:
            if error.returncode != _CONFLICTS:
                raise RepositoryError(f"git cannot merge {base} and {head}: {error.stderr}") from error
            return _conflicting(error.stdout)
        return Merge(listed.decode(errors="surrogateescape").partition("\0")[0], ())

    def ancestor(self, base: str, head: str) -> str:
        """The commit that they parted at. Raises RepositoryError."""
        try:
            return self.git.text("merge-base", base, head)
        except CommandFailed as error:
            raise RepositoryError(f"{base} and {head} have no history in common") from error

    def file(self, commit: str, path: str) -> bytes | None:
        """A file of a commit; None where it has none there."""
        try:
            return self.git.run("cat-file", "blob", f"{commit}:{path}")
        except CommandFailed:
            return None

    def commit(self, merge: Merge, parents: tuple[str, str], file: tuple[str, bytes], message: str) -> str:
        """Commit a merge, with one file (path, content) in the place of what git made of it."""
        path, content = file
        tree = self._with_blob(merge.tree, path.split("/"), write_blob(self.git, content))
        return write_commit(self.git, tree, parents, message, self.identity)

    def _with_blob(self, tree: str, names: list[str], blob: str) -> str:
        """The tree with this blob at the path; other folders are not looked into, and may be missing."""
        first, *rest = names
        lines = []
        found = False
        for line in filter(None, self.git.run("ls-tree", "--full-tree", "-z", tree).split(b"\0")):
            head, _, name = line.partition(b"\t")
            mode, kind, oid = head.decode().split(" ")
            if name == os.fsencode(first):
                new = self._with_blob(oid, rest, blob) if rest else blob
                line = f"{mode} {kind} {new}\t".encode() + name  # noqa: PLW2901  the line with another object
                found = True
            lines.append(line)
        if not found:
            raise RepositoryError(f"the merge has no {first}")
        return self.git.text("mktree", "--missing", "-z", stdin=b"".join(line + b"\0" for line in lines))

    def move(self, branch: str, was: str, now: str) -> None:
        """Move a branch that is where it was read. Raises as `Upstream.move` does."""
        self.upstream.move(self.git, branch, was, now)


def _conflicting(output: str) -> Merge:
    """What git says of a merge that conflicts: a tree, the files with markers, and messages, each about some paths.

    Not every conflict has a file with markers: https://git-scm.com/docs/git-merge-tree#_mistakes_to_avoid
    """
    head, _, messages = output.partition("\0\0")
    tree, *names = head.split("\0")
    fields = iter(messages.split("\0"))
    for count in fields:
        if not count.isdigit():
            break
        paths = [next(fields, "") for _ in range(int(count))]
        kind, _text = next(fields, ""), next(fields, "")
        if kind.startswith("CONFLICT"):
            names += paths
    if not names:
        raise RepositoryError("git does not say what conflicts")
    return Merge(tree, tuple(dict.fromkeys(names)))


def explicit_identity(git: Git) -> Mapping[str, str]:
    """Who commits in this repository, for a commit in another one: ours where git knows nobody."""
    if git.identity():
        return OUR_IDENTITY
    found: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        person = _PERSON.fullmatch(git.text("var", f"GIT_{role}_IDENT"))
        if person is None:
            return OUR_IDENTITY
        found |= {f"GIT_{role}_NAME": person["name"], f"GIT_{role}_EMAIL": person["email"]}
    return found
