"""A project under a new name: whether a folder that is new is one that vanished, and whose branches a name has.

A step's branch keeps the name that it was published under, so a name that was given up stays with the project
that had it.
"""

from collections.abc import Collection, Iterable, Mapping

from claudestep.domain.errors import UsageError
from claudestep.domain.models import Project, Step
from claudestep.domain.naming import parse_step_branch, spec_path
from claudestep.domain.spec import fold


def check_not_renamed(
    name: str, lines: Iterable[str], documents: Mapping[str, Project], with_spec: Collection[str]
) -> None:
    """Raise UsageError where a project without a document looks like one that has another name there.

    `lines` are the texts of its steps, and `with_spec` the projects that have a spec.md on any base branch.
    """
    if name in documents:
        return
    homeless = [project for other, project in sorted(documents.items()) if other not in with_spec]
    old = find_vanished(lines, homeless)
    if old is not None:
        raise _renamed(old, name)
    check_branches_free(name, documents.values())


def find_vanished(lines: Iterable[str], homeless: Iterable[Project]) -> Project | None:
    """The begun and unfinished project without a spec.md whose steps stand in `lines`.

    One step that is under way is enough, for it would be done twice; else half of all its steps.
    """
    there = {fold(line) for line in lines}
    for project in homeless:
        current = [step for step in project.steps if step.orphaned_at is None]
        is_open = any(step.begun for step in current) and not all(_is_over(step) for step in current)
        shared = [step for step in current if fold(step.step_description) in there]
        if is_open and shared and (2 * len(shared) >= len(current) or any(map(_is_under_way, shared))):
            return project
    return None


def check_branches_free(name: str, documents: Iterable[Project]) -> None:
    """Raise UsageError where branches of this name belong to a project of another name."""
    for project in documents:
        branches = [] if project.project == name else sorted(_branches_of(project, name))
        if branches:
            raise UsageError(
                f"{name} was the name of {project.project}, and branches are called so ({branches[0]})",
                remedy=f"Choose another name for the folder of {spec_path(name)}.",
            )


def _is_over(step: Step) -> bool:
    return bool(step.completed_at or step.skipped_at or step.orphaned_at)


def _is_under_way(step: Step) -> bool:
    return step.begun and not _is_over(step)


def _branches_of(project: Project, name: str) -> set[str]:
    """The branches of a project that have the name of another one."""
    listed = {step.branch_name for step in project.steps}
    listed |= {previous.branch_name for step in project.steps for previous in step.previous_pull_requests}
    named = {branch: parse_step_branch(branch) for branch in listed if branch}
    return {branch for branch, parsed in named.items() if parsed is not None and parsed.project == name}


def _renamed(project: Project, new: str) -> UsageError:
    old = project.project
    return UsageError(
        f"steps that {old} has stand in {spec_path(new)} now, and {spec_path(old)} is gone",
        remedy=f"If {old} was renamed, take its records along: claudestep metadata rename {old} {new}\n"
        f"If {new} is another project, bring {spec_path(old)} back, or word the steps that they share differently.",
    )
