import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.infrastructure.retry import Patience


def longest(low: float, high: float) -> float:
    assert low == 0.0
    return high


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 0.02), (1, 0.04), (2, 0.08), (5, 0.64), (6, 1.0), (7, 1.0), (10**9, 1.0)]
)
def test_the_longest_wait_doubles_up_to_its_cap(tries: int, seconds: float) -> None:
    assert Patience(draw=longest).wait(tries) == pytest.approx(seconds)


@given(st.integers(0, 10**6))
def test_a_wait_is_drawn_from_nothing_up_to_the_cap(tries: int) -> None:
    """ "with full jitter and a cap of 1 to 2 s"."""
    assert 0 <= Patience().wait(tries) <= Patience().cap


def test_waits_differ_so_that_writers_spread_out() -> None:
    assert len({Patience().wait(9) for _ in range(20)}) > 1


def test_patience_is_bounded_by_time() -> None:
    """ "Retries are bounded by time (default 120 s ...)"."""
    assert Patience().total == 120.0
