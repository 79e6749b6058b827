"""metadata rename: a project's document under another name, in one commit. Its branches keep their names."""

from dataclasses import dataclass, replace

from claudestep.application.backend import Backend
from claudestep.application.world import World
from claudestep.domain.errors import UsageError
from claudestep.domain.models import Project
from claudestep.domain.naming import check_project_name
from claudestep.domain.observation import Observation
from claudestep.domain.renaming import check_branches_free
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change


@dataclass(frozen=True, slots=True)
class Renamed:
    """What was renamed; `folder_is_left`: its spec.md still stands below the old name."""

    old: str
    project: Project
    folder_is_left: bool


def rename(backend: Backend, old: str, new: str) -> Renamed:
    """Move a document to another name, with the costs of it that still wait on disk.

    Raises UsageError where one of the names cannot be, or somebody works on the project.
    """
    if check_project_name(old) == check_project_name(new):
        raise UsageError(f"{old} has this name already")
    backend.runs.sweep()
    waiting = [one for one in backend.runs.unsent() if one.project == old]

    def change(observation: Observation, documents: Documents) -> Change[Renamed]:
        _check_names(documents, old, new)
        world = backend.world(observation, documents)
        project = _idle(world, old)
        for one in waiting:
            project = one.record.apply(project)
        moved = replace(project, project=new)
        result = Renamed(old, moved, folder_is_left=old in world.plans)
        return Change({old: None, new: moved}, f"Rename {old} to {new}", result)

    renamed = backend.store.transact_on(backend.look, change).result
    for one in waiting:
        if renamed.project.find(one.record.step_index) is not None:
            one.path.unlink(missing_ok=True)
    return renamed


def _check_names(documents: Documents, old: str, new: str) -> None:
    if old in documents.broken:
        raise UsageError(str(documents.broken[old]), remedy=documents.broken[old].remedy)
    if old not in documents.projects:
        known = ", ".join(sorted({*documents.projects, *documents.broken}))
        raise UsageError(f"the metadata branch has no project {old!r}", remedy=f"It has: {known}" if known else "")
    if new in documents.projects or new in documents.broken:
        raise UsageError(
            f"there is a document of {new} already",
            remedy=f"Two documents cannot become one. Choose another name, or look: claudestep metadata show {new}",
        )
    check_branches_free(new, (project for name, project in documents.projects.items() if name != old))


def _idle(world: World, name: str) -> Project:
    """The repaired document, on which nobody works. Raises UsageError."""
    project = world.projects[name]
    claimed = next((step for step in project.steps if step.claim is not None), None)
    if claimed is not None:
        raise UsageError(
            f"step {claimed.step_index} of {name} is worked on, and its run records it under this name",
            remedy=f"Wait until it ends (claudestep status {name}), or settle what is left of it: "
            f"claudestep run {name}",
        )
    return project
