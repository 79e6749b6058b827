"""Secondary limits: so many points in a short time; and who came back before the time that it was told.

github-facts, section 5: 900 points a minute for REST and 2,000 for GraphQL, of which a read takes one and a write
five; the reply tells by `retry-after` when to come again. Tests scale it down.
"""

import math
import threading
from dataclasses import dataclass

from tests.github_server.clock import Clock

_READS = ("GET ", "HEAD ", "graphql query")


@dataclass
class Pace:
    """So many points in each window of so many seconds."""

    points: int
    seconds: float
    status: int
    begun: float = 0.0
    used: int = 0

    def wait(self, points: int, now: float) -> int | None:
        """Take points; the seconds after which there are some again where there are none left."""
        if now >= self.begun + self.seconds:
            self.begun, self.used = now, 0
        if self.used + points > self.points:
            return max(1, math.ceil(self.begun + self.seconds - now))
        self.used += points
        return None


class Pacing:
    """The paces of all tokens, and what each user was told: the address that a connection comes from."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._paces: dict[str, Pace] = {}
        self._told: dict[str, float] = {}
        self.refused = 0
        self.early = 0

    def set(self, token: str, pace: Pace | None) -> None:
        """Set the pace of a token, and forget what anybody was told."""
        with self._lock:
            self._paces.pop(token, None)
            if pace is not None:
                self._paces[token] = pace
            self._told.clear()
            self.refused = self.early = 0

    def came(self, client: str) -> None:
        """Somebody asks: before the time that it was told?"""
        with self._lock:
            self.early += self._told.pop(client, 0.0) > self._clock.now().timestamp()

    def tell(self, client: str, seconds: float) -> None:
        """Somebody is refused, and told to come again in so many seconds."""
        with self._lock:
            self.refused += 1
            self._told[client] = self._clock.now().timestamp() + seconds

    def wait(self, token: str, label: str) -> tuple[int, int] | None:
        """The status and the `retry-after` of a refusal; None where nothing is refused."""
        with self._lock:
            pace = self._paces.get(token)
            if pace is None:
                return None
            seconds = pace.wait(1 if label.startswith(_READS) else 5, self._clock.now().timestamp())
        return None if seconds is None else (pace.status, seconds)
