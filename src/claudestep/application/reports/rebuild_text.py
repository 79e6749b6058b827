"""What a rebuild would write, or wrote, and what cannot come back, for people and for programs."""

from collections import Counter
from collections.abc import Iterable, Iterator

from claudestep.application.rebuild import Rebuilt, RebuiltProject
from claudestep.application.reports import json_text
from claudestep.domain.models import Project
from claudestep.domain.text import printable

_HOW = {
    "made": "made anew",
    "completed": "completed",
    "replaced": "replaces a document that cannot be read; the old one stays in the history of the branch",
}
_STATES = ("open", "merged", "closed")


def render(rebuilt: Rebuilt) -> str:
    """Each document, what cannot come back, what was left out, and what came of it."""
    lines = [line for one in rebuilt.projects for line in _project(one)]
    if rebuilt.lost:
        lines += ["", "What cannot come back, because no pull request tells it:", *_listed(rebuilt.lost)]
    notes = (*rebuilt.left_out, *rebuilt.kept, *rebuilt.notes)
    lines += ["", *(f"note: {note}" for note in notes)] if notes else []
    lines += ["", _outcome(rebuilt)] if lines else [_outcome(rebuilt)]
    return printable("".join(f"{line}\n" for line in lines))


def _project(one: RebuiltProject) -> Iterator[str]:
    project = one.project
    former = f" (and {', '.join(one.former)}, its name before)" if one.former else ""
    yield f"{project.project}{former}: {_HOW[one.how]}"
    progress = project.progress
    yield f"  {progress.done} of {progress.total} steps done, {_pull_requests(project)}, {project.cost}"
    yield from (f"  {change}" for change in one.changes)


def _pull_requests(project: Project) -> str:
    counted = count_states(project)
    told = ", ".join(f"{counted[state]} {state}" for state in _STATES if counted[state])
    return f"pull requests: {told}" if told else "no pull request"


def count_states(project: Project) -> Counter[str]:
    """How many pull requests are in each state."""
    return Counter(pull.pr_state for step in project.steps for pull in step.pull_requests())


def _listed(points: Iterable[str]) -> Iterator[str]:
    return (f"  - {point}" for point in points)


def _outcome(rebuilt: Rebuilt) -> str:
    count = len(rebuilt.projects)
    what = f"{count} document{'' if count == 1 else 's'}"
    if rebuilt.wrote:
        return f"{what} written."
    if count:
        return f"{what} would be written; write {'it' if count == 1 else 'them'}: claudestep metadata rebuild --yes"
    if rebuilt.begins:
        return "There is nothing to make documents of: no pull request and no spec.md with steps."
    return "Nothing is missing that the pull requests tell."


def render_json(rebuilt: Rebuilt) -> str:
    """The same for programs."""
    projects = [
        {
            "project": one.project.project,
            "how": one.how,
            "former": one.former,
            "done": one.project.progress.done,
            "total": one.project.progress.total,
            "pull_requests": {state: count_states(one.project)[state] for state in _STATES},
            "cost": json_text.cost(one.project.cost),
            "changes": one.changes,
        }
        for one in rebuilt.projects
    ]
    content = {
        "wrote": rebuilt.wrote,
        "begins": rebuilt.begins,
        "projects": projects,
        "lost": rebuilt.lost,
        "left_out": rebuilt.left_out,
        "kept": rebuilt.kept,
        "notes": rebuilt.notes,
    }
    return json_text.render("rebuild", content)
