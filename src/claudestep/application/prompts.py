"""What an agent is told: the prompts of a step, of a repair and of a summary."""

from pathlib import Path

from claudestep.application.prepare import Prepared
from claudestep.application.template import fill
from claudestep.domain.models import Step
from claudestep.domain.text import cut_middle

_TEMPLATES = Path(__file__).parent / "templates"
_LONGEST_OUTPUT = 8_000
_LONGEST_DIFF = 60_000
_LONGEST_SPEC = 200_000


def template() -> str:
    """The template that is used where a project has none of its own."""
    return (_TEMPLATES / "prompt.md").read_text(encoding="utf-8")


def creation(prepared: Prepared) -> str:
    """The prompt of a step, by the project's own template where it has one."""
    plan, line = prepared.plan, prepared.start.line
    own = plan.prompt_template
    spec = plan.spec.content.decode("utf-8-sig", "replace") if plan.spec else ""
    return fill(
        template() if own is None else own.text,
        {
            "PROJECT": plan.name,
            "STEP_DESCRIPTION": line.text,
            "STEP_DETAILS": line.details,
            "EARLIER_ATTEMPTS": _earlier_attempts(prepared.start.step),
            "SPEC": cut_middle(spec, _LONGEST_SPEC),
        },
    )


def repair(prompt: str, verify: str, output: str) -> str:
    """The prompt of a repair: the step again, and what its check printed."""
    shown = _indented(cut_middle(output.strip(), _LONGEST_OUTPUT))
    text = (_TEMPLATES / "repair.md").read_text(encoding="utf-8")
    return fill(text, {"PROMPT": prompt.strip(), "VERIFY": _indented(verify.strip()), "OUTPUT": shown})


def summary(prepared: Prepared, patch: bytes) -> str:
    """The prompt of a summary."""
    diff = cut_middle(patch.decode(errors="replace"), _LONGEST_DIFF)
    text = (_TEMPLATES / "summary.md").read_text(encoding="utf-8")
    return fill(text, {"STEP_DESCRIPTION": prepared.start.line.text, "DIFF": _indented(diff)})


def _earlier_attempts(step: Step) -> str:
    """Why earlier attempts failed or were turned down; empty for a first one."""
    said = []
    if step.failures and step.failure_reason:
        said.append(f"An earlier attempt failed: {step.failure_reason}")
    closed = [(p.pr_number, p.closed_reason) for p in step.previous_pull_requests if p.pr_state == "closed"]
    if step.pr_number is not None and step.pr_state == "closed":
        closed.append((step.pr_number, step.closed_reason))
    for number, reason in closed:
        why = f", saying: {reason}" if reason else " and did not say why"
        said.append(f"A reviewer turned down pull request #{number}{why}")
    if not said:
        return ""
    return "\n".join(
        ["# What happened before", "", *(f"- {one}" for one in said), "", "Do it differently this time."]
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
