from datetime import timedelta

import pytest

from tests.fakes.clock import NOON, FakeClock


def test_time_passes_in_sleep_alone() -> None:
    clock = FakeClock()
    assert (clock.now(), clock.monotonic()) == (NOON, 0)
    clock.sleep(90)
    assert (clock.now(), clock.monotonic()) == (NOON + timedelta(seconds=90), 90)


def test_the_time_of_day_has_whole_seconds_as_the_machine_s_has() -> None:
    clock = FakeClock()
    clock.sleep(0.75)
    assert (clock.now(), clock.monotonic()) == (NOON, 0.75)


def test_the_time_of_day_can_be_set_back_and_seconds_cannot() -> None:
    clock = FakeClock()
    clock.sleep(60)
    clock.set_now(NOON - timedelta(days=1))
    clock.sleep(5)
    assert (clock.now(), clock.monotonic()) == (NOON - timedelta(days=1) + timedelta(seconds=5), 65)
    with pytest.raises(ValueError, match="backwards"):
        clock.sleep(-1)


def test_things_happen_while_it_sleeps_one_each_time() -> None:
    clock = FakeClock()
    happened: list[float] = []
    clock.while_asleep(lambda: happened.append(clock.monotonic()), lambda: happened.append(clock.monotonic()))
    for _ in range(3):
        clock.sleep(10)
    assert happened == [10, 20]
