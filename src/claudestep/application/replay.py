"""metadata apply: record the costs of a kept file, as the next run would; twice is once."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from claudestep.application.backend import Backend
from claudestep.application.late_costs import show_on_pull_requests
from claudestep.domain.ai_tasks import AITask
from claudestep.domain.changes import RecordTasks
from claudestep.domain.errors import UsageError
from claudestep.domain.models import Project, Step
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change
from claudestep.infrastructure.runs import Unsent


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a file: the operations that were recorded, and those that were there already."""

    kept: Unsent
    recorded: tuple[AITask, ...]
    known: tuple[AITask, ...]


def replay(backend: Backend, path: Path) -> Replayed:
    """Record the costs of one file, and remove it where it is one that the next run would take.

    Raises InvalidDocument, UsageError, with the file left where it is; StoreBusy.
    """
    kept = backend.runs.read_unsent(path)

    def change(documents: Documents, _: datetime) -> Change[Replayed]:
        project = documents.get(kept.project)
        step = project.find(kept.record.step_index) if project else None
        if project is None or step is None:
            raise _nowhere(kept, project, documents)
        result = _compare(kept, step)
        return Change({project.project: kept.record.apply(project)}, _message(kept), result)

    committed = backend.store.transact(change)
    backend.runs.forget_unsent(kept)
    show_on_pull_requests(backend, committed.snapshot, [(kept.project, kept.record.step_index)])
    return committed.result


def _compare(kept: Unsent, step: Step) -> Replayed:
    """Tell the operations that are news to a step from the others: each is tried by itself."""
    before = Project(project=kept.project, steps=(step,))
    news = tuple(task for task in kept.record.tasks if _one(step, task).apply(before) is not before)
    return Replayed(kept, news, tuple(task for task in kept.record.tasks if task not in news))


def _one(step: Step, task: AITask) -> RecordTasks:
    return RecordTasks(step.step_index, (task,))


def _message(kept: Unsent) -> str:
    return f"Apply the kept costs of step {kept.record.step_index} of {kept.project}"


def _nowhere(kept: Unsent, project: Project | None, documents: Documents) -> UsageError:
    """There is nothing that the costs could be recorded on."""
    if project is not None:
        return UsageError(
            f"{kept.path} has costs of step {kept.record.step_index} of {kept.project}, which has no such step",
            remedy="The file is kept.",
        )
    known = ", ".join(sorted({*documents.projects, *documents.broken}))
    return UsageError(
        f"{kept.path} has costs of {kept.project}, and the metadata branch has no document of it",
        remedy="The file is kept. Make the document first (claudestep run), or correct `project` in the file."
        + (f"\nThere are: {known}" if known else ""),
    )
