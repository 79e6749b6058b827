"""Documents made anew from pull requests and specs: what comes back, what is estimated, and what is lost."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from claudestep.domain.adopting import adopt_lost, spent
from claudestep.domain.changes import RecordTasks
from claudestep.domain.models import Project, Step
from claudestep.domain.naming import parse_step_branch
from claudestep.domain.observation import PullRequest
from claudestep.domain.renaming import find_vanished


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that no pull request and no spec tells, and the keys of the documents that it is about.

    `steps` are keys of a step, `pulls` of a pull request of an earlier attempt, `project` of the document.
    """

    what: str
    steps: tuple[str, ...] = ()
    pulls: tuple[str, ...] = ()
    project: tuple[str, ...] = ()


LOST = (
    Loss(
        "costs of attempts that never reached a pull request, and costs that became known after it had ended",
        steps=("ai_tasks",),
    ),
    Loss("failures, and what the host refused", steps=("failures", "failure_reason", "refused_at")),
    Loss("which steps were skipped", steps=("skipped_at",)),
    Loss(
        "that a step whose pull request was closed, or that lost its tick, was to be tried again",
        steps=("branch_name", "reviewer", "pr_number", "pr_state", "created_at", "merged_at", "closed_at"),
    ),
    Loss(
        "why pull requests were closed, and what was told on them",
        ("closed_reason", "conflict_told"),
        ("closed_reason",),
    ),
    Loss("claims of runs that are under way, and attempts of which no branch is left", steps=("claim", "attempts")),
    Loss(
        "the numbers of steps that have no pull request, and removed steps without one",
        steps=("step_index", "waits_for"),
    ),
    Loss(
        "when a box was found ticked or a line gone, and when a local pull request ended "
        "(the time of the merge, or of now, stands there instead)",
        steps=("completed_at", "orphaned_at", "merged_at", "closed_at"),
        pulls=("merged_at", "closed_at"),
    ),
    Loss(
        "when the project was begun, and keys that others wrote",
        steps=("extra",),
        pulls=("extra",),
        project=("created_at", "last_updated", "schema_version", "extra"),
    ),
)
"""All that does not come back with a document that is made anew. What is not named here does."""


def remake(name: str, pulls: Iterable[PullRequest], former: Collection[str] = ()) -> Project:
    """The document of a project as its pull requests tell it, before it is bound to its spec.

    A merged step was ticked by its merge, as far as nobody knows better.
    """
    listed = list(pulls)
    begun = min((pull.created_at for pull in listed), default=None)
    project = adopt_lost(Project(project=name, created_at=begun), listed, former)
    steps = sorted(project.steps, key=lambda step: step.step_index)
    return replace(project, steps=tuple(replace(step, completed_at=step.merged_at) for step in steps))


def complete(project: Project, pulls: Iterable[PullRequest], recorded_ids: Collection[str]) -> Project:
    """A document that can be read, with the costs on its pull requests that no document has.

    `recorded_ids` are those of all operations that any document has: it may have moved one by hand.
    """
    carried = {key: pull for pull in pulls for key in pull.keys}
    for step in project.steps:
        for known in step.pull_requests():
            pull = carried.get(known.key)
            if pull is None or pull.record is None:
                continue
            mine = {task.id for task in step.ai_tasks}
            tasks = (t for t in spent(pull, pull.record) if t.id and (t.id in mine or t.id not in recorded_ids))
            project = RecordTasks(step.step_index, tuple(tasks)).apply(project)
    return project


def number_anew(project: Project, remade: Project) -> Project:
    """Give the lines that no pull request tells of the numbers that are free, in their order, from 1 on.

    A line that nobody worked on has no number that means anything; this is the one that it had where nothing was
    ever added, moved or taken out.
    """
    taken = {step.step_index for step in remade.steps}
    free = (number for number in count(1) if number not in taken)
    steps = (s if s.step_index in taken else replace(s, step_index=next(free)) for s in project.steps)
    return replace(project, steps=tuple(steps))


def count_attempts(project: Project, branches: Iterable[str]) -> Project:
    """Raise the numbers of attempts to what the names of branches say: none is ever given again."""
    highest: dict[int, int] = {}
    for branch in branches:
        named = parse_step_branch(branch)
        if named is not None and named.project == project.project:
            highest[named.step_index] = max(named.attempt, highest.get(named.step_index, 0))

    def one(step: Step) -> Step:
        return replace(step, attempts=max(step.attempts, highest.get(step.step_index, 0)))

    return project.with_each(one)


def find_homes(homeless: Mapping[str, Project], lines: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str]]:
    """Each project that has no spec.md, with the one in whose spec its steps stand now, where only one has them."""
    for name, project in homeless.items():
        found = [other for other, texts in lines.items() if other != name and find_vanished(texts, [project])]
        if len(found) == 1:
            yield name, found[0]
