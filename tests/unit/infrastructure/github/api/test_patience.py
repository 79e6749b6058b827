"""Asking again: what, how often, how long, and what is said about it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from claudestep.domain.errors import (
    Delayed,
    HostError,
    Limited,
    NotFound,
    RateLimited,
    SecondaryRateLimited,
    TooMuchAsked,
    Transient,
)
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.protocol import Reply
from tests.fakes.clock import NOON
from tests.fakes.transport import graphql, reply
from tests.unit.infrastructure.github.clients import Scene

OK = graphql({"a": 1})
LOST = Transient("the connection broke off")
UNSENT = Transient("the connection is refused", sent=False)
BAD_GATEWAY = reply(502)


def secondary(retry_after: str = "") -> Reply:
    headers = {"retry_after": retry_after} if retry_after else {}
    return reply(403, {"message": "You have exceeded a secondary rate limit."}, **headers)


def primary(seconds: float) -> Reply:
    return reply(
        429,
        {"message": "API rate limit exceeded for user ID 1."},
        date="Wed, 15 Jan 2025 12:00:00 GMT",
        x_ratelimit_limit="1000",
        x_ratelimit_remaining="0",
        x_ratelimit_reset=str(int((NOON + timedelta(seconds=seconds)).timestamp())),
    )


Ask = Callable[[GitHub], object]


def query(github: GitHub) -> object:
    return github.query("", {}, dict[str, int]).data


def mutate(github: GitHub) -> object:
    return github.mutate("", {}, dict[str, int]).data


def get(github: GitHub) -> object:
    return github.rest("GET", "/x", dict[str, object]).data


def post(github: GitHub) -> object:
    return github.rest("POST", "/x", dict[str, object], {}).data


def download(github: GitHub) -> object:
    return github.download("/x")


@pytest.mark.parametrize("read", [query, get, download])
@pytest.mark.parametrize("fault", [LOST, UNSENT, BAD_GATEWAY])
def test_a_read_is_repeated_after_a_fault(read: Ask, fault: Reply | HostError) -> None:
    scene = Scene(fault, fault, fault, OK)
    assert read(scene.github)
    assert scene.github.requests == 4
    assert scene.clock.elapsed <= 0.5 + 1 + 2


@pytest.mark.parametrize("write", [mutate, post])
@pytest.mark.parametrize("fault", [LOST, BAD_GATEWAY])
def test_a_write_is_never_repeated_after_a_fault(write: Ask, fault: Reply | HostError) -> None:
    scene = Scene(fault)
    with pytest.raises(Transient):
        write(scene.github)
    assert scene.github.requests == 1


@pytest.mark.parametrize("write", [mutate, post])
def test_a_write_that_never_arrived_is_repeated(write: Ask) -> None:
    scene = Scene(UNSENT, UNSENT, OK)
    assert write(scene.github)
    lost = Scene(UNSENT, LOST)
    with pytest.raises(Transient, match="broke off"):
        write(lost.github)


@pytest.mark.parametrize("ask", [query, mutate, get, post, download])
@pytest.mark.parametrize("limit", [secondary("7"), primary(6)])
def test_a_limit_is_waited_for_whatever_is_asked(ask: Ask, limit: Reply) -> None:
    scene = Scene(limit, OK)
    assert ask(scene.github)
    assert scene.clock.elapsed == 7
    assert scene.github.requests == 2


def test_the_tries_of_a_read_are_counted() -> None:
    scene = Scene(*[LOST] * 4)
    with pytest.raises(Transient):
        query(scene.github)
    assert scene.transport.left == 0
    once = Scene(LOST)
    with pytest.raises(Transient):
        once.github.query("", {}, dict[str, int], tries=1)


def test_the_time_for_all_tries_is_bounded() -> None:
    scene = Scene(*[LOST] * 3, OK, patience=Patience(tries=100, faults=2.0, backoff=8.0))
    scene.clock.while_asleep(lambda: scene.clock.advance(2))
    with pytest.raises(Transient):
        query(scene.github)
    assert scene.github.requests < 4


def test_what_was_too_much_is_not_asked_again() -> None:
    scene = Scene(TooMuchAsked("too large"))
    with pytest.raises(TooMuchAsked):
        query(scene.github)


def test_a_refusal_is_not_asked_again() -> None:
    scene = Scene(reply(404, {"message": "Not Found"}))
    with pytest.raises(NotFound):
        get(scene.github)


def test_a_limit_without_a_time_is_a_minute_then_two() -> None:
    scene = Scene(secondary(), secondary(), OK)
    assert query(scene.github)
    assert scene.clock.elapsed == 60 + 120


def test_a_wait_that_would_be_too_long_is_not_begun() -> None:
    scene = Scene(primary(3000))
    with pytest.raises(RateLimited, match="it can be tried again at 12:50 UTC") as raised:
        query(scene.github)
    assert raised.value.until == NOON + timedelta(seconds=3001)
    assert scene.clock.elapsed == 0


def test_all_waits_of_a_call_together_are_bounded() -> None:
    scene = Scene(secondary("200"), secondary("200"))
    with pytest.raises(SecondaryRateLimited):
        query(scene.github)
    assert scene.clock.elapsed == 200


def test_a_limit_that_is_never_over_is_given_up() -> None:
    scene = Scene(*[secondary("0")] * 10)
    with pytest.raises(Limited):
        mutate(scene.github)
    assert scene.transport.left == 0


def test_waits_for_limits_are_not_the_time_of_faults() -> None:
    scene = Scene(secondary("200"), LOST, OK)
    assert query(scene.github)


def test_the_wait_for_a_limit_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    assert query(Scene(primary(36), OK).github)
    assert caplog.messages == ["GitHub's rate limit is used up; waiting 37 s, until 12:00 UTC"]
    caplog.clear()
    assert query(Scene(secondary(), OK).github)
    assert caplog.messages == ["GitHub asks to slow down (its secondary rate limit); waiting 60 s"]


def test_those_who_are_told_the_same_do_not_come_back_together() -> None:
    """After what they were told, and within a quarter more, or ten seconds."""
    for asked, spread in (("8", 2.0), ("120", 10.0)):
        scenes = [Scene(secondary(asked), OK, patience=Patience()) for _ in range(32)]
        assert all(query(scene.github) for scene in scenes)
        waits = [scene.clock.elapsed - float(asked) for scene in scenes]
        assert len(set(waits)) == 32
        assert 0 <= min(waits) < max(waits) <= spread


def test_what_is_added_to_a_wait_is_not_counted_against_its_bound() -> None:
    scene = Scene(secondary("300"), OK, patience=Patience(draw=max))
    assert query(scene.github)
    assert scene.clock.elapsed == 310


def test_short_waits_are_announced_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(*[secondary("2"), OK] * 40)
    assert all(query(scene.github) for _ in range(40))
    assert scene.clock.elapsed == scene.github.waited == 80
    assert [record.levelname for record in caplog.records if record.levelname != "INFO"] == ["WARNING"] * 2


def test_a_change_that_may_be_out_of_date_is_not_sent_after_a_wait() -> None:
    scene = Scene(secondary("7"), OK)
    with pytest.raises(Delayed, match="asks to slow down"):
        scene.github.mutate("", {}, dict[str, int], resend=False)
    assert (scene.clock.elapsed, scene.github.requests) == (7, 1)


def test_another_try_is_news_for_those_who_want_to_know(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert query(Scene(LOST, OK).github)
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert record.getMessage().startswith("the connection broke off; trying again in 0.")
