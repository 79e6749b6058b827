"""Pull requests: list, get, open, change; what they are made of."""

from starlette.responses import Response

from tests.github_server import pulls
from tests.github_server.problems import NotFound, Unprocessable
from tests.github_server.rest import diffs, git_views, pull_views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.pages import paged
from tests.github_server.state import Repository
from tests.github_server.threads import PullRequest


def pull_of(ask: Ask) -> PullRequest:
    """The pull request that the path names. NotFound: there is none."""
    return ask.repository.pull(ask.number())


def list_pulls(ask: Ask) -> Response:
    """Filtered by state, head ("owner:branch", ignored without the owner, as on GitHub) and base."""
    state, base = ask.query("state", "open"), ask.query("base")
    found = [
        pull
        for pull in ask.repository.pulls
        if state == "all" or pull.open == (state == "open")
        if not base or pull.base == base
        if _has_head(ask.repository, pull, ask.query("head"))
    ]
    newest_first = ask.query("direction", "desc" if ask.query("sort", "created") == "created" else "asc") == "desc"
    found.sort(key=lambda pull: pull.updated_at if ask.query("sort") == "updated" else pull.created_at)
    return paged(ask, found[::-1] if newest_first else found, lambda pull: pull_views.short(ask, pull))


def _has_head(repository: Repository, pull: PullRequest, head: str) -> bool:
    owner, colon, branch = head.partition(":")
    if not colon:
        return True
    home = pull.head_repository or repository
    return home.owner.login.lower() == owner.lower() and pull.head == branch


def get_pull(ask: Ask) -> Response:
    """In JSON, or as a diff when the Accept header asks for one."""
    pull = pull_of(ask)
    if ask.accepts("diff"):
        patch = diffs.patch(pull.repository.objects, _merge_base(pull), pull.head_oid)
        return Response(patch, media_type="application/vnd.github.v3.diff; charset=utf-8")
    return answer(pull_views.whole(ask, pull))


def _merge_base(pull: PullRequest) -> str:
    base = pull.repository.objects.merge_base(pull.base_oid, pull.head_oid)
    if base is None:
        raise NotFound
    return base


def create_pull(ask: Ask) -> Response:
    repository = ask.writable("pull_requests")
    fields = ask.fields
    pull = pulls.create(
        repository,
        ask.user,
        title=fields.text("title"),
        body=fields.optional_text("body") or "",
        base=fields.text("base"),
        head=fields.text("head"),
        draft=fields.flag("draft"),
    )
    headers = {"location": ask.links.repo(repository, "pulls", pull.number)}
    return answer(pull_views.whole(ask, pull), 201, headers)


def update_pull(ask: Ask) -> Response:
    ask.writable("pull_requests")
    pull, fields = pull_of(ask), ask.fields
    state = fields.optional_text("state")
    if state not in (None, "open", "closed"):
        words = f"state should be open or closed, not {state}"
        raise Unprocessable(words, resource="PullRequest", field="state", code="invalid")
    texts = {name: fields.optional_text(name) for name in ("title", "body", "base")}
    pulls.update(pull, **texts)
    if state == "closed":
        pulls.close(pull)
    elif state == "open":
        pulls.reopen(pull)
    return answer(pull_views.whole(ask, pull))


def list_files(ask: Ask) -> Response:
    pull = pull_of(ask)
    files = diffs.views(ask, pull.repository, _merge_base(pull), pull.head_oid)
    return paged(ask, files, lambda file: file)


def list_commits(ask: Ask) -> Response:
    pull = pull_of(ask)
    objects = pull.repository.objects
    found = [objects.commit(oid) for oid in objects.ahead(pull.head_oid, pull.base_oid)]
    present = [commit for commit in found if commit is not None]
    return paged(ask, present, lambda commit: git_views.commit(ask, pull.repository, commit))


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}/pulls", list_pulls),
    ("POST", "/repos/{owner}/{name}/pulls", create_pull),
    ("GET", "/repos/{owner}/{name}/pulls/{number}", get_pull),
    ("PATCH", "/repos/{owner}/{name}/pulls/{number}", update_pull),
    ("GET", "/repos/{owner}/{name}/pulls/{number}/files", list_files),
    ("GET", "/repos/{owner}/{name}/pulls/{number}/commits", list_commits),
)
