import pytest

from claudestep.infrastructure.git.refs import moment
from tests.unit.builders import NOW


def test_a_moment_is_what_git_says_in_seconds() -> None:
    assert moment(str(int(NOW.timestamp()))) == NOW


@pytest.mark.parametrize("text", ["", "x", "253402300800", "9223372036854775807", "9" * 30, "-99999999999999"])
def test_a_date_that_no_calendar_has_is_unknown(text: str) -> None:
    assert moment(text) is None
