"""Time as a dependency."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a use case needs of time."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC, to the whole second."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


def _seconds() -> float:
    """Seconds that go on while the machine sleeps, where it can tell them: claims end by the time of day."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)  # noqa: TID251  the Clock


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time of day in UTC."""
        return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  this is the Clock

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return _seconds()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: TID251  this is the Clock
