"""The statistics for programs."""

from collections.abc import Mapping

from claudestep.application.reports import json_text
from claudestep.domain.ai_tasks import CostTotal
from claudestep.domain.statistics import ProjectFigures, Report


def render(report: Report) -> str:
    """One object with all figures; costs in US dollars."""
    content = {
        "at": report.at,
        "done": report.progress.done,
        "total": report.progress.total,
        "cost": json_text.cost(report.cost),
        "cost_by_model": _costs(report.cost_by_model),
        "cost_by_type": _costs(report.cost_by_type),
        "projects": [_project(figures) for figures in report.projects],
        "reviewers": [
            {"reviewer": r.name, "open": r.open, "merged": r.merged, "closed": r.closed} for r in report.reviewers
        ],
    }
    return json_text.render("statistics", content)


def _costs(costs: Mapping[str, CostTotal]) -> Mapping[str, object]:
    return {name: json_text.cost(total) for name, total in costs.items()}


def _project(figures: ProjectFigures) -> Mapping[str, object]:
    return {
        "project": figures.name,
        "done": figures.progress.done,
        "total": figures.progress.total,
        "removed": figures.removed,
        "open": figures.open,
        "merged": figures.merged,
        "closed": figures.closed,
        "cost": json_text.cost(figures.cost),
        "cost_per_merge_usd": figures.cost_per_merge,
        "last_updated": figures.last_updated,
    }
