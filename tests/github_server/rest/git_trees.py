"""Blobs and trees of the Git Data API (github-facts, section 2)."""

from collections.abc import Iterator

import pygit2
from pygit2.enums import FileMode
from starlette.responses import Response

from tests.github_server.problems import NotFound, Problem, Unprocessable
from tests.github_server.rest import git_views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.fields import Fields
from tests.github_server.rest.paths import check_path, check_sha
from tests.github_server.rest.views import Shape
from tests.github_server.state import Repository
from tests.github_server.trees import Change

MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}
MOST_ENTRIES = 100_000


def not_empty(repository: Repository) -> Repository:
    """The repository, if it has a commit: the Git Data API does not serve an empty one."""
    if repository.is_empty:
        raise Problem("Git Repository is empty.", 409)
    return repository


def create_blob(ask: Ask) -> Response:
    repository = not_empty(ask.writable("contents"))
    encoding = ask.fields.optional_text("encoding") or "utf-8"
    text = ask.fields.text("content")
    data = ask.fields.base64("content") if encoding == "base64" else text.encode()
    oid = repository.objects.add_blob(data)
    return answer({"sha": oid, "url": ask.links.repo(repository, "git", "blobs", oid)}, 201)


def get_blob(ask: Ask) -> Response:
    repository, oid = not_empty(ask.repository), check_sha(ask.part("sha"))
    blob = repository.objects.get(oid)
    if not isinstance(blob, pygit2.Blob):
        raise NotFound
    if ask.accepts("raw"):
        return Response(blob.data, media_type="application/vnd.github.raw; charset=utf-8")
    return answer(
        {
            "sha": oid,
            "node_id": f"B_{oid}",
            "size": blob.size,
            "url": ask.links.repo(repository, "git", "blobs", oid),
            "content": git_views.in_base64(blob.data),
            "encoding": "base64",
        }
    )


def create_tree(ask: Ask) -> Response:
    repository = not_empty(ask.writable("contents"))
    base = ask.fields.optional_text("base_tree")
    base_tree = _tree(repository, base, Unprocessable("base_tree is not a valid tree oid")) if base else None
    changes = {entry.text("path"): _change(repository, entry) for entry in ask.fields.objects("tree")}
    try:
        oid = repository.objects.add_tree(str(base_tree.id) if base_tree else None, changes)
    except KeyError:  # a path that is to be deleted is not there
        raise Unprocessable("GitRPC::BadObjectState") from None
    return answer(_view(ask, repository, oid, recursive=False), 201)


def _change(repository: Repository, entry: Fields) -> Change | None:
    check_path(entry.text("path"), "tree.path")
    mode = entry.optional_text("mode") or "100644"
    if mode not in MODES:
        raise Unprocessable("Must supply a valid tree.mode")
    if entry.given("content"):
        return Change(repository.objects.add_blob(entry.text("content").encode()), int(mode, 8))
    if "sha" not in entry:
        raise Unprocessable("Must supply either tree.sha or tree.content")
    oid = entry.optional_text("sha")
    if oid is None:
        return None
    found = repository.objects.get(oid)
    if found is None and mode != "160000":
        raise Unprocessable(f"tree.sha {oid} is not a valid {MODES[mode]}")
    return Change(oid, int(mode, 8))


def get_tree(ask: Ask) -> Response:
    repository = not_empty(ask.repository)
    tree = _tree(repository, _revision(ask, repository), NotFound())
    return answer(_view(ask, repository, str(tree.id), recursive=bool(ask.query("recursive"))))


def _revision(ask: Ask, repository: Repository) -> str:
    """An id, a branch or `<branch>:<path>`; a branch is read through the call, as faults may make it lag."""
    name, colon, path = ask.part("tree").partition(":")
    oid = ask.call.read_ref(repository, f"refs/heads/{name}")
    return f"{oid or name}{colon}{path}"


def _tree(repository: Repository, revision: str, otherwise: Problem) -> pygit2.Tree:
    found = repository.objects.parse(revision)
    if isinstance(found, pygit2.Tag | pygit2.Commit):
        return found.peel(pygit2.Tree)
    if not isinstance(found, pygit2.Tree):
        raise otherwise
    return found


def _view(ask: Ask, repository: Repository, oid: str, *, recursive: bool) -> Shape:
    root = repository.objects.get(oid)
    assert isinstance(root, pygit2.Tree)
    entries = [_entry(ask, repository, *each) for each in _walk(root, "", recursive=recursive)]
    return {
        "sha": oid,
        "url": ask.links.repo(repository, "git", "trees", oid),
        "tree": entries[:MOST_ENTRIES],
        "truncated": len(entries) > MOST_ENTRIES,
    }


def _walk(tree: pygit2.Tree, prefix: str, *, recursive: bool) -> Iterator[tuple[str, pygit2.Object]]:
    for entry in tree:
        path = f"{prefix}{entry.name}"
        yield path, entry
        if recursive and isinstance(entry, pygit2.Tree):
            yield from _walk(entry, f"{path}/", recursive=True)


def _entry(ask: Ask, repository: Repository, path: str, entry: pygit2.Object) -> Shape:
    mode = f"{FileMode(entry.filemode):06o}"
    oid, type_ = str(entry.id), MODES[mode]
    shape: Shape = {"path": path, "mode": mode, "type": type_, "sha": oid}
    if isinstance(entry, pygit2.Blob):
        shape["size"] = entry.size
    if type_ != "commit":
        shape["url"] = ask.links.repo(repository, "git", f"{type_}s", oid)
    return shape


ROUTES: Routes = (
    ("POST", "/repos/{owner}/{name}/git/blobs", create_blob),
    ("GET", "/repos/{owner}/{name}/git/blobs/{sha}", get_blob),
    ("POST", "/repos/{owner}/{name}/git/trees", create_tree),
    ("GET", "/repos/{owner}/{name}/git/trees/{tree:path}", get_tree),
)
