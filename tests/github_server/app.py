"""The application: the tables of routes of all parts, behind the one gate.

A part gives its routes from a function `routes(host)`; it is named in `build` and nowhere else.
"""

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from tests.github_server import control, graphql, rest, smart_http
from tests.github_server.middleware import Gate
from tests.github_server.state import Host


def build(host: Host) -> ASGIApp:
    """The whole server on one state."""
    routes: list[BaseRoute] = [
        *control.routes(host),
        *graphql.routes(host),
        *smart_http.routes(host),
        *rest.routes(host),  # the last: it answers whatever nobody else does
    ]
    return Gate(Starlette(routes=routes), host)
