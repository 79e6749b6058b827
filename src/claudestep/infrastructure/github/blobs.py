"""The bytes of files, which count only where their git id is the one that their tree names.

A text in a GraphQL answer is cut at 512,000 bytes, is missing for a binary file and is decoded with losses for one
that is not UTF-8; nothing says so unless it is asked.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from claudestep.domain.errors import Transient, UnreadableReply
from claudestep.infrastructure.github.aliases import Many, chunks, compose
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import named, require
from claudestep.infrastructure.github.replies import Entry, Framed, GitObject
from claudestep.infrastructure.metadata.documents import blob_id

Entries: TypeAlias = Mapping[str, Entry]
"""Entries of trees, by whole path."""

FEW = 3
"""So many files are read one by one."""
_TOGETHER = 50


def proven(entries: Entries) -> dict[str, bytes]:
    """The files whose texts came along whole."""
    texts = {path: _bytes(entry.object) for path, entry in entries.items()}
    return {path: data for path, data in texts.items() if data is not None and _is(entries[path].oid, data)}


def read_one(github: GitHub, oid: str) -> bytes:
    """A file by its id. Raises HostError.

    https://docs.github.com/en/rest/git/blobs#get-a-blob: up to 100 MB, raw by its media type.
    """
    return checked(oid, github.download(f"/repos/{github.repository}/git/blobs/{oid}"))


def checked(oid: str, data: bytes) -> bytes:
    """The bytes, if they are those of this id. Raises UnreadableReply."""
    if not _is(oid, data):
        raise UnreadableReply(
            f"GitHub sent something else than the file {oid[:12]} that was asked for", remedy="Run it again."
        )
    return data


def read_all(github: GitHub, entries: Entries) -> dict[str, bytes]:
    """Every file: as it came along, else asked for again by its id. Raises HostError."""
    found = proven(entries)
    missing = {path: entry.oid for path, entry in entries.items() if path not in found}
    texts = _texts(github, set(missing.values())) if len(set(missing.values())) > FEW else {}
    for path, oid in missing.items():
        if oid not in texts:
            texts[oid] = read_one(github, oid)
        found[path] = texts[oid]
    return {path: found[path] for path in entries}


def _texts(github: GitHub, oids: set[str]) -> dict[str, bytes]:
    """Those of the files that come whole, some dozen in a request; none where GitHub fails at that."""
    found: dict[str, bytes] = {}
    for chunk in chunks(sorted(oids), _TOGETHER):
        many = _many(chunk)
        try:
            answer = github.query(
                compose([many]), {**named(github), **many.variables}, Framed[dict[str, GitObject | None]], tries=2
            )
        except Transient:
            continue
        objects = filter(None, require(github, answer.data.repository).values())
        found |= {one.oid: data for one in objects if (data := _bytes(one)) is not None and _is(one.oid, data)}
    return found


def sample() -> str:
    """The document that asks for one text: what it asks for does not depend on how many there are."""
    return compose([_many(["0" * 40])])


def _many(oids: Sequence[str]) -> Many:
    return Many("repository", "b", "GitObjectID!", "object(oid: {}) {{ ... on Blob {{ oid text }} }}", oids)


def _bytes(found: GitObject | None) -> bytes | None:
    return found.text.encode() if found is not None and found.text is not None else None


def _is(oid: str, data: bytes) -> bool:
    return blob_id(data) == oid
