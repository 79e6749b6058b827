"""Changes that count: each adds one AI operation with an id of its own, so that a lost or doubled one shows."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.models import Project, Step
from claudestep.infrastructure.metadata.store import MetadataStore

WHEN = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)


def task(task_id: str, *, cost: float | None = 0.25) -> AITask:
    return AITask(type="PRCreation", model="claude", cost_usd=cost, created_at=WHEN, id=task_id)


def add_task(task_id: str) -> Callable[[Project], Project]:
    """A change that is not idempotent on purpose: applied twice, the record is there twice."""

    def change(project: Project) -> Project:
        step = project.find(1)
        if step is None:
            step = Step(step_index=1, step_description="Count")
            project = replace(project, steps=(step, *project.steps))
        return project.with_step(replace(step, ai_tasks=(*step.ai_tasks, task(task_id))))

    return change


def counted(store: MetadataStore) -> Counter[str]:
    """How often each id is recorded, over all projects. Raises BrokenDocuments."""
    projects = store.all().require_whole().values()
    return Counter(str(found.id) for project in projects for found in project.ai_tasks)
