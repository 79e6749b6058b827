"""How long and how often GitHub is asked again: data, and the one place that does it."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from claudestep.domain.errors import Delayed, Limited, TooMuchAsked, Transient
from claudestep.infrastructure.clock import Clock

T = TypeVar("T")

_log = logging.getLogger(__name__)
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The bounds, in seconds where they are no counts."""

    reply: float = 30.0
    """For one request, until the end of its reply. GitHub itself gives up a query after 10 s."""
    download: float = 120.0
    tries: int = 4
    """Of what may be repeated after a fault."""
    backoff: float = 0.5
    """The longest first wait after a fault; it doubles."""
    longest_backoff: float = 8.0
    faults: float = 90.0
    """No try begins later than this after the first, the waits for limits left out."""
    limits: float = 300.0
    """For all waits of one call that a limit asks for."""
    limit_tries: int = 10
    spread: float = 10.0
    """The longest that is added to a wait for a limit, and never more than a quarter of it."""
    draw: Callable[[float, float], float] = random.uniform


class Persistence:
    """Asks again, for one client; `waited` are the seconds that all of its waits for limits have taken."""

    def __init__(self, patience: Patience, clock: Clock) -> None:
        self.waited = 0.0
        self._patience = patience
        self._clock = clock
        self._told: float | None = None

    def persist(self, call: Callable[[], T], *, repeat: bool, tries: int | None = None, resend: bool = True) -> T:
        """What `call` returns, called again after faults and limits within the bounds; else its last error.

        After a fault it is called again where `repeat` says that this does no harm, or where the request surely
        never arrived. A limit is an answer, nothing was done: it is waited for, and the request sent again. Where
        it is not to be sent again after a wait (`resend`), for others were not asleep, Delayed is raised then.
        """
        course = _Course(self._patience, self._clock, repeat=repeat, tries=tries or self._patience.tries)

        def once() -> T:
            if course.limited_by and not resend:
                raise Delayed(course.limited_by)
            return call()

        def announce(state: tenacity.RetryCallState) -> None:
            if limited := course.note(state):
                self._announce(limited, state.upcoming_sleep)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(course.repeats),
            wait=course.wait,
            stop=course.is_over,
            before_sleep=announce,
            sleep=self._clock.sleep,
            reraise=True,
        )
        return retrying(once)

    def _announce(self, limited: Limited, seconds: float) -> None:
        """Say that, how long and why we wait: once, and from then on once a minute."""
        now = self._clock.monotonic()
        news = self._told is None or seconds >= _MINUTE or now - self._told >= _MINUTE
        until = f", until {limited.until:%H:%M} UTC" if limited.until else ""
        level = logging.WARNING if news else logging.INFO
        _log.log(level, "%s; waiting %.0f s%s", limited.what, seconds, until)
        self._told = now if news else self._told
        self.waited += seconds


class _Course:
    """The tries of one call."""

    def __init__(self, patience: Patience, clock: Clock, *, repeat: bool, tries: int) -> None:
        self._patience = patience
        self._clock = clock
        self._repeat = repeat
        self._tries = tries
        self._began = clock.monotonic()
        self._faults = 0
        self._limits = 0
        self._asked = 0.0  # for the next wait, by a limit
        self._waited = 0.0  # for limits
        self.limited_by = ""
        """The limit that made the call wait, in words."""

    def repeats(self, error: BaseException) -> bool:
        """Whether another try may help and can do no harm."""
        if isinstance(error, Transient) and not isinstance(error, TooMuchAsked):
            return self._repeat or not error.sent
        return isinstance(error, Limited)

    def wait(self, state: tenacity.RetryCallState) -> float:
        """The seconds until the next try.

        For a limit what GitHub asks for, else a minute, doubling
        (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api), and a little more, so
        that those who were told the same do not all come back at once; for a fault full jitter
        (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
        """
        if limited := _limited(state):
            self._limits += 1
            self._asked = limited.after if limited.after is not None else _MINUTE * 2 ** (self._limits - 1)
            return self._asked + self._patience.draw(0, min(self._patience.spread, self._asked / 4))
        self._faults += 1
        ceiling = min(self._patience.longest_backoff, self._patience.backoff * 2 ** (self._faults - 1))
        return self._patience.draw(0, ceiling)

    def is_over(self, state: tenacity.RetryCallState) -> bool:
        """Whether the next try, after its wait, would be out of bounds: then nobody waits for it."""
        if _limited(state):
            total = self._waited + self._asked
            return total > self._patience.limits or self._limits >= self._patience.limit_tries
        spent = self._clock.monotonic() - self._began - self._waited + state.upcoming_sleep
        return self._faults >= self._tries or spent > self._patience.faults

    def note(self, state: tenacity.RetryCallState) -> Limited | None:
        """Take a wait into account that is about to begin; the limit that it is for, None for a fault."""
        limited = _limited(state)
        if limited is None:
            _log.info("%s; trying again in %.1f s", _error(state), state.upcoming_sleep)
        else:
            self._waited += state.upcoming_sleep
            self.limited_by = limited.what
        return limited


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _limited(state: tenacity.RetryCallState) -> Limited | None:
    error = _error(state)
    return error if isinstance(error, Limited) else None
