"""What a pull request says: title, body and the record that it carries."""

from claudestep.domain.models import Project, Step
from claudestep.domain.observation import StepRecord
from claudestep.domain.spec import SpecStep
from claudestep.domain.text import shortened
from claudestep.infrastructure.hosting import record_block
from claudestep.infrastructure.hosting.port import Draft

LONGEST_TITLE = 80


def title(description: str) -> str:
    """`ClaudeStep: <step>`, at most 80 characters."""
    return shortened(f"ClaudeStep: {description}", LONGEST_TITLE)


def draft(project: Project, step: Step, branch: str, head: str, *, reviewer: str | None, base: str) -> Draft:
    """The pull request of a step whose branch is published."""
    progress = project.progress
    record = StepRecord(
        project=project.project,
        step_index=step.step_index,
        step_description=step.step_description,
        reviewer=reviewer,
        base_branch=base,
    )
    before = f"{progress.done} of {progress.total} steps were done before it"
    lines = [step.step_description, "", f"Step {step.step_index} of project {project.project}; {before}."]
    if reviewer:
        lines.append(f"Reviewer: {reviewer}")
    body = "\n".join([*lines, "", record_block.write(record)])
    return Draft(title=title(step.step_description), body=body, branch=branch, head_commit=head, record=record)


def prompt(project: str, spec: str, line: SpecStep) -> str:
    """What an agent is asked: this one step, with the whole spec as its context."""
    details = f"\n\nDetails of this step:\n{line.details}" if line.details else ""
    return (
        f"Do exactly one step of the project {project}: the one below, and nothing else.\n"
        "Do not change anything below claude-step/.\n\n"
        f"The step:\n{line.text}{details}\n\n"
        f"The whole spec, for context:\n\n{spec}\n"
    )
