"""Replies as bytes, and those that GitHub gives when it does not serve a request."""

from dataclasses import dataclass, field

import msgspec

from tests.github_server.call import Call
from tests.github_server.faults import Fault
from tests.github_server.limits import Bucket, headers
from tests.github_server.problems import Problem, Unauthorized

_JSON = "application/json; charset=utf-8"
_LIMITS = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_BAD_TOKEN = "Invalid username or token. Password authentication is not supported for Git operations.\n"  # noqa: S105
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to"
    " GitHub Support for help, please include the request ID 0000:0000."
)
WENT_WRONG = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub"
    " bug. Please include `0000:0000` when reporting this issue."
)


@dataclass
class Reply:
    """A whole reply."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(status: int, content: object, more: dict[str, str] | None = None) -> Reply:
    return Reply(status, msgspec.json.encode(content), {"content-type": _JSON, **(more or {})})


def rest_problem(problem: Problem) -> Reply:
    """A refusal as REST words it."""
    content: dict[str, object] = {"message": problem.message}
    if problem.errors:
        content["errors"] = list(problem.errors)
    content |= {"documentation_url": problem.documentation, "status": str(problem.status)}
    return json_reply(problem.status, content, problem.headers)


def refusal(call: Call, problem: Problem) -> Reply:
    """A refusal of a whole request, before any of its parts was looked at."""
    if call.operation.kind == "git":
        more = {"www-authenticate": 'Basic realm="GitHub"'} if isinstance(problem, Unauthorized) else {}
        text = _BAD_TOKEN if more else problem.message
        return Reply(problem.status, text.encode(), {"content-type": "text/plain; charset=utf-8", **more})
    if call.operation.kind == "graphql" and not isinstance(problem, Unauthorized):
        return graphql_refusal(call, problem.type, problem.in_graphql)
    return rest_problem(problem)


def graphql_refusal(call: Call, type_: str, message: str) -> Reply:
    """200 with nothing but one error, which GraphQL puts on the first top-level field."""
    fields = call.operation.fields
    error: dict[str, object] = {"type": type_, "message": message}
    if fields:
        error["path"] = list(fields[:1])
    return json_reply(200, {"data": dict.fromkeys(fields) or None, "errors": [error]})


def server_error(call: Call, fault: Fault) -> Reply:
    """5xx, or whatever status the fault names."""
    if call.operation.kind == "graphql":
        return json_reply(fault.status, {"data": None, "errors": [{"message": fault.message or WENT_WRONG}]})
    return json_reply(fault.status, {"message": fault.message or "Server Error"})


def primary_limit(call: Call, bucket: Bucket, status: int = 403) -> Reply:
    """The limit of the hour is used up: REST says 403 or 429, GraphQL 200 with an error."""
    who = f"user ID {call.token.user.number}" if call.token else "127.0.0.1"
    text = f"API rate limit exceeded for {who}."
    resource = "graphql" if call.operation.kind == "graphql" else "core"
    told = headers(bucket, resource)
    if resource == "graphql":
        return json_reply(200, {"errors": [{"type": "RATE_LIMITED", "message": text}]}, told)
    return json_reply(status, {"message": text, "documentation_url": _LIMITS, "status": str(status)}, told)


def secondary_limit(status: int, seconds: float) -> Reply:
    """Too much at once: 403 or 429 (GraphQL the same, or 200), with retry-after or without."""
    status = status if status in (200, 403, 429) else 403
    wait = {"retry-after": str(int(seconds))} if seconds else {}
    if status == 200:
        return json_reply(200, {"errors": [{"type": "RATE_LIMITED", "message": SECONDARY}]}, wait)
    content = {"message": SECONDARY, "documentation_url": f"{_LIMITS}#about-secondary-rate-limits"}
    return json_reply(status, content, wait)
