"""At most one write a second, as GitHub asks of everybody.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
"""

from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.github.api.protocol import Reply, Request
from claudestep.infrastructure.github.api.transport import Transport


class Pace:
    """A second between two writes, by a clock: on one that stands still it takes no time."""

    def __init__(self, clock: Clock, seconds: float = 1.0) -> None:
        self._clock = clock
        self.seconds = seconds
        self._last = clock.monotonic() - seconds
        self.writes = 0

    def wait(self) -> None:
        """Wait until the next write may be sent."""
        self._clock.sleep(max(0.0, self._last + self.seconds - self._clock.monotonic()))
        self._last = self._clock.monotonic()
        self.writes += 1


class PacedTransport:
    """A transport whose writes keep the pace."""

    def __init__(self, inner: Transport, pace: Pace) -> None:
        self._inner = inner
        self._pace = pace

    def send(self, request: Request, *, timeout: float) -> Reply:
        if is_write(request):
            self._pace.wait()
        return self._inner.send(request, timeout=timeout)


def is_write(request: Request) -> bool:
    """Whether a request changes anything; a GraphQL document that only speaks of mutations counts as one."""
    if request.url.endswith("/graphql"):
        return b"mutation" in request.body
    return request.method != "GET"
