"""What issues and pull requests have in common: labels, assignees and comments, all under /issues/{number}."""

from starlette.responses import Response

from tests.github_server import issues
from tests.github_server.people import User
from tests.github_server.problems import NotFound
from tests.github_server.rest import views
from tests.github_server.rest.ask import Ask, Routes, answer, nothing
from tests.github_server.rest.pages import paged
from tests.github_server.state import Repository
from tests.github_server.threads import Issue, Label, PullRequest


def thread_of(ask: Ask, *, writing: bool = False) -> Issue:
    """The issue or pull request of the path; to write to a pull request, its own permission is as good."""
    thread = ask.repository.thread(ask.number())
    if writing:
        both = ("issues", "pull_requests") if isinstance(thread, PullRequest) else ("issues",)
        ask.writable(*both)
    return thread


def labels_of(repository: Repository, names: list[str]) -> list[Label]:
    """Labels by their names; those that do not exist are made."""
    with repository.lock:
        return [repository.label(name) or issues.create_label(repository, name) for name in names]


def list_labels(ask: Ask) -> Response:
    return paged(ask, thread_of(ask).labels, lambda label: views.label(ask, label))


def _labels_in(ask: Ask, thread: Issue) -> list[Label]:
    """The labels of a body, which may be {"labels": [...]} or the array alone."""
    name = "" if "" in ask.fields else "labels"
    return labels_of(thread.repository, ask.fields.texts(name))


def add_labels(ask: Ask) -> Response:
    thread = thread_of(ask, writing=True)
    issues.add_labels(thread, _labels_in(ask, thread))
    return answer([views.label(ask, label) for label in thread.labels])


def set_labels(ask: Ask) -> Response:
    thread = thread_of(ask, writing=True)
    wanted = _labels_in(ask, thread)
    issues.remove_labels(thread, [label for label in thread.labels if label not in wanted])
    issues.add_labels(thread, wanted)
    return answer([views.label(ask, label) for label in thread.labels])


def remove_label(ask: Ask) -> Response:
    thread = thread_of(ask, writing=True)
    label = thread.repository.label(ask.part("label"))
    if label is None or label not in thread.labels:
        raise NotFound(message="Label does not exist")
    issues.remove_labels(thread, [label])
    return answer([views.label(ask, each) for each in thread.labels])


def remove_all_labels(ask: Ask) -> Response:
    thread = thread_of(ask, writing=True)
    issues.remove_labels(thread, thread.labels)
    return nothing()


def _people(ask: Ask) -> list[User]:
    return [ask.host.user(login) for login in ask.fields.texts("assignees")]


def add_assignees(ask: Ask) -> Response:
    thread = thread_of(ask, writing=True)
    issues.add_assignees(thread, _people(ask))
    return answer(views.issue(ask, thread), 201)


def remove_assignees(ask: Ask) -> Response:
    thread = thread_of(ask, writing=True)
    issues.remove_assignees(thread, _people(ask))
    return answer(views.issue(ask, thread))


def list_comments(ask: Ask) -> Response:
    return paged(ask, thread_of(ask).comments, lambda comment: views.comment(ask, comment))


def create_comment(ask: Ask) -> Response:
    thread = thread_of(ask, writing=True)
    return answer(views.comment(ask, issues.add_comment(thread, ask.user, ask.fields.text("body"))), 201)


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}/issues/{number}/labels", list_labels),
    ("POST", "/repos/{owner}/{name}/issues/{number}/labels", add_labels),
    ("PUT", "/repos/{owner}/{name}/issues/{number}/labels", set_labels),
    ("DELETE", "/repos/{owner}/{name}/issues/{number}/labels", remove_all_labels),
    ("DELETE", "/repos/{owner}/{name}/issues/{number}/labels/{label}", remove_label),
    ("POST", "/repos/{owner}/{name}/issues/{number}/assignees", add_assignees),
    ("DELETE", "/repos/{owner}/{name}/issues/{number}/assignees", remove_assignees),
    ("GET", "/repos/{owner}/{name}/issues/{number}/comments", list_comments),
    ("POST", "/repos/{owner}/{name}/issues/{number}/comments", create_comment),
)
