"""The questions that the program asks of its metadata. One that needs a broken document fails closed."""

from dataclasses import replace
from datetime import datetime, timedelta

from claudestep.domain.models import Project, PullRequestState, Step
from claudestep.infrastructure.metadata.store import MetadataStore


def find_project_metadata(
    store: MetadataStore, project: str, pr_state: PullRequestState | None = None
) -> list[Step]:
    """The steps of a project, or those whose pull request is in `pr_state`; [] where there is no project.

    Raises InvalidDocument.
    """
    found = store.all().get(project)
    steps = found.steps if found else ()
    return [step for step in steps if pr_state is None or step.pr_state == pr_state]


def find_in_progress_tasks(store: MetadataStore, project: str) -> set[int]:
    """The numbers of the steps that somebody works on or reviews. Raises InvalidDocument."""
    return {step.step_index for step in find_project_metadata(store, project) if step.busy}


def get_reviewer_assignments(store: MetadataStore, project: str) -> dict[int, str]:
    """Pull request number -> reviewer, for all open ones of a project. Raises InvalidDocument."""
    steps = find_project_metadata(store, project)
    open_ones = [pull for step in steps for pull in step.open_pull_requests()]
    return {pull.pr_number: pull.reviewer for pull in open_ones if pull.reviewer}


def save_pr_metadata(store: MetadataStore, project: str, step: Step) -> None:
    """Write one step of a project: in the place of the step of its number, or behind the others.

    Raises InvalidDocument, StoreBusy.
    """

    def change(found: Project) -> Project:
        if found.find(step.step_index) is not None:
            return found.with_step(step)
        return replace(found, steps=(*found.steps, step))

    store.update(project, change)


def projects_modified(store: MetadataStore, *, days: int, now: datetime) -> list[str]:
    """Projects written in the last `days` days. Raises BrokenDocuments."""
    return store.modified_since(now - timedelta(days=days))


def projects_created(store: MetadataStore, *, days: int, now: datetime) -> list[str]:
    """Projects begun in the last `days` days. Raises BrokenDocuments."""
    return store.created_since(now - timedelta(days=days))


def projects_completed(store: MetadataStore, *, days: int, now: datetime) -> list[str]:
    """Projects whose last step was done in the last `days` days. Raises BrokenDocuments."""
    return store.completed_since(now - timedelta(days=days))
