"""What differs between two commits, as REST lists it."""

from typing import NamedTuple
from urllib.parse import quote

from pygit2 import DiffDelta
from pygit2.enums import DeltaStatus

from tests.github_server.objects import Objects
from tests.github_server.rest.ask import Ask
from tests.github_server.rest.views import Shape
from tests.github_server.state import Repository

_WORDS = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "removed",
    DeltaStatus.RENAMED: "renamed",
    DeltaStatus.COPIED: "copied",
}


class Changed(NamedTuple):
    """A file that differs, with the numbers of lines."""

    delta: DiffDelta
    additions: int
    deletions: int

    @property
    def path(self) -> str:
        return self.delta.new_file.path

    @property
    def status(self) -> str:
        return _WORDS.get(self.delta.status, "modified")


def changed_files(objects: Objects, base: str, head: str) -> list[Changed]:
    """The files that differ."""
    diff = objects.git.diff(base, head)
    diff.find_similar()
    return [Changed(patch.delta, *patch.line_stats[1:]) for patch in diff if patch is not None]


def views(ask: Ask, repository: Repository, base: str, head: str) -> list[Shape]:
    """The files that differ, as REST shows them."""
    return [_view(ask, repository, head, each) for each in changed_files(repository.objects, base, head)]


def patch(objects: Objects, base: str, head: str) -> str:
    """What differs, as `git diff` writes it."""
    return objects.git.diff(base, head).patch or ""


def _view(ask: Ask, repository: Repository, head: str, changed: Changed) -> Shape:
    delta = changed.delta
    gone = delta.status == DeltaStatus.DELETED
    path = quote(changed.path)
    shape: Shape = {
        "sha": str((delta.old_file if gone else delta.new_file).id),
        "filename": changed.path,
        "status": changed.status,
        "additions": changed.additions,
        "deletions": changed.deletions,
        "changes": changed.additions + changed.deletions,
        "blob_url": ask.links.web(repository, "blob", head, path),
        "raw_url": ask.links.web(repository, "raw", head, path),
        "contents_url": f"{ask.links.repo(repository, 'contents', path)}?ref={head}",
    }
    if delta.status == DeltaStatus.RENAMED:
        shape["previous_filename"] = delta.old_file.path
    return shape
