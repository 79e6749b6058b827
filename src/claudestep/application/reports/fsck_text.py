"""What is wrong with the metadata branch, for people and for programs."""

from dataclasses import asdict

from claudestep.application.fsck import Report
from claudestep.application.reports import json_text
from claudestep.domain.fsck import LEVELS, Finding
from claudestep.domain.text import printable

_WIDTH = max(len(level) for level in LEVELS)
_INDENT = "\n" + " " * (_WIDTH + 2)


def render(report: Report) -> str:
    """A paragraph a finding: where, what, and what to do; and a line that counts them."""
    return printable("".join(map(_paragraph, report.findings)) + f"{_summary(report)}\n")


def _paragraph(finding: Finding) -> str:
    remedy = [f"-> {line}" for line in finding.remedy.splitlines()]
    lines = [f"{finding.level:<{_WIDTH}}  {finding.path}", *finding.problem.splitlines(), *remedy]
    return _INDENT.join(lines) + "\n"


def _summary(report: Report) -> str:
    if report.version is None:
        return "There is no metadata branch yet; the first `claudestep run` makes it."
    counts = [_count(report.count(level), level) for level in LEVELS if level != "note" or report.count(level)]
    return ", ".join([_count(report.documents, "document"), *counts])


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def render_json(report: Report) -> str:
    """The same for programs."""
    counts = {f"{level}s": report.count(level) for level in LEVELS}
    findings = [asdict(finding) for finding in report.findings]
    return json_text.render(
        "fsck", {"version_id": report.version, "documents": report.documents, **counts, "findings": findings}
    )
