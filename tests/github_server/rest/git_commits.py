"""Commits of the Git Data API: made one by one, unsigned, with any parents or none."""

from datetime import UTC, datetime

from starlette.responses import Response

from tests.github_server.objects import Signature
from tests.github_server.people import User
from tests.github_server.problems import NotFound, Unprocessable
from tests.github_server.rest import git_views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.fields import Fields
from tests.github_server.rest.git_trees import not_empty
from tests.github_server.rest.paths import check_sha


def create_commit(ask: Ask) -> Response:
    repository = not_empty(ask.writable("contents"))
    objects, fields = repository.objects, ask.fields
    message, tree, parents = fields.text("message"), fields.text("tree"), fields.texts("parents")
    found = objects.get(tree)
    if found is None or git_views.kind(found) != "tree":
        raise Unprocessable("Tree SHA does not exist")
    if any(objects.commit(parent) is None for parent in parents):
        raise Unprocessable("Parent SHA does not exist or is not a commit object")
    author = signature(fields.inner("author"), ask.user, ask.host.clock.now())
    committer = signature(fields.inner("committer") or fields.inner("author"), ask.user, ask.host.clock.now())
    oid = objects.add_commit(tree, parents, message, author=author, committer=committer)
    commit = objects.commit(oid)
    assert commit is not None
    return answer(git_views.git_commit(ask, repository, commit), 201)


def signature(given: Fields | None, user: User, now: datetime) -> Signature:
    """Who a request names as author or committer; the asker, now, where it says nothing."""
    if given is None:
        return Signature(user.name or user.login, user.email, now)
    date = given.optional_text("date")
    at = datetime.fromisoformat(date).astimezone(UTC) if date else now
    return Signature(given.text("name"), given.text("email"), at)


def get_commit(ask: Ask) -> Response:
    repository = not_empty(ask.repository)
    commit = repository.objects.commit(check_sha(ask.part("sha")))
    if commit is None:
        raise NotFound
    return answer(git_views.git_commit(ask, repository, commit))


ROUTES: Routes = (
    ("POST", "/repos/{owner}/{name}/git/commits", create_commit),
    ("GET", "/repos/{owner}/{name}/git/commits/{sha}", get_commit),
)
