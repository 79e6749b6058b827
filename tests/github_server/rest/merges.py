"""Merging pull requests, and who is asked to review them."""

from starlette.responses import Response

from tests.github_server import merging, pulls
from tests.github_server.people import User
from tests.github_server.problems import NotFound, Unprocessable
from tests.github_server.rest import pull_views, views
from tests.github_server.rest.ask import Ask, Routes, answer, nothing
from tests.github_server.rest.pulls import pull_of

_METHODS: dict[str, merging.Method] = {"merge": "MERGE", "squash": "SQUASH", "rebase": "REBASE"}


def merge_pull(ask: Ask) -> Response:
    """405: it cannot be merged; 409: its head is not `sha`."""
    ask.writable("contents")
    fields = ask.fields
    method = _METHODS.get(fields.optional_text("merge_method") or "merge")
    if method is None:
        raise Unprocessable("Invalid merge method")
    oid = merging.merge(
        pull_of(ask),
        ask.user,
        method=method,
        expected=fields.optional_text("sha"),
        title=fields.optional_text("commit_title") or "",
        message=fields.optional_text("commit_message") or "",
    )
    return answer({"sha": oid, "merged": True, "message": "Pull Request successfully merged"})


def is_merged(ask: Ask) -> Response:
    if pull_of(ask).merged_at is None:
        raise NotFound
    return nothing()


def list_reviewers(ask: Ask) -> Response:
    return answer({"users": [views.user(ask, each) for each in pull_of(ask).reviewers], "teams": []})


def request_reviewers(ask: Ask) -> Response:
    ask.writable("pull_requests")
    pull = pull_of(ask)
    pulls.request_reviews(pull, _people(ask))
    return answer(pull_views.short(ask, pull), 201)


def remove_reviewers(ask: Ask) -> Response:
    ask.writable("pull_requests")
    pull = pull_of(ask)
    gone = _people(ask)
    with pull.repository.lock:
        pull.reviewers = [each for each in pull.reviewers if each not in gone]
    return answer(pull_views.short(ask, pull))


def _people(ask: Ask) -> list[User]:
    return [ask.host.user(login) for login in ask.fields.texts("reviewers")]


def list_reviews(ask: Ask) -> Response:
    """Nobody reviews on this host."""
    pull_of(ask)
    return answer([])


ROUTES: Routes = (
    ("PUT", "/repos/{owner}/{name}/pulls/{number}/merge", merge_pull),
    ("GET", "/repos/{owner}/{name}/pulls/{number}/merge", is_merged),
    ("GET", "/repos/{owner}/{name}/pulls/{number}/requested_reviewers", list_reviewers),
    ("POST", "/repos/{owner}/{name}/pulls/{number}/requested_reviewers", request_reviewers),
    ("DELETE", "/repos/{owner}/{name}/pulls/{number}/requested_reviewers", remove_reviewers),
    ("GET", "/repos/{owner}/{name}/pulls/{number}/reviews", list_reviews),
)
