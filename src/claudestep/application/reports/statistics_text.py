"""The statistics for people."""

from collections.abc import Mapping
from datetime import datetime

from claudestep.application.reports.table import table
from claudestep.domain.ai_tasks import CostTotal
from claudestep.domain.statistics import Report
from claudestep.domain.text import printable


def render(report: Report) -> str:
    """Tables of projects, reviewers and costs; those that would be empty are left out."""
    if not report.projects:
        return "There is no project yet.\n"
    parts = [_projects(report)]
    if report.reviewers:
        rows = [(r.name, str(r.open), str(r.merged), str(r.closed)) for r in report.reviewers]
        parts.append(table(("reviewer", "open", "merged", "closed"), rows, right=frozenset({1, 2, 3})))
    for title, costs in (("model", report.cost_by_model), ("operation", report.cost_by_type)):
        if costs:
            parts.append(_costs(title, costs))
    return printable("\n".join(parts))


def _projects(report: Report) -> str:
    rows = [
        (
            figures.name,
            f"{figures.progress.done}/{figures.progress.total}",
            f"{figures.progress.percent} %",
            str(figures.open),
            str(figures.merged),
            str(figures.closed),
            str(figures.cost),
            _day(figures.last_updated),
        )
        for figures in report.projects
    ]
    if len(rows) > 1:
        total = report.progress
        done = f"{total.done}/{total.total}"
        rows.append(("all", done, f"{total.percent} %", *_sums(report), str(report.cost), ""))
    header = ("project", "done", "", "open", "merged", "closed", "cost", "last change (UTC)")
    return table(header, rows, right=frozenset({1, 2, 3, 4, 5, 6}))


def _sums(report: Report) -> tuple[str, str, str]:
    listed = report.projects
    return (
        str(sum(p.open for p in listed)), str(sum(p.merged for p in listed)), str(sum(p.closed for p in listed)),
    )  # fmt: skip


def _costs(title: str, costs: Mapping[str, CostTotal]) -> str:
    rows = [(name, str(total)) for name, total in costs.items()]
    return table((title, "cost"), rows, right=frozenset({1}))


def _day(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else "never"
