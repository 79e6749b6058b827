"""What differs between two commits, as REST lists it."""

from pygit2 import DiffDelta
from pygit2.enums import DeltaStatus

from tests.github_server.objects import Objects
from tests.github_server.rest.views import Shape

_WORDS = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "removed",
    DeltaStatus.RENAMED: "renamed",
    DeltaStatus.COPIED: "copied",
}


def changed_files(objects: Objects, base: str, head: str) -> list[Shape]:
    """The files that differ, with the numbers of lines."""
    diff = objects.git.diff(base, head)
    diff.find_similar()
    return [_file(patch.delta, *patch.line_stats[1:]) for patch in diff if patch is not None]


def patch(objects: Objects, base: str, head: str) -> str:
    """What differs, as `git diff` writes it."""
    return objects.git.diff(base, head).patch or ""


def _file(delta: DiffDelta, added: int, removed: int) -> Shape:
    gone = delta.status == DeltaStatus.DELETED
    shape: Shape = {
        "sha": str((delta.old_file if gone else delta.new_file).id),
        "filename": delta.new_file.path,
        "status": _WORDS.get(delta.status, "modified"),
        "additions": added,
        "deletions": removed,
        "changes": added + removed,
    }
    if delta.status == DeltaStatus.RENAMED:
        shape["previous_filename"] = delta.old_file.path
    return shape
