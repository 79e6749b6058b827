"""The labels of a repository."""

from starlette.responses import Response

from tests.github_server import issues
from tests.github_server.problems import NotFound, Unprocessable
from tests.github_server.rest import views
from tests.github_server.rest.ask import Ask, Routes, answer, nothing
from tests.github_server.rest.pages import paged
from tests.github_server.threads import Label

MOST_DESCRIPTION = 100


def _label_of(ask: Ask) -> Label:
    found = ask.repository.label(ask.part("label"))
    if found is None:
        raise NotFound
    return found


def list_labels(ask: Ask) -> Response:
    return paged(ask, ask.repository.labels, lambda label: views.label(ask, label))


def create_label(ask: Ask) -> Response:
    repository = ask.writable("issues", "pull_requests")
    label = issues.create_label(repository, ask.fields.text("name"), _color(ask, "ededed"), _description(ask, ""))
    return answer(views.label(ask, label), 201, {"location": ask.links.repo(repository, "labels", label.name)})


def _color(ask: Ask, default: str) -> str:
    color = ask.fields.optional_text("color") or default
    if len(color) != 6 or any(digit not in "0123456789abcdef" for digit in color.lower()):
        raise Unprocessable("Color is invalid", resource="Label", field="color", code="invalid")
    return color.lower()


def _description(ask: Ask, default: str) -> str:
    description = ask.fields.optional_text("description")
    if description is not None and len(description) > MOST_DESCRIPTION:
        words = "description is too long (maximum is 100 characters)"
        raise Unprocessable(words, resource="Label", field="description", code="custom")
    return default if description is None else description


def get_label(ask: Ask) -> Response:
    return answer(views.label(ask, _label_of(ask)))


def update_label(ask: Ask) -> Response:
    ask.writable("issues", "pull_requests")
    label = _label_of(ask)
    label.name = ask.fields.optional_text("new_name") or label.name
    label.color = _color(ask, label.color)
    label.description = _description(ask, label.description)
    return answer(views.label(ask, label))


def delete_label(ask: Ask) -> Response:
    repository, label = ask.writable("issues", "pull_requests"), _label_of(ask)
    with repository.lock:
        repository.labels.remove(label)
        for thread in repository.threads.values():
            issues.remove_labels(thread, [label])
    return nothing()


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}/labels", list_labels),
    ("POST", "/repos/{owner}/{name}/labels", create_label),
    ("GET", "/repos/{owner}/{name}/labels/{label}", get_label),
    ("PATCH", "/repos/{owner}/{name}/labels/{label}", update_label),
    ("DELETE", "/repos/{owner}/{name}/labels/{label}", delete_label),
)
