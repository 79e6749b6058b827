"""Handlers: plain functions in threads of their own, whose refusals become replies in one place."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tests.github_server.call import Call, call_of
from tests.github_server.problems import Problem
from tests.github_server.replies import refusal

Handler = Callable[[Call, Request], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(handler: Handler) -> Endpoint:
    """An endpoint of Starlette from a handler that may block and may raise a Problem.

    The body of the request is `call.body`; parts of the path are in `request.path_params`.
    """

    async def handle(request: Request) -> Response:
        call = call_of(request)
        try:
            return await run_in_threadpool(handler, call, request)
        except Problem as problem:
            reply = refusal(call, problem)
            return Response(reply.body, reply.status, reply.headers)

    return handle
