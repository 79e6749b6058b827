"""A clock that stands still until somebody sleeps."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)


class FakeClock:
    """A `Clock` whose time passes in `sleep` and `advance` alone."""

    def __init__(self, start: datetime = NOON) -> None:
        self.start = start
        self.elapsed = 0.0
        self.shift = timedelta()
        self._while_asleep: deque[Callable[[], object]] = deque()

    def now(self) -> datetime:
        """The time of day, to the whole second, as the machine's clock has it."""
        return (self.start + self.shift + timedelta(seconds=self.elapsed)).replace(microsecond=0)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        if self._while_asleep:
            self._while_asleep.popleft()()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if seconds < 0:
            raise ValueError(f"time does not run backwards: {seconds}")
        self.elapsed += seconds

    def set_now(self, when: datetime) -> None:
        """Somebody sets the time of day, backwards too; `monotonic` goes on as before."""
        self.shift = when - self.start - timedelta(seconds=self.elapsed)

    def while_asleep(self, *actions: Callable[[], object]) -> None:
        """Run each of these once: the first during the next sleep, and so on."""
        self._while_asleep.extend(actions)
