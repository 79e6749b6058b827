"""Rate limits: points a token has used in its hour, and the headers that tell them.

github-facts, section 5: 5,000 an hour for a person, 1,000 for the token of a workflow; REST ("core") and GraphQL
have buckets of their own.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass

from tests.github_server.clock import Clock
from tests.github_server.pacing import Pacing
from tests.github_server.people import Token

_HOUR = 3600


@dataclass
class Bucket:
    """What is used of a limit, and until when it counts (seconds since the epoch)."""

    limit: int
    reset: int
    used: int = 0
    seconds: int = _HOUR

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class RateLimits:
    """The buckets of all tokens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self.pacing = Pacing(clock)
        self._limits: dict[str, int] = defaultdict(lambda: 5000, {"actions": 1000, "": 60})

    def bucket(self, token: Token | None, resource: str) -> Bucket:
        """The bucket as it is now; a new one, of the same size, once its hour (or what it was set to) is over."""
        now = int(self._clock.now().timestamp())
        key = (token.value if token else "", resource)
        with self._lock:
            found = self._buckets.get(key)
            if found is None or found.reset <= now:
                limit = found.limit if found else self._limits[token.kind if token else ""]
                seconds = found.seconds if found else _HOUR
                found = self._buckets[key] = Bucket(limit, now + seconds, seconds=seconds)
            return found

    def use(self, token: Token | None, resource: str, points: int = 1) -> bool:
        """Take points; False when there are none left, and nothing is taken."""
        bucket = self.bucket(token, resource)
        with self._lock:
            if bucket.remaining < points:
                return False
            bucket.used += points
            return True

    def set(self, token: Token, resource: str, *, limit: int, used: int, seconds: int = _HOUR) -> None:
        """Set a bucket as a test wants it."""
        reset = int(self._clock.now().timestamp()) + seconds
        with self._lock:
            self._buckets[token.value, resource] = Bucket(limit, reset, used, seconds)


def headers(bucket: Bucket, resource: str) -> dict[str, str]:
    """The headers that stand in every reply."""
    return {
        "x-ratelimit-limit": str(bucket.limit),
        "x-ratelimit-remaining": str(bucket.remaining),
        "x-ratelimit-used": str(bucket.used),
        "x-ratelimit-reset": str(bucket.reset),
        "x-ratelimit-resource": resource,
    }
