"""A campaign: many cases of each target, what came of them, and the smallest case that is a bug."""

import logging
import signal
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.target import Target

AT_ONCE = 1000
"""Hypothesis remembers all that it drew in one go."""
HANGS = 30
"""Seconds after which a case is taken for one that never ends."""


class Hang(AssertionError):
    """A case that never ends."""


@dataclass
class Result:
    """What came of a target. `bug` is the smallest case that failed, `trace` how."""

    target: Target
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    bug: bytes | None = None
    trace: str = ""

    @property
    def cases(self) -> int:
        return sum(self.outcomes.values())

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {count:,}" for name, count in self.outcomes.most_common())
        return f"{self.target.name}: {self.cases:,} cases in {self.seconds:.1f} s: {listed}"


def play(target: Target, cases: int, start: int) -> Result:
    """Try so many cases, or as many as there are to the first bug, which is then made small."""
    result = Result(target)
    logging.disable()  # a warning a case
    began = time.monotonic()
    for number, count in enumerate(_parts(cases)):
        _play_some(result, count, start + number)
        if result.bug is not None:
            break
    logging.disable(logging.NOTSET)
    result.seconds = time.monotonic() - began
    return result


def _play_some(result: Result, count: int, start: int) -> None:
    case = b""

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(result.target.cases)
    def one(drawn: bytes) -> None:
        nonlocal case
        case = drawn
        with _bounded():
            result.outcomes[result.target.outcome(drawn)] += 1

    try:
        one()
    except Exception:  # noqa: BLE001  whatever a target raises is a bug that is to be shown
        result.bug, result.trace = case, traceback.format_exc()


def _parts(cases: int) -> Sequence[int]:
    whole, rest = divmod(cases, AT_ONCE)
    return [AT_ONCE] * whole + ([rest] if rest else [])


@contextmanager
def _bounded() -> Iterator[None]:
    def ring(_: int, frame: FrameType | None) -> None:
        raise Hang(f"no end after {HANGS} s, at {frame}")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, HANGS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
