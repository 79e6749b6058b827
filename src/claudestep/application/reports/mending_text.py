"""What the commands that mend the metadata branch have done."""

from claudestep.application.rename import Renamed
from claudestep.application.replay import Replayed
from claudestep.domain.models import Project
from claudestep.domain.naming import ROOT
from claudestep.domain.step_story import describe_task
from claudestep.domain.text import printable


def renamed(done: Renamed) -> str:
    """Both names, what goes on under the old one, and what is left to do."""
    old, new = done.old, done.project.project
    progress = done.project.progress
    lines = [f"{old} is {new} now: {progress.done} of {progress.total} done, {done.project.cost}"]
    branches = _open_branches(done.project)
    if branches:
        lines.append(f"  open pull requests keep their branches: {', '.join(branches)}")
    if done.folder_is_left:
        lines.append(
            f'  rename its folder too: git mv {ROOT}/{old} {ROOT}/{new} && git commit -m "Rename {old} to {new}"'
        )
    return printable("".join(f"{line}\n" for line in lines))


def _open_branches(project: Project) -> list[str]:
    listed = [
        *(step.branch_name for step in project.steps if step.in_review),
        *(p.branch_name for step in project.steps for p in step.previous_pull_requests if p.pr_state == "open"),
    ]
    return [branch for branch in listed if branch]


def replayed(done: Replayed) -> str:
    """Each operation of a file, and whether it was news."""
    kept = done.kept
    lines = [f"{kept.project}, step {kept.record.step_index}, from {kept.path}"]
    lines += [f"  {describe_task(task)}: recorded" for task in done.recorded]
    lines += [f"  {describe_task(task)}: was there already" for task in done.known]
    if not kept.record.tasks:
        lines.append("  it has no operation in it")
    return printable("".join(f"{line}\n" for line in lines))
