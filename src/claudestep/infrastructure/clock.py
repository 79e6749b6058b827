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


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time of day in UTC."""
        return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  this is the Clock

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()  # noqa: TID251  this is the Clock

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: TID251  this is the Clock
