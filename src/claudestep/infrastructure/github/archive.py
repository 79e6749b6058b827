"""All files of one commit from its tarball, which is data from outside: nothing in it is believed.

Its files count only where git would give them the tree that the commit names: no other, none missing, none changed.
"""

import binascii
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from claudestep.domain.errors import HostError, UnreadableReply
from claudestep.infrastructure.metadata.documents import blob_id
from claudestep.infrastructure.metadata.paths import can_be_kept

MOST_BYTES = 256 * 1024 * 1024
"""Of all files together, unpacked."""

_GZIP = 16 + zlib.MAX_WBITS
_EXECUTABLE = 0o100


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    is_executable: bool = False


@dataclass(slots=True)
class _Tree:
    files: dict[str, _File] = field(default_factory=dict)
    folders: "dict[str, _Tree]" = field(default_factory=dict)

    def put(self, path: str, file: _File) -> None:
        """Add a file below this folder."""
        folder, _, rest = path.partition("/")
        if rest:
            self.folders.setdefault(folder, _Tree()).put(rest, file)
        else:
            self.files[path] = file

    def id(self) -> str:
        """What git calls a tree like this: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_tree_objects."""
        rows = [
            (name, b"100755" if f.is_executable else b"100644", blob_id(f.content))
            for name, f in self.files.items()
        ]
        rows += [(f"{name}/", b"40000", tree.id()) for name, tree in self.folders.items()]
        ordered = sorted((_raw(name), mode, oid) for name, mode, oid in rows)
        packed = (
            mode + b" " + name.removesuffix(b"/") + b"\0" + binascii.unhexlify(oid) for name, mode, oid in ordered
        )
        return _object_id("tree", b"".join(packed))


def unpack(archive: bytes, tree: str, *, most: int = MOST_BYTES) -> Mapping[str, bytes]:
    """The files of a tarball by path, if they are those of `tree`. Raises HostError."""
    plain = _decompressed(archive, most)
    try:
        files = dict(_regular_files(plain))
    except (tarfile.TarError, ValueError, UnicodeError) as error:
        raise _wrong(str(error)) from error
    found = _Tree()
    for path, file in files.items():
        found.put(path, file)
    if found.id() != tree:
        raise _wrong("its files are not those of the commit")
    return {path: file.content for path, file in files.items()}


def _regular_files(plain: bytes) -> Iterator[tuple[str, _File]]:
    """Everything but links and devices, without the folder at the top, which GitHub adds."""
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is None:
                continue
            path = member.name.partition("/")[2]
            if not can_be_kept(path):
                raise _wrong("it has a path that no commit has")
            yield path, _File(content.read(), bool(member.mode & _EXECUTABLE))


def _decompressed(archive: bytes, most: int) -> bytes:
    """The tarball itself: a small archive may hold a large one."""
    unzip = zlib.decompressobj(_GZIP)
    try:
        plain = unzip.decompress(archive, most)
    except zlib.error as error:
        raise _wrong(str(error)) from error
    if unzip.unconsumed_tail:
        raise HostError(
            f"the metadata branch holds more than {most // 1024**2} MiB, which is more than ClaudeStep reads",
            remedy="Is it ClaudeStep's? It holds projects/*.json, README.md and .nojekyll, and nothing else.",
        )
    if not unzip.eof:
        raise _wrong("it is cut off")
    return plain


def _object_id(kind: str, data: bytes) -> str:
    from hashlib import sha1  # noqa: PLC0415  it loads OpenSSL, and most commands never ask

    return sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _wrong(problem: str) -> UnreadableReply:
    return UnreadableReply(
        f"GitHub's archive of the metadata branch cannot be used: {problem}", remedy="Run it again."
    )
