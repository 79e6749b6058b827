"""Reading files and folders by path (github-facts, section 1)."""

from urllib.parse import quote

import pygit2
from pygit2.enums import FileMode
from starlette.responses import Response

from tests.github_server.problems import NotFound, Problem
from tests.github_server.rest import git_views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.paths import find_commit
from tests.github_server.rest.views import Shape
from tests.github_server.state import Repository

WITH_CONTENT = 1_000_000  # bytes; up to here JSON carries the content
SERVED = 100_000_000
MOST_ENTRIES = 1000


def get_contents(ask: Ask) -> Response:
    repository, path = ask.repository, str(ask.request.path_params.get("path", ""))
    if repository.is_empty:
        raise NotFound(message="This repository is empty.")
    ref = ask.query("ref") or repository.default_branch
    found = repository.objects.entry(find_commit(ask, repository, ref).tree, path)
    if found is None or path.endswith("/"):
        raise NotFound
    if isinstance(found, pygit2.Tree):
        return _folder(ask, repository, found, path)
    if not isinstance(found, pygit2.Blob):
        raise NotFound
    return _file(ask, repository, found, path)


def _file(ask: Ask, repository: Repository, blob: pygit2.Blob, path: str) -> Response:
    if blob.size > SERVED:
        words = "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API."
        raise Problem(words, 403, errors=({"resource": "Blob", "field": "data", "code": "too_large"},))
    if ask.accepts("raw"):
        return Response(blob.data, media_type="application/vnd.github.raw; charset=utf-8")
    carried = blob.size <= WITH_CONTENT
    return answer(
        entry(ask, repository, blob, path)
        | {
            "content": git_views.in_base64(blob.data) if carried else "",
            "encoding": "base64" if carried else "none",
        }
    )


def _folder(ask: Ask, repository: Repository, tree: pygit2.Tree, path: str) -> Response:
    prefix = f"{path}/" if path else ""
    entries = [entry(ask, repository, each, f"{prefix}{each.name}") for each in tree][:MOST_ENTRIES]
    if ask.accepts("object"):
        return answer(entry(ask, repository, tree, path) | {"entries": entries})
    return answer(entries)


def entry(ask: Ask, repository: Repository, found: pygit2.Object, path: str) -> Shape:
    """A file or a folder without its content."""
    oid = str(found.id)
    type_ = "dir" if isinstance(found, pygit2.Tree) else _type(found)
    kind = "tree" if type_ == "dir" else "blob"
    branch = repository.default_branch
    web = {part: ask.links.web(repository, part, branch, quote(path)) for part in (kind, "raw")}
    url = ask.links.repo(repository, "contents", quote(path))
    git_url = ask.links.repo(repository, "git", f"{kind}s", oid)
    return {
        "type": type_,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": oid,
        "size": found.size if isinstance(found, pygit2.Blob) else 0,
        "url": url,
        "git_url": git_url,
        "html_url": web[kind],
        "download_url": None if kind == "tree" else web["raw"],
        "_links": {"self": url, "git": git_url, "html": web[kind]},
    }


def _type(found: pygit2.Object) -> str:
    names = {FileMode.LINK: "symlink", FileMode.COMMIT: "submodule"}
    return names.get(FileMode(found.filemode), "file") if found.filemode is not None else "file"


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}/contents", get_contents),
    ("GET", "/repos/{owner}/{name}/contents/{path:path}", get_contents),
)
