from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from claudestep.infrastructure.github.times import Moment, in_utc
from tests.unit.builders import NOW


def test_a_time_without_a_zone_is_no_reply_of_githubs() -> None:
    assert msgspec.json.decode(b'"2025-01-15T11:30:00+01:00"', type=Moment) == NOW
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'"2025-01-15T10:30:00"', type=Moment)


def test_a_time_that_utc_does_not_have_is_unknown() -> None:
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))
    assert in_utc(datetime(1, 1, 1, tzinfo=east)) is None
    assert in_utc(datetime(9999, 12, 31, 23, tzinfo=west)) is None
    assert in_utc(NOW.astimezone(east)) == NOW
    assert in_utc(NOW.astimezone(east)).tzinfo is UTC  # type: ignore[union-attr]
