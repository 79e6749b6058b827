"""The documents of one snapshot, decoded: what can be read, and what cannot, apart."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Generic, TypeVar

from claudestep.domain.errors import BrokenDocuments, ForeignBranch, InvalidDocument, NewerDocument
from claudestep.domain.models import Project
from claudestep.domain.naming import METADATA_BRANCH, name_problem, project_of_document
from claudestep.domain.observation import Snapshot
from claudestep.infrastructure.metadata import branch_readme, codec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A value and the version that it was read at."""

    value: T
    version: str


@dataclass(frozen=True, slots=True)
class Documents:
    """All documents of one commit. `version` is the commit's id, None when there is no branch."""

    version: str | None = None
    projects: Mapping[str, Project] = field(default_factory=dict)
    broken: Mapping[str, InvalidDocument] = field(default_factory=dict)

    def require_whole(self) -> Mapping[str, Project]:
        """All projects; raises BrokenDocuments where one cannot be read."""
        if self.broken:
            raise BrokenDocuments(self.broken)
        return self.projects

    def get(self, name: str) -> Project | None:
        """One project, None where there is none; raises InvalidDocument where it cannot be read."""
        if name in self.broken:
            raise self.broken[name]
        return self.projects.get(name)

    def without(self, names: Collection[str]) -> "Documents":
        """The documents without those of these that cannot be read; one of a newer ClaudeStep always stays."""
        given_up = {name for name in names if not isinstance(self.broken.get(name), NewerDocument)}
        if not given_up & self.broken.keys():
            return self
        return replace(self, broken={name: e for name, e in self.broken.items() if name not in given_up})


class _Decoded(Mapping[str, T]):
    """The documents that come out as one kind of value; none is decoded before it is asked for."""

    def __init__(self, paths: Mapping[str, str], decode: Callable[[str], object], kind: type[T]) -> None:
        self._paths = paths
        self._decode = decode
        self._kind = kind

    def __getitem__(self, name: str) -> T:
        found = self._decode(self._paths[name])
        if not isinstance(found, self._kind):
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name, path in self._paths.items() if isinstance(self._decode(path), self._kind))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


def read_documents(snapshot: Snapshot) -> Documents:
    """The documents of a snapshot. Raises ForeignBranch where the branch is somebody else's."""
    if not branch_readme.is_ours(dict(snapshot.files)):
        raise ForeignBranch(METADATA_BRANCH, next(iter(sorted(snapshot.files))))
    named = ((project_of_document(path), path) for path in sorted(snapshot.files))
    paths = {name: path for name, path in named if name is not None}
    decode = cache(lambda path: _decode(path, snapshot.files[path]))
    return Documents(snapshot.version, _Decoded(paths, decode, Project), _Decoded(paths, decode, InvalidDocument))


@lru_cache(maxsize=2048)
def _decode(path: str, data: bytes) -> Project | InvalidDocument:
    problem = name_problem(project_of_document(path) or "")
    if problem is not None:
        return InvalidDocument(path, f"its name cannot be a project's: {problem}")
    try:
        return codec.decode(path, data)
    except InvalidDocument as error:
        return error


def blob_id(data: bytes) -> str:
    """The id that git gives these bytes: the version of a document."""
    from hashlib import sha1  # noqa: PLC0415  it loads OpenSSL, and most commands never ask

    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
