"""The documents of one snapshot, decoded: what can be read, and what cannot, apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from claudestep.domain.errors import BrokenDocuments, ForeignBranch, InvalidDocument
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


def read_documents(snapshot: Snapshot) -> Documents:
    """Decode the documents of a snapshot. Raises ForeignBranch where the branch is somebody else's."""
    if not branch_readme.is_ours(dict(snapshot.files)):
        raise ForeignBranch(METADATA_BRANCH, next(iter(sorted(snapshot.files))))
    projects: dict[str, Project] = {}
    broken: dict[str, InvalidDocument] = {}
    for path, data in sorted(snapshot.files.items()):
        name = project_of_document(path)
        if name is None:
            continue
        problem = name_problem(name)
        if problem is not None:
            broken[name] = InvalidDocument(path, f"its name cannot be a project's: {problem}")
            continue
        try:
            projects[name] = codec.decode(path, data)
        except InvalidDocument as error:
            broken[name] = error
    return Documents(snapshot.version, projects, broken)


def blob_id(data: bytes) -> str:
    """The id that git gives these bytes: the version of a document."""
    from hashlib import sha1  # noqa: PLC0415  it loads OpenSSL, and most commands never ask

    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
