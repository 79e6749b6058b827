"""Costs that became known when the pull request was open already: its text is brought up to date."""

import logging
from collections.abc import Iterable
from dataclasses import replace

from claudestep.application.backend import Backend
from claudestep.application.pull_request import our_part
from claudestep.domain.errors import HostError
from claudestep.domain.models import Step
from claudestep.domain.observation import PullRequest, Questions, Snapshot, StepRecord
from claudestep.infrastructure.metadata.documents import read_documents

logger = logging.getLogger(__name__)


def show_on_pull_requests(backend: Backend, snapshot: Snapshot, recorded: Iterable[tuple[str, int]]) -> None:
    """Write the costs of these steps (project, number), as the branch has them now, on their open pull requests.

    What cannot be written is told; the documents have it all the same.
    """
    projects = read_documents(snapshot).projects
    found = ((name, projects[name].find(number)) for name, number in recorded if name in projects)
    in_review = [(name, step) for name, step in found if step and step.in_review]
    steps = {step.pull_requests()[-1].key: (name, step) for name, step in in_review if step.pr_number}
    if not steps:
        return
    try:
        for pull in backend.host.look_up(Questions(numbers=frozenset(key.number for key in steps))).pull_requests:
            if pull.key in steps:
                name, step = steps[pull.key]
                backend.host.rewrite(pull, our_part(step, _record(name, step, pull)))
    except HostError as error:
        logger.warning("the costs are recorded, and not yet told on the pull request: %s", error.explained)


def _record(name: str, step: Step, pull: PullRequest) -> StepRecord:
    """What the pull request carries, with the costs of now."""
    carried = pull.record or StepRecord(
        project=name,
        step_index=step.step_index,
        step_description=step.step_description,
        reviewer=step.reviewer,
        base_branch=pull.base_branch,
    )
    return replace(carried, ai_tasks=step.ai_tasks)
