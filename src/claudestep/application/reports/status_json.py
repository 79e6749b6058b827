"""The status for programs."""

from collections.abc import Mapping

from claudestep.application.reports import json_text
from claudestep.application.reports.status_text import next_sentence
from claudestep.application.status import ProjectStatus, StatusReport
from claudestep.domain.chain import Decision, Start, Wait
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.models import Step


def render(report: StatusReport, *, with_steps: bool) -> str:
    """One object; the steps are there where they are wanted."""
    content = {
        "at": report.at,
        "base_branch": report.base_branch,
        "metadata_version": report.metadata_version,
        "projects": [_project(one, with_steps=with_steps) for one in report.projects],
    }
    return json_text.render("status", content)


def _project(one: ProjectStatus, *, with_steps: bool) -> Mapping[str, object]:
    found: dict[str, object] = {"project": one.name, "next": _decision(one.decision)}
    if one.project is not None:
        progress = one.project.progress
        found |= {"done": progress.done, "total": progress.total, "cost": json_text.cost(one.project.cost)}
        found["stale"] = [review.number for review in one.open if review.is_stale]
        found["conflicts"] = [review.number for review in one.open if review.conflicts]
        if with_steps:
            found["steps"] = [_step(step, str(one.states[step.step_index])) for step in one.project.steps]
    return found


def _decision(decision: Decision | ClaudeStepError) -> Mapping[str, object]:
    sentence = next_sentence(decision)
    match decision:
        case Start():
            step = decision.step.step_index
            return {
                "outcome": "start",
                "step_index": step,
                "reviewer": decision.reviewer,
                "sentence": sentence,
            }
        case Wait():
            return {"outcome": "wait", "reason": str(decision.reason), "sentence": sentence}
        case _:
            return {"outcome": "error", "sentence": sentence}


def _step(step: Step, state: str) -> Mapping[str, object]:
    return {
        "step_index": step.step_index,
        "step_description": step.step_description,
        "state": state,
        "pr_number": step.pr_number,
        "branch_name": step.branch_name,
        "reviewer": step.reviewer or (step.claim.reviewer if step.claim else None),
        "attempts": step.attempts,
        "failures": step.failures,
        "failure_reason": step.failure_reason,
        "cost": json_text.cost(step.cost),
    }
