"""A tree made of another one, touching only the folders on the way to what changes."""

from collections.abc import Mapping
from typing import NamedTuple

import pygit2
from pygit2.enums import FileMode


class Change(NamedTuple):
    """What shall stand at a path."""

    oid: str
    mode: FileMode | int


def edited_tree(git: pygit2.Repository, base: str | None, changes: Mapping[str, Change | None]) -> str:
    """Store the tree `base` with these changes by path; its id.

    None deletes, and raises KeyError where nothing stands. A folder that becomes empty goes.
    """
    return _edited(git, base, {tuple(path.split("/")): change for path, change in changes.items()}) or str(
        git.TreeBuilder().write()
    )


def _edited(
    git: pygit2.Repository, base: str | None, changes: Mapping[tuple[str, ...], Change | None]
) -> str | None:
    builder = git.TreeBuilder(base) if base else git.TreeBuilder()
    below: dict[str, dict[tuple[str, ...], Change | None]] = {}
    for path, change in changes.items():
        if len(path) == 1:
            _put(builder, path[0], change)
        else:
            below.setdefault(path[0], {})[path[1:]] = change
    for name, inner in below.items():
        old = builder.get(name)
        folder = str(old.id) if isinstance(old, pygit2.Tree) else None
        new = _edited(git, folder, inner)
        if new is not None:
            builder.insert(name, new, FileMode.TREE)
        elif old is not None:
            builder.remove(name)
    return str(builder.write()) if len(builder) else None


def _put(builder: pygit2.TreeBuilder, name: str, change: Change | None) -> None:
    if change is not None:
        builder.insert(name, change.oid, change.mode)
    elif builder.get(name) is None:
        raise KeyError(name)
    else:
        builder.remove(name)
