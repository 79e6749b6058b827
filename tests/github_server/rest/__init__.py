"""REST as the OpenAPI description and github-facts have it: one module a topic, each with its table `ROUTES`."""

from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.github_server.call import Call
from tests.github_server.handling import Handler as OnCall
from tests.github_server.handling import endpoint
from tests.github_server.problems import NotFound, Problem
from tests.github_server.rest import (
    accounts,
    actions,
    branches,
    commits,
    contents,
    contents_writes,
    git_commits,
    git_refs,
    git_trees,
    issues,
    labels,
    merges,
    pulls,
    repositories,
    tarballs,
    threads,
)
from tests.github_server.rest.ask import Ask, Handler
from tests.github_server.state import Host

_TOPICS = (
    accounts, actions, git_refs, git_trees, git_commits, contents, contents_writes, tarballs, pulls, merges,
    threads, issues, labels, branches, commits, repositories,
)  # fmt: skip
VERSIONS = ("2022-11-28", "2026-03-10")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_NAMED = "/repos/{owner}/{name}"


def table() -> list[tuple[str, str, Handler]]:
    """The routes of all topics: method, path and handler."""
    return [row for topic in _TOPICS for row in topic.ROUTES]


def routes(_: Host) -> list[Route]:
    """All routes; a repository is reached by its name and by its number, where redirects of renamed ones lead."""
    named = table()
    numbered = [
        (method, path.replace(_NAMED, "/repositories/{id:int}"), handler)
        for method, path, handler in named
        if path.startswith(_NAMED)
    ]
    served = [
        Route(path, endpoint(_around(handler)), methods=[method]) for method, path, handler in (*named, *numbered)
    ]
    return [*served, Route("/{path:path}", endpoint(_around(_missing)), methods=METHODS)]


def _missing(_: Ask) -> Response:
    """404 in JSON, also where only the method is wrong."""
    raise NotFound


def _around(handler: Handler) -> OnCall:
    def handle(call: Call, request: Request) -> Response:
        version = request.headers.get("x-github-api-version", VERSIONS[0])
        if version not in VERSIONS:
            raise Problem(f"'{version}' is not a supported API version.", 400)
        response = handler(Ask(call, request))
        response.headers["x-github-api-version-selected"] = version
        response.headers["x-github-media-type"] = "github.v3; format=json"
        return _unless_known(call, request, response)

    return handle


def _unless_known(call: Call, request: Request, response: Response) -> Response:
    """304 for what the client has already; GitHub's ETags differ from token to token (github-facts, section 1)."""
    if request.method != "GET" or response.status_code != 200:
        return response
    seed = (call.token.value if call.token else "").encode()
    tag = f'W/"{sha256(seed + bytes(response.body)).hexdigest()}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    response.headers["etag"] = tag
    response.headers.setdefault("cache-control", "private, max-age=60, s-maxage=60")
    return response
