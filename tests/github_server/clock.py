"""Server time: strictly rising, so that any two changes have an order; whole seconds outside, as GitHub has it."""

import threading
import time
from datetime import UTC, datetime, timedelta

_STEP = timedelta(microseconds=1)


class Clock:
    """The time of the server, which a test may move on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = timedelta()
        self._last = datetime.fromtimestamp(0, UTC)

    def now(self) -> datetime:
        """A time later than any that was given out before."""
        with self._lock:
            self._last = max(datetime.fromtimestamp(time.time(), UTC) + self._ahead, self._last + _STEP)
            return self._last

    def advance(self, seconds: float) -> None:
        """Move the time on."""
        with self._lock:
            self._ahead += timedelta(seconds=seconds)


def iso(moment: datetime | None) -> str | None:
    """A time as GitHub writes it."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
