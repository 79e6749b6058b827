"""The list of documents."""

from claudestep.application.reports import json_text
from claudestep.application.reports.table import table
from claudestep.domain.text import printable
from claudestep.infrastructure.metadata.documents import Documents


def render(documents: Documents) -> str:
    """A row a document; those that cannot be read say why."""
    if documents.version is None and not documents.projects:
        return "There is no metadata branch yet; the first `claudestep run` makes it.\n"
    rows = [
        (name, f"{p.progress.done}/{p.progress.total}", str(p.cost), f"{p.last_updated:%Y-%m-%d %H:%M}")
        if p.last_updated
        else (name, f"{p.progress.done}/{p.progress.total}", str(p.cost), "")
        for name, p in documents.projects.items()
    ]
    rows += [(name, "broken", "", error.problem) for name, error in documents.broken.items()]
    return printable(table(("project", "done", "cost", "last change (UTC)"), sorted(rows), right=frozenset({1, 2})))


def render_json(documents: Documents) -> str:
    """The same for programs."""
    projects = [
        {
            "project": name,
            "done": project.progress.done,
            "total": project.progress.total,
            "cost": json_text.cost(project.cost),
            "last_updated": project.last_updated,
        }
        for name, project in documents.projects.items()
    ]
    broken = [{"project": name, "problem": error.problem} for name, error in documents.broken.items()]
    return json_text.render("metadata", {"version_id": documents.version, "projects": projects, "broken": broken})
