"""GraphQL: GitHub's official schema, executed on the state of the host."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.github_server.call import Call
from tests.github_server.graphql import (  # noqa: F401 - each registers its resolvers
    checks,
    commits,
    git_mutations,
    issue_pages,
    people,
    pull_mutations,
    pull_pages,
    pulls,
    repository,
    root,
    searching,
)
from tests.github_server.graphql.execution import answer
from tests.github_server.graphql.schema import load_schema
from tests.github_server.handling import endpoint
from tests.github_server.state import Host


def routes(_host: Host) -> list[Route]:
    """The one address of GraphQL; the schema is loaded here, before the first request."""
    load_schema()
    return [Route("/graphql", endpoint(_serve), methods=["POST"])]


def _serve(call: Call, _request: Request) -> Response:
    reply = answer(call)
    return Response(reply.body, reply.status, reply.headers)
