"""What differs between two trees, file by file: modes, sizes, lines, and where links lead."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from claudestep.domain.errors import RepositoryError
from claudestep.domain.guarding import GONE, LINK, SUBMODULE, FileChange
from claudestep.infrastructure.git.command import Git

_LONGEST_TARGET = 4096
"""Of a link on Linux (PATH_MAX): what is longer is no path."""
_NO_INDEX = "claudestep/no-index"
"""Not there, so that no .gitattributes is read from it: what is binary is said by the bytes alone."""

_Lines = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class _Raw:
    """One path of `git diff-tree --raw`."""

    path: str
    mode_before: str
    mode_after: str
    id_before: str
    id_after: str


def changed_files(git: Git, before: str, after: str) -> tuple[FileChange, ...]:
    """What differs between two trees or commits, in the order of git; a file that was renamed is two.

    At most three processes, however many files. Raises CommandFailed, RepositoryError.
    """
    raw, lines = _difference(git, before, after)
    sizes = _sizes(git, [one.id_after for one in raw if one.mode_after not in (GONE, SUBMODULE)])
    links = [one.id_after for one in raw if one.mode_after == LINK and sizes[one.id_after] <= _LONGEST_TARGET]
    targets = _contents(git, links, sizes)
    return tuple(_change(one, lines, sizes, targets) for one in raw)


def _change(
    raw: _Raw, lines: Mapping[str, _Lines], sizes: Mapping[str, int], targets: Mapping[str, str]
) -> FileChange:
    if raw.path not in lines:
        raise RepositoryError(f"git does not say how many lines of {raw.path!r} differ")
    added, removed = (0, 0) if raw.id_before == raw.id_after else lines[raw.path]
    return FileChange(
        path=raw.path,
        mode_before=raw.mode_before,
        mode_after=raw.mode_after,
        size=sizes.get(raw.id_after, 0),
        added=added,
        removed=removed,
        link_target=targets.get(raw.id_after) if raw.mode_after == LINK else None,
    )


def _difference(git: Git, before: str, after: str) -> tuple[list[_Raw], dict[str, _Lines]]:
    """The paths that differ, and the lines of each: first all paths, then all lines. (git-diff-tree, `-z`.)"""
    printed = git.run(
        "-c", f"core.attributesFile={os.devnull}", "diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat",
        "--no-abbrev", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", before, after, "--",
        env={"GIT_ATTR_NOSYSTEM": "1", "GIT_INDEX_FILE": str(git.git_dir / _NO_INDEX)},
    )  # fmt: skip
    raw: list[_Raw] = []
    lines: dict[str, _Lines] = {}
    parts = iter(_decoded(printed).split("\0"))
    for part in parts:
        if part.startswith(":"):
            raw.append(_raw(part, next(parts)))
        elif part:
            added, removed, path = part.split("\t", 2)
            lines[path] = _count(added), _count(removed)
    return raw, lines


def _raw(head: str, path: str) -> _Raw:
    was, mode, id_before, id_after, _ = head.removeprefix(":").split(" ")
    return _Raw(path, was, mode, id_before, id_after)


def _count(figure: str) -> int | None:
    return None if figure == "-" else int(figure)


def _sizes(git: Git, ids: Iterable[str]) -> dict[str, int]:
    """The size of each object. Raises RepositoryError for one that is not there."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    printed = git.text("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=_asked(wanted))
    return dict(map(_size, printed.splitlines()))


def _size(line: str) -> tuple[str, int]:
    try:
        oid, _, size = line.split(" ")
        return oid, int(size)
    except ValueError as error:
        raise RepositoryError(f"git cannot read an object: {line}", remedy="Look for damage: git fsck") from error


def _contents(git: Git, ids: Iterable[str], sizes: Mapping[str, int]) -> dict[str, str]:
    """The contents of small objects, whose sizes are known: a line about each, its bytes, and a line end."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    printed = git.run("cat-file", "--batch", stdin=_asked(wanted))
    return dict(_cut(printed, wanted, sizes))


def _cut(printed: bytes, ids: Iterable[str], sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    position = 0
    for oid in ids:
        head = f"{oid} blob {sizes[oid]}\n".encode()
        begin = position + len(head)
        if printed[position:begin] != head:
            raise RepositoryError(f"git cannot read {oid}", remedy="Look for damage: git fsck")
        position = begin + sizes[oid] + 1
        yield oid, _decoded(printed[begin : position - 1])


def _asked(ids: Iterable[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in ids).encode()


def _decoded(data: bytes) -> str:
    return data.decode(errors="surrogateescape")
