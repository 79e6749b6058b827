"""Refs of the Git Data API: create, move, delete, list (github-facts, section 2)."""

import re

from starlette.responses import Response

from tests.github_server import refs
from tests.github_server.problems import NotFound, Unprocessable
from tests.github_server.rest import git_views
from tests.github_server.rest.ask import Ask, Routes, answer, nothing
from tests.github_server.rest.git_trees import not_empty
from tests.github_server.rest.pages import paged

# What git-check-ref-format(1) forbids.
_MALFORMED = re.compile(r"[\x00-\x20~^:?*\[\\\x7f]|\.\.|@\{|//|/\.|\.lock(/|$)|\.$|/$")


def create_ref(ask: Ask) -> Response:
    repository = not_empty(ask.writable("contents"))
    name, oid = ask.fields.text("ref"), ask.fields.text("sha")
    _check_name(name)
    try:
        refs.change(repository, refs.RefChange(name, oid, old=None))
    except refs.RefMoved:
        raise Unprocessable("Reference already exists") from None
    headers = {"location": ask.links.repo(repository, "git", name)}
    return answer(git_views.ref(ask, repository, name, oid), 201, headers)


def _check_name(name: str) -> None:
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Unprocessable("Reference name must start with 'refs/' and contain at least two slashes.")
    if _MALFORMED.search(name) or name.startswith("refs/heads/refs/"):
        raise Unprocessable(f"{name} is not a valid ref name.")


def update_ref(ask: Ask) -> Response:
    """A fast forward from wherever the ref is; there is no way to say from where."""
    repository = not_empty(ask.writable("contents"))
    name, oid = f"refs/{ask.part('ref')}", ask.fields.text("sha")
    force = ask.fields.flag("force")
    with repository.lock:
        if repository.objects.ref(name) is None:
            raise Unprocessable("Reference does not exist")
        refs.change(repository, refs.RefChange(name, oid, force=force))
    return answer(git_views.ref(ask, repository, name, oid))


def delete_ref(ask: Ask) -> Response:
    repository = not_empty(ask.writable("contents"))
    name = f"refs/{ask.part('ref')}"
    with repository.lock:
        if repository.objects.ref(name) is None:
            raise Unprocessable("Reference does not exist")
        refs.change(repository, refs.RefChange(name, None))
    return nothing()


def get_ref(ask: Ask) -> Response:
    repository = not_empty(ask.repository)
    name = f"refs/{ask.part('ref')}"
    oid = ask.call.read_ref(repository, name)
    if oid is None:
        raise NotFound
    return answer(git_views.ref(ask, repository, name, oid))


def matching_refs(ask: Ask) -> Response:
    """All refs, of any namespace, whose name begins so."""
    repository = not_empty(ask.repository)
    names = repository.objects.refs(f"refs/{ask.request.path_params.get('ref', '')}")
    found = [(name, oid) for name in names if (oid := ask.call.read_ref(repository, name)) is not None]
    return paged(ask, found, lambda item: git_views.ref(ask, repository, *item))


ROUTES: Routes = (
    ("POST", "/repos/{owner}/{name}/git/refs", create_ref),
    ("GET", "/repos/{owner}/{name}/git/refs", matching_refs),
    ("PATCH", "/repos/{owner}/{name}/git/refs/{ref:path}", update_ref),
    ("DELETE", "/repos/{owner}/{name}/git/refs/{ref:path}", delete_ref),
    ("GET", "/repos/{owner}/{name}/git/ref/{ref:path}", get_ref),
    ("GET", "/repos/{owner}/{name}/git/matching-refs/{ref:path}", matching_refs),
)
