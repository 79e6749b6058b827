"""Writing one file: a commit on a branch, guarded by the blob's id and the branch's head (github-facts, section 1).

The head is compared at the end, not locked at the beginning, as on GitHub: of two writers at once one gets 409,
even when they write different files.
"""

import pygit2
from starlette.responses import Response

from tests.github_server import refs
from tests.github_server.authoring import signed_commit
from tests.github_server.problems import NotFound, Problem, RuleViolation, Unprocessable
from tests.github_server.rest import contents, git_views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.git_commits import signature
from tests.github_server.rest.paths import check_path
from tests.github_server.state import Repository


def put_contents(ask: Ask) -> Response:
    repository, path = ask.writable("contents"), ask.part("path")
    check_path(path)
    message, data = ask.fields.text("message"), ask.fields.base64("content")
    branch, head = _branch(ask, repository)
    before = _blob(repository, head, path)
    if before is not None:
        _check_sha(ask, path, str(before.id))
    elif ask.fields.given("sha"):  # what GitHub says here is not known (github-facts, section 10)
        raise Problem(f"{path} does not match {ask.fields.text('sha')}", 409)
    commit = _commit(ask, repository, branch, head, {path: data}, message)
    after = _blob(repository, commit, path)
    assert after is not None
    shape = {
        "content": contents.entry(ask, repository, after, path),
        "commit": git_views.git_commit(ask, repository, commit),
    }
    return answer(shape, 201 if before is None else 200)


def delete_contents(ask: Ask) -> Response:
    repository, path = ask.writable("contents"), ask.part("path")
    message, sha = ask.fields.text("message"), ask.fields.text("sha")
    branch, head = _branch(ask, repository)
    before = _blob(repository, head, path)
    if before is None:
        raise NotFound
    if str(before.id) != sha:
        raise Problem(f"{path} does not match {sha}", 409)
    commit = _commit(ask, repository, branch, head, {path: None}, message)
    return answer({"content": None, "commit": git_views.git_commit(ask, repository, commit)})


def _branch(ask: Ask, repository: Repository) -> tuple[str, pygit2.Commit | None]:
    """The branch that the body names (`?ref=` is ignored) and its head; none in an empty repository."""
    branch = ask.fields.optional_text("branch") or repository.default_branch
    branch = branch.removeprefix("refs/heads/")
    oid = ask.call.read_ref(repository, f"refs/heads/{branch}")
    if oid is not None:
        return branch, repository.objects.commit(oid)
    if repository.is_empty:
        return branch, None
    raise NotFound(message=f"Branch {branch} not found")


def _blob(repository: Repository, head: pygit2.Commit | None, path: str) -> pygit2.Blob | None:
    found = repository.objects.entry(head.tree, path) if head else None
    return found if isinstance(found, pygit2.Blob) else None


def _check_sha(ask: Ask, path: str, present: str) -> None:
    if not ask.fields.given("sha"):
        raise Unprocessable('Invalid request.\n\n"sha" wasn\'t supplied.')
    if ask.fields.text("sha") != present:
        raise Problem(f"{path} does not match {ask.fields.text('sha')}", 409)


def _commit(
    ask: Ask,
    repository: Repository,
    branch: str,
    head: pygit2.Commit | None,
    files: dict[str, bytes | None],
    message: str,
) -> pygit2.Commit:
    objects = repository.objects
    tree = objects.with_files(str(head.tree.id) if head else None, files)
    parents = [str(head.id)] if head else []
    oid = _signed_or_named(ask, repository, tree, parents, message)
    try:
        refs.change(repository, refs.RefChange(f"refs/heads/{branch}", oid, old=parents[0] if parents else None))
    except refs.RefMoved as moved:
        raise refs.compared(moved) from None
    except RuleViolation as violation:
        violation.status = 409
        raise
    commit = objects.commit(oid)
    assert commit is not None
    return commit


def _signed_or_named(ask: Ask, repository: Repository, tree: str, parents: list[str], message: str) -> str:
    """GitHub signs the commit unless the request names somebody else as its author or committer."""
    author, committer = ask.fields.inner("author"), ask.fields.inner("committer")
    if author is None and committer is None:
        return signed_commit(repository, tree, parents, message, ask.user)
    now = ask.host.clock.now()
    return repository.objects.add_commit(
        tree,
        parents,
        message,
        author=signature(author or committer, ask.user, now),
        committer=signature(committer or author, ask.user, now),
    )


ROUTES: Routes = (
    ("PUT", "/repos/{owner}/{name}/contents/{path:path}", put_contents),
    ("DELETE", "/repos/{owner}/{name}/contents/{path:path}", delete_contents),
)
