"""The history of a repository."""

from datetime import datetime
from itertools import islice

from starlette.responses import Response

from tests.github_server.problems import NotFound, Problem
from tests.github_server.rest import diffs, git_views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.pages import paged
from tests.github_server.rest.paths import find_commit
from tests.github_server.rest.views import Shape
from tests.github_server.state import Repository

MOST_COMMITS = 5000
MOST_FILES = 300


def list_commits(ask: Ask) -> Response:
    """From a branch, tag or id (`sha`), of one `path`, `since` a time."""
    repository = ask.repository
    if repository.is_empty:
        raise Problem("Git Repository is empty.", 409)
    start = find_commit(ask, repository, ask.query("sha") or repository.default_branch)
    since = datetime.fromisoformat(ask.query("since")) if ask.query("since") else None
    found = islice(repository.objects.log(str(start.id), path=ask.query("path"), since=since), MOST_COMMITS)
    return paged(ask, list(found), lambda commit: git_views.commit(ask, repository, commit))


def get_commit(ask: Ask) -> Response:
    repository = ask.repository
    commit = find_commit(ask, repository, ask.part("ref"))
    if ask.accepts("sha"):
        return Response(str(commit.id), media_type="application/vnd.github.sha")
    shape = git_views.commit(ask, repository, commit)
    if commit.parents:
        parent = str(commit.parents[0].id)
        shape["files"] = diffs.views(ask, repository, parent, str(commit.id))[:MOST_FILES]
    return answer(shape)


def compare(ask: Ask) -> Response:
    """`base...head`."""
    repository = ask.repository
    base_name, dots, head_name = ask.part("basehead").partition("...")
    if not dots:
        raise NotFound
    base, head = (str(find_commit(ask, repository, name).id) for name in (base_name, head_name))
    objects = repository.objects
    common = objects.merge_base(base, head)
    if common is None:
        raise NotFound(message=f"No common ancestor between {base_name} and {head_name}.")
    ahead, behind = objects.ahead(head, base), objects.ahead(base, head)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    commits = [commit for commit in map(objects.commit, ahead) if commit is not None]
    return answer(
        {
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "base_commit": _view(ask, repository, base),
            "merge_base_commit": _view(ask, repository, common),
            "commits": [git_views.commit(ask, repository, commit) for commit in commits],
            "files": diffs.views(ask, repository, common, head)[:MOST_FILES],
            **_addresses(ask, repository, f"{base_name}...{head_name}"),
        }
    )


def _view(ask: Ask, repository: Repository, oid: str) -> Shape:
    commit = repository.objects.commit(oid)
    assert commit is not None
    return git_views.commit(ask, repository, commit)


def _addresses(ask: Ask, repository: Repository, basehead: str) -> Shape:
    page = ask.links.web(repository, "compare", basehead)
    return {
        "url": ask.links.repo(repository, "compare", basehead),
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
    }


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}/commits", list_commits),
    ("GET", "/repos/{owner}/{name}/commits/{ref:path}", get_commit),
    ("GET", "/repos/{owner}/{name}/compare/{basehead:path}", compare),
)
