"""Objects and refs of git, made and read one by one: https://docs.github.com/en/rest/git

An object that was made is seen by nobody before a ref leads to it.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from claudestep.domain.errors import NotFound, Unprocessable
from claudestep.infrastructure.github import blobs
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import no_repository
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.github.replies import Reply

Listing: TypeAlias = Mapping[str, str]
"""The files of a tree: ids of blobs by path."""

MOST_INLINE = 1_000_000
"""Bytes of texts in one request: from some 2.5 MB on GitHub gives up on it."""

_TREES = "trees"


class Sha(Reply, frozen=True):
    """A git object."""

    sha: str


class _Ref(Reply, frozen=True):
    ref: str
    object: Sha


class _Commit(Reply, frozen=True):
    tree: Sha


class _Item(Reply, frozen=True):
    path: str
    type: str
    sha: str


class _Recursive(Reply, frozen=True):
    tree: list[_Item]
    truncated: bool


class _Blob(Reply, frozen=True):
    content: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where the metadata branch is (None: nowhere), and the host's time then, as far as it said it."""

    commit: str | None
    at: datetime | None = None


def is_empty(error: Unprocessable) -> bool:
    """Whether GitHub refuses for want of any commit: it keeps no objects then, and no other branch."""
    return "is empty" in error.host_text


def head(github: GitHub) -> Head:
    """Where the branch is. Raises HostError; NotFound where there is no repository.

    A ref that is not there is an empty list here, and no "Not Found" as a repository would be.
    """
    try:
        found = github.rest("GET", _path(github, f"matching-{METADATA_REF}"), list[_Ref])
    except NotFound as error:
        raise no_repository(github, error.host_text) from error
    except Unprocessable as error:
        if is_empty(error):
            return Head(None)
        raise
    at = next((ref.object.sha for ref in found.data if ref.ref == METADATA_REF), None)
    return Head(at, found.at)


def tree_of(github: GitHub, commit: str) -> str:
    """The id of a commit's tree. Raises HostError."""
    return github.rest("GET", _path(github, "commits", commit), _Commit).data.tree.sha


def listing(github: GitHub, tree: str) -> Listing | None:
    """All files of a tree; None where GitHub does not list all of them (100,000, or 7 MB). Raises HostError."""
    found = github.rest("GET", _path(github, _TREES, f"{tree}?recursive=1"), _Recursive).data
    return None if found.truncated else {item.path: item.sha for item in found.tree if item.type == "blob"}


def blob(github: GitHub, oid: str) -> bytes:
    """A file by its id; raw where it is too large for JSON. Raises HostError."""
    found = github.rest("GET", _path(github, "blobs", oid), _Blob).data
    if found.encoding != "base64":
        return blobs.read_one(github, oid)
    try:
        return blobs.checked(oid, b64decode(found.content))
    except ValueError:  # no base64
        return blobs.checked(oid, b"")


def write_tree(github: GitHub, files: Mapping[str, bytes | None], base: str | None = None) -> str:
    """Make a tree of `base` (None: of nothing) and these files, whole by path; None removes one. Raises HostError.

    Unprocessable where one to be removed is not there. More text than one request may hold makes several.
    """
    if base is not None and not files:
        return base
    tree = base
    for some in _requests(files):
        entries = [_entry(github, path, content) for path, content in some]
        tree = _post(github, _TREES, {"tree": entries} | ({"base_tree": tree} if tree else {}))
    return tree or _post(github, _TREES, {"tree": []})


def write_commit(
    github: GitHub, tree: str, message: str, parents: Iterable[str], *, by: Mapping[str, str] | None = None
) -> str:
    """Make a commit, now, by the owner of the token unless `by` somebody else. Raises HostError.

    GitHub signs a commit that names nobody, where the token is that of a workflow or another app:
    https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification#signature-verification-for-bots
    """
    named = {} if by is None else {"author": by, "committer": by}
    return _post(github, "commits", {"message": message, "tree": tree, "parents": list(parents), **named})


def create_branch(github: GitHub, commit: str) -> None:
    """Make the branch. Raises HostError; Unprocessable where there is one already."""
    github.rest("POST", _path(github, "refs"), object, {"ref": METADATA_REF, "sha": commit})


def move_branch(github: GitHub, commit: str) -> None:
    """Move the branch forwards. Raises HostError; Stale where the commit does not come from where it is."""
    github.rest("PATCH", _path(github, METADATA_REF), object, {"sha": commit, "force": False})


def _requests(files: Mapping[str, bytes | None]) -> Iterator[list[tuple[str, bytes | None]]]:
    """The files, in as few requests as hold their texts."""
    some: list[tuple[str, bytes | None]] = []
    size = 0
    for path, content in files.items():
        length = len(content) if content is not None and len(content) <= MOST_INLINE else 0
        if some and size + length > MOST_INLINE:
            yield some
            some, size = [], 0
        some.append((path, content))
        size += length
    if some:
        yield some


def _entry(github: GitHub, path: str, content: bytes | None) -> dict[str, object]:
    """A file by its text; by the id of its blob where it is none, or is too long."""
    entry: dict[str, object] = {"path": path, "mode": "100644", "type": "blob"}
    if content is None:
        return entry | {"sha": None}
    try:
        if len(content) <= MOST_INLINE:
            return entry | {"content": content.decode()}
    except UnicodeDecodeError:
        pass
    encoded = b64encode(content).decode()
    return entry | {"sha": _post(github, "blobs", {"content": encoded, "encoding": "base64"})}


def _post(github: GitHub, kind: str, body: Mapping[str, object]) -> str:
    return github.rest("POST", _path(github, kind), Sha, body).data.sha


def _path(github: GitHub, *parts: str) -> str:
    return "/".join((f"/repos/{github.repository}/git", *parts))
