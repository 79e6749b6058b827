"""What a pull request says: title, and a body with the summary, what it cost, and the record that it carries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from claudestep.application.summary import Summary
from claudestep.application.template import Template, fill, without_our_marks
from claudestep.domain.ai_tasks import AITask, CostTotal
from claudestep.domain.models import Project, Step
from claudestep.domain.observation import StepRecord
from claudestep.domain.redaction import redacted
from claudestep.domain.spec import fold
from claudestep.domain.text import printable, shortened
from claudestep.infrastructure.hosting import marked_part, record_block

LONGEST_TITLE = 80
LONGEST_BODY = 60_000  # GitHub takes 65,536 characters; the rest is for what the host itself adds

LONGEST_DESCRIPTION = 2_000
LONGEST_DETAILS = 10_000
_MARKS = len(marked_part.marked(""))

_INVISIBLE = "\N{ZERO WIDTH SPACE}"
_CALLING = (
    re.compile(r"(?<![A-Za-z0-9])@(?=\w)"),  # mentions
    re.compile(r"#(?=\d)|\bGH\\?-(?=\d)", re.IGNORECASE),  # issues
    re.compile(r"\b(?:fix|close|resolve)\w*(?=[\W_]{1,20}https?://)", re.IGNORECASE),  # what closes them by address
)
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_HIDING = re.compile(r"<(?=[!?/]|(?:details|summary|img|picture|table)\b)|(?<=--)>", re.IGNORECASE)
_MARKUP = re.compile(r"<(?=[A-Za-z])|\](?=[(:])")  # other tags, links that do not show where they lead, and images
_FENCE = re.compile(r"(?P<before>[ \t>*+\d.)-]*)(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<after>.*)")
_IN_A_FENCE = re.compile(r"``(?=`)|~~(?=~)")


@dataclass(frozen=True, slots=True)
class Form:
    """What a project wants its pull requests to say: its template, and what stands below the step in the spec."""

    template: Template
    details: str = ""


def title(description: str) -> str:
    """`ClaudeStep: <step>`, at most 80 characters, as plain text; also the first line of the commit."""
    return shortened(f"ClaudeStep: {_calling_nobody(redacted(printable(description)))}", LONGEST_TITLE)


def body(
    project: Project, step: Step, record: StepRecord, summary: Summary | None = None, form: Form | None = None
) -> str:
    """The text of a pull request. Where it would be too long the summary is cut, never the record."""
    if form is not None:
        return _filled(form, project, step, record, summary)
    progress = project.progress
    before = f"{progress.done} of {progress.total} steps were done before it"
    head = [
        harmless(shortened(step.step_description, LONGEST_DESCRIPTION)),
        f"Step {step.step_index} of project {project.project}; {before}.",
    ]
    if record.reviewer:
        head.append(f"Reviewer: {record.reviewer}")
    foot = marked_part.marked(our_part(step, record))
    room = LONGEST_BODY - sum(len(part) + 2 for part in (*head, foot))
    described = _closed(shortened("\n\n".join(_described(summary)), max(room, 0))) if summary else ""
    return "\n\n".join(part for part in (*head, described, foot) if part)


def _filled(form: Form, project: Project, step: Step, record: StepRecord, summary: Summary | None) -> str:
    """The text by a project's own template, which is the user's and stays as it is; then our part."""
    foot = marked_part.marked(our_part(step, record))
    room = LONGEST_BODY - len(foot) - 2
    text, values = form.template.text, _values(form, project, step, record)
    described = "\n\n".join(_described(summary)) if summary else ""
    left = room - len(fill(text, {**values, "SUMMARY": "-"}))  # an empty one would close its lines up
    cut = _closed(shortened(described, max(left // max(text.count("{{SUMMARY}}"), 1), 0)))
    filled = without_our_marks(fill(text, {**values, "SUMMARY": cut}))
    head = shortened(filled.rstrip(), max(room, 0))
    return "\n\n".join(part for part in (head, foot) if part)


def _values(form: Form, project: Project, step: Step, record: StepRecord) -> Mapping[str, str]:
    """What stands in place of the placeholders, the summary left out: text from outside is made harmless."""
    return {
        "TASK_DESCRIPTION": harmless(shortened(step.step_description, LONGEST_DESCRIPTION)),
        "STEP_DETAILS": harmless(shortened(form.details, LONGEST_DETAILS)),
        "PROJECT": project.project,
        "STEP_INDEX": str(step.step_index),
        "PROGRESS": f"{project.progress.done} of {project.progress.total}",
        "REVIEWER": harmless(record.reviewer or ""),
        "SUMMARY": "",
    }


def our_part(step: Step, record: StepRecord) -> str:
    """The part of the text that is ours for good, and may be written anew: the costs, and the record.

    Where that alone is more than there is room for, what programs told of their use besides is left out.
    """
    part = "\n\n".join([*_costs(step.ai_tasks), record_block.write(record)])
    if len(part) + _MARKS <= LONGEST_BODY:
        return part
    tasks = tuple(map(_without_extras, record.ai_tasks))
    return "\n\n".join([*_costs(step.ai_tasks), record_block.write(replace(record, ai_tasks=tasks))])


def _without_extras(task: AITask) -> AITask:
    name, model = shortened(task.type, LONGEST_TITLE), shortened(task.model, LONGEST_TITLE)
    return replace(task, type=name, model=model, usage_by_model={}, extra={})


def harmless(text: str) -> str:
    """Text from a spec or a model: it calls nobody, closes no issue, hides nothing, and holds no token.

    It has no HTML, no image, and no link that does not show its address; and it keeps its code blocks to itself.
    """
    text = _ENTITY.sub(_broken, printable(redacted(text)))
    text = _HIDING.sub(lambda match: {"<": "&lt;", ">": "&gt;"}[match[0]], text)
    return _closed(_calling_nobody(_MARKUP.sub(_broken, text)))


def _calling_nobody(text: str) -> str:
    """Text in which no mention and no issue is one; in a title, too, for it may become a commit's first line."""
    for pattern in _CALLING:
        text = pattern.sub(_broken, text)
    return text


def _broken(match: re.Match[str]) -> str:
    return match[0] + _INVISIBLE


def _closed(text: str) -> str:
    """Text whose code blocks all end in it; where one may not, it has none, and what follows is not swallowed."""
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found is None:
            continue
        if not fence and not found["before"]:
            fence = found["fence"]
        elif not fence:  # in a list or a quote, which may end before it does
            return _IN_A_FENCE.sub(_broken, text)
        elif found["fence"].startswith(fence) and not found["before"] + found["after"].strip():
            fence = ""
    return _IN_A_FENCE.sub(_broken, text) if fence else text


def _described(summary: Summary) -> list[str]:
    parts = ["## What changed", harmless(summary.what_changed)]
    for heading, points in (("How to review", summary.how_to_review), ("Risks", summary.risks)):
        if points:
            parts += [f"## {heading}", "\n".join(f"- {harmless(point)}" for point in points)]
    return parts


def _costs(tasks: tuple[AITask, ...]) -> list[str]:
    """A table of what the AI took for this step, earlier attempts too; nothing where no AI was used."""
    if not tasks:
        return []
    rows = [
        (_cell(task.type), _cell(task.model), _number(task.tokens_input), _number(task.tokens_output), _cost(task))
        for task in tasks
    ]
    total = CostTotal.of(task.cost_usd for task in tasks)
    lines = ["| AI task | model | tokens in | tokens out | cost |", "| --- | --- | ---: | ---: | ---: |"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines.append(f"| **all of this step** | | | | **{_total(total)}** |")
    return ["## What it cost", "\n".join(lines)]


def _cell(text: str) -> str:
    """Text that stays in its cell of a table."""
    return harmless(shortened(fold(text), LONGEST_TITLE)).replace("|", "&vert;")


def _number(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,}"


def _cost(task: AITask) -> str:
    return "unknown" if task.cost_usd is None else f"${task.cost_usd:.4f}"


def _total(total: CostTotal) -> str:
    return f"${total.usd:.4f} + {total.unknown} unknown" if total.unknown else f"${total.usd:.4f}"
