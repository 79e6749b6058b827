"""What every value of a document holds to: times in UTC, amounts that were counted."""

from datetime import UTC, datetime

MOST = 2**62
"""Of dollars, tokens, seconds and tries: what is more was never counted, and sums of it have no number."""


def check_times(value: object, *names: str) -> None:
    """Bring the times of a new value to UTC; raise ValueError for one without a zone."""
    for name in names:
        when = getattr(value, name)
        if when is None or when.tzinfo is UTC:
            continue
        if when.utcoffset() is not None:
            object.__setattr__(value, name, _in_utc(name, when))
        else:
            raise ValueError(f"`{name}` has no time zone; times are ISO 8601 in UTC, such as 2025-01-15T10:30:00Z")


def _in_utc(name: str, when: datetime) -> datetime:
    try:
        return when.astimezone(UTC)
    except OverflowError as error:  # the first and the last hours that there are, in a zone of their own
        raise ValueError(f"`{name}` is no time that UTC has") from error


def check_amounts(value: object, *names: str) -> None:
    """Raise ValueError for an amount below nothing, or one that nobody can have counted."""
    for name in names:
        amount = getattr(value, name)
        if amount is not None and not 0 <= amount <= MOST:
            raise ValueError(f"`{name}` has to be 0 or more, and no more than {MOST}")
