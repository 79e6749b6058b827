"""A transport with a script: it brings prepared replies, one for each request, and keeps the requests."""

from collections import deque
from collections.abc import Mapping

import msgspec

from claudestep.domain.errors import HostError
from claudestep.infrastructure.github.api.protocol import Reply, Request


class ScriptedTransport:
    """A `Transport`; a request for which the script has nothing left fails the test."""

    def __init__(self, *script: Reply | HostError) -> None:
        self.requests: list[Request] = []
        self.timeouts: list[float] = []
        self._script = deque(script)

    def send(self, request: Request, *, timeout: float) -> Reply:
        self.requests.append(request)
        self.timeouts.append(timeout)
        if not self._script:
            raise AssertionError(f"nobody expected {request.what}")
        answer = self._script.popleft()
        if isinstance(answer, HostError):
            raise answer
        return answer

    @property
    def left(self) -> int:
        """How much of the script nobody asked for."""
        return len(self._script)


def reply(status: int, body: object = b"", **headers: str) -> Reply:
    """A reply; a body that is no bytes goes as JSON, and `retry_after` is the header `retry-after`."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, data)


def graphql(data: object, *errors: Mapping[str, object], **headers: str) -> Reply:
    """A GraphQL answer."""
    return reply(200, {"data": data, **({"errors": errors} if errors else {})}, **headers)
