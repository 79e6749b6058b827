"""How long and how often GitHub is asked again: data, and the one place that does it."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from claudestep.domain.errors import Limited, TooMuchAsked, Transient
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


def persist(
    call: Callable[[], T], patience: Patience, clock: Clock, *, repeat: bool, tries: int | None = None
) -> T:
    """What `call` returns, called again after faults and limits within the bounds; else its last error.

    After a fault it is called again where `repeat` says that this does no harm, or where the request surely never
    arrived. A limit is an answer, nothing was done: it is waited for, and the request sent again, always.
    """
    course = _Course(patience, clock, repeat=repeat, tries=tries or patience.tries)
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(course.repeats),
        wait=course.wait,
        stop=course.is_over,
        before_sleep=course.announce,
        sleep=clock.sleep,
        reraise=True,
    )
    return retrying(call)


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
        self._waited = 0.0  # for limits

    def repeats(self, error: BaseException) -> bool:
        """Whether another try may help and can do no harm."""
        if isinstance(error, Transient) and not isinstance(error, TooMuchAsked):
            return self._repeat or not error.sent
        return isinstance(error, Limited)

    def wait(self, state: tenacity.RetryCallState) -> float:
        """The seconds until the next try.

        For a limit what GitHub asks for, else a minute, doubling
        (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api); for a fault full jitter
        (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
        """
        if limited := _limited(state):
            self._limits += 1
            return limited.after if limited.after is not None else _MINUTE * 2 ** (self._limits - 1)
        self._faults += 1
        ceiling = min(self._patience.longest_backoff, self._patience.backoff * 2 ** (self._faults - 1))
        return random.uniform(0, ceiling)  # noqa: S311  no secret

    def is_over(self, state: tenacity.RetryCallState) -> bool:
        """Whether the next try, after its wait, would be out of bounds: then nobody waits for it."""
        if _limited(state):
            total = self._waited + state.upcoming_sleep
            return total > self._patience.limits or self._limits >= self._patience.limit_tries
        spent = self._clock.monotonic() - self._began - self._waited + state.upcoming_sleep
        return self._faults >= self._tries or spent > self._patience.faults

    def announce(self, state: tenacity.RetryCallState) -> None:
        """Say that, how long and why we wait."""
        seconds = state.upcoming_sleep
        if limited := _limited(state):
            self._waited += seconds
            until = f", until {limited.until:%H:%M} UTC" if limited.until else ""
            _log.warning("%s; waiting %.0f s%s", limited.what, seconds, until)
        else:
            _log.info("%s; trying again in %.1f s", _error(state), seconds)


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _limited(state: tenacity.RetryCallState) -> Limited | None:
    error = _error(state)
    return error if isinstance(error, Limited) else None
