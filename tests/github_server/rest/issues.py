"""Issues themselves: list (pull requests are among them), get, open, change."""

from starlette.responses import Response

from tests.github_server import issues, pulls
from tests.github_server.rest import views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.pages import paged
from tests.github_server.rest.threads import labels_of, thread_of
from tests.github_server.threads import Issue, PullRequest


def list_issues(ask: Ask) -> Response:
    """Filtered by state and labels (all of them, by comma)."""
    state = ask.query("state", "open")
    wanted = {name.lower() for name in ask.query("labels").split(",") if name}
    found = [
        thread
        for thread in ask.repository.threads.values()
        if state == "all" or thread.open == (state == "open")
        if wanted <= {label.name.lower() for label in thread.labels}
    ]
    return paged(ask, found[::-1], lambda thread: views.issue(ask, thread))


def get_issue(ask: Ask) -> Response:
    return answer(views.issue(ask, thread_of(ask)))


def create_issue(ask: Ask) -> Response:
    repository = ask.writable("issues")
    issue = issues.create_issue(
        repository, ask.user, ask.fields.text("title"), ask.fields.optional_text("body") or ""
    )
    issues.add_labels(issue, labels_of(repository, ask.fields.texts("labels")))
    issues.add_assignees(issue, [ask.host.user(login) for login in ask.fields.texts("assignees")])
    return answer(views.issue(ask, issue), 201)


def update_issue(ask: Ask) -> Response:
    thread, fields = thread_of(ask, writing=True), ask.fields
    title, body = fields.optional_text("title"), fields.optional_text("body")
    issues.check_text("Issue", title=title, body=body)
    thread.title = thread.title if title is None else title
    thread.body = thread.body if body is None else body
    _set_state(thread, fields.optional_text("state"))
    if "labels" in fields:
        thread.labels = labels_of(thread.repository, fields.texts("labels"))
    if "assignees" in fields:
        issues.remove_assignees(thread, thread.assignees)
        issues.add_assignees(thread, [ask.host.user(login) for login in fields.texts("assignees")])
    issues.touch(thread)
    return answer(views.issue(ask, thread))


def _set_state(thread: Issue, state: str | None) -> None:
    if state is None:
        return
    if isinstance(thread, PullRequest):
        (pulls.reopen if state == "open" else pulls.close)(thread)
    else:
        thread.open = state == "open"
        thread.closed_at = None if thread.open else thread.repository.host.clock.now()


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}/issues", list_issues),
    ("POST", "/repos/{owner}/{name}/issues", create_issue),
    ("GET", "/repos/{owner}/{name}/issues/{number}", get_issue),
    ("PATCH", "/repos/{owner}/{name}/issues/{number}", update_issue),
)
