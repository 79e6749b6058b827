"""What a write puts on the branch: the documents that differ, with their times, as files."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from claudestep.domain.models import Project
from claudestep.domain.naming import check_project_name, document_path
from claudestep.domain.observation import Snapshot
from claudestep.infrastructure.metadata import branch_readme, codec
from claudestep.infrastructure.metadata.documents import Documents


def changed_projects(
    wanted: Mapping[str, Project | None], documents: Documents, now: datetime
) -> dict[str, Project | None]:
    """Those of the documents that differ from what is there, with their times."""
    for name, project in wanted.items():
        if project is not None and project.project != check_project_name(name):
            raise ValueError(f"project {project.project!r} was to be written as {name!r}")
    return {
        name: project and stamp(project, documents.projects.get(name), now)
        for name, project in wanted.items()
        if not is_same(project, documents.get(name))
    }


def files_of(changed: dict[str, Project | None], snapshot: Snapshot) -> Mapping[str, bytes | None]:
    """The files of a commit; none where nothing differs."""
    if not changed:
        return {}
    files: dict[str, bytes | None] = {
        document_path(name): None if project is None else _checked(project) for name, project in changed.items()
    }
    files[branch_readme.PATH] = branch_readme.with_rows(snapshot.files.get(branch_readme.PATH), changed)
    if branch_readme.NO_JEKYLL not in snapshot.files:
        files[branch_readme.NO_JEKYLL] = branch_readme.NO_JEKYLL_TEXT
    return files


def is_same(project: Project | None, before: Project | None) -> bool:
    """Whether the documents would be the same bytes: Python calls 1, 1.0 and True equal, and JSON does not."""
    if project is None or before is None or project != before:
        return project is before
    return codec.encode(project) == codec.encode(before)


def _checked(project: Project) -> bytes:
    """The document, read back before it is sent: what cannot be read is never written. Raises InvalidDocument."""
    data = codec.encode(project)
    codec.decode(document_path(project.project), data)
    return data


def stamp(project: Project, before: Project | None, now: datetime) -> Project:
    """Set `last_updated`, never backwards, and `created_at` of a new document."""
    earlier = [when for when in (project.last_updated, before and before.last_updated) if when]
    created = project.created_at or (before.created_at if before else now)
    return replace(project, last_updated=max([now, *earlier]), created_at=created)
