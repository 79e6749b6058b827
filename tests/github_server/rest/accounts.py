"""Who asks, other users, and the rate limit."""

from starlette.responses import Response

from tests.github_server.limits import Bucket
from tests.github_server.people import ACTIONS_LOGIN
from tests.github_server.problems import Forbidden, NotFound
from tests.github_server.rest import addresses, views
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.rest.views import Shape


def get_root(ask: Ask) -> Response:
    """gh looks for the scopes of its token here, which every reply has."""
    return answer(addresses.of_host(ask.links.root))


def get_me(ask: Ask) -> Response:
    """The token of a workflow belongs to no user."""
    if ask.user.login == ACTIONS_LOGIN:
        raise Forbidden
    return answer(views.whole_user(ask, ask.user))


def get_user(ask: Ask) -> Response:
    found = ask.host.users.get(ask.part("login").lower())
    if found is None:
        raise NotFound
    return answer(views.whole_user(ask, found))


def get_rate_limit(ask: Ask) -> Response:
    """Free of the limit that it shows; `rate` is left out by API version 2026-03-10."""
    buckets = {name: _shown(ask.host.limits.bucket(ask.call.token, name)) for name in ("core", "graphql", "search")}
    content: dict[str, object] = {"resources": buckets}
    if ask.request.headers.get("x-github-api-version") != "2026-03-10":
        content["rate"] = buckets["core"]
    return answer(content)


def _shown(bucket: Bucket) -> Shape:
    return {"limit": bucket.limit, "used": bucket.used, "remaining": bucket.remaining, "reset": bucket.reset}


def get_meta(_: Ask) -> Response:
    """The version of an Enterprise server, by which gh decides what it may ask for."""
    return answer({"verifiable_password_authentication": False, "installed_version": "3.20.0"})


ROUTES: Routes = (
    ("GET", "/", get_root),
    ("GET", "/meta", get_meta),
    ("GET", "/user", get_me),
    ("GET", "/users/{login}", get_user),
    ("GET", "/rate_limit", get_rate_limit),
)
