"""GitHub's limits on how often it is asked.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from claudestep.domain.errors import Limited, RateLimited, SecondaryRateLimited
from claudestep.infrastructure.github.api.protocol import RateLimit

_PRIMARY = re.compile(r"rate limit (already )?exceeded", re.IGNORECASE)
_SECONDARY = re.compile(r"secondary rate limit|abuse detection|submitted too quickly", re.IGNORECASE)
_TYPES = ("RATE_LIMITED", "RATE_LIMIT")
_LONGEST = timedelta(days=1)


def limit(status: int, type_: str, text: str, headers: Mapping[str, str], at: datetime) -> Limited | None:
    """The limit that a refusal speaks of, None for another one.

    A primary limit comes as 403, 429 or, in GraphQL, 200; a secondary one as any of these, with or without
    `retry-after`: then its words tell.
    """
    asked = _seconds(headers.get("retry-after", ""), at)
    share = RateLimit.read(headers)
    used_up = share is not None and share.remaining == 0
    if status >= 500:
        return None
    if _SECONDARY.search(text):
        return _secondary(asked, at, text)
    if type_ in _TYPES or _PRIMARY.search(text) or (status in (403, 429) and used_up):
        return _primary(asked, share, at, text)
    if status == 429 or (status == 403 and asked is not None):
        return _secondary(asked, at, text)
    return None


def _primary(asked: float | None, share: RateLimit | None, at: datetime, text: str) -> RateLimited:
    if asked is None and share is not None:
        asked = _bounded((share.reset - at).total_seconds() + 1)
    until = _later(at, asked)
    return RateLimited("GitHub's rate limit is used up", after=asked, until=until, host_text=text)


def _secondary(asked: float | None, at: datetime, text: str) -> SecondaryRateLimited:
    message = "GitHub asks to slow down (its secondary rate limit)"
    return SecondaryRateLimited(message, after=asked, until=_later(at, asked), host_text=text)


def _later(at: datetime, seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else at + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _seconds(text: str, at: datetime) -> float | None:
    """A `retry-after`: seconds, or a date (RFC 9110, section 10.2.3); None for neither."""
    if text.isascii() and text.isdigit():
        return _bounded(float(text[:9]))
    try:
        return _bounded((parsedate_to_datetime(text) - at).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), _LONGEST.total_seconds())
