"""The webhook of Slack over real sockets: what it takes, what it refuses, and that its address is never shown."""

import re
import socket
import traceback
from collections.abc import Iterator

import pytest

from claudestep.domain.errors import ClaudeStepError, UsageError
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.slack import NAME, NotTold, Webhook, check_address
from tests.fakes.clock import FakeClock
from tests.fakes.slack import PATH, Answer, SlackStub, slack_stub
from tests.integration.raw_server import GENEROUS, RawServer, answering, dripping, resetting, waiting

MESSAGE = {"text": "Hello", "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "Hello"}}]}
SOON = 0.3
"""A bound that a server is to exceed, in seconds."""
SECRETS = (*(part for part in PATH.split("/") if part), "127.0.0.1")


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    with slack_stub() as stub:
        yield stub


@pytest.fixture
def server() -> Iterator[RawServer]:
    raw = RawServer()
    yield raw
    raw.close()


@pytest.fixture
def transport() -> Iterator[Urllib3Transport]:
    one = Urllib3Transport({}, shown=NAME)
    yield one
    one.close()


def post(transport: Urllib3Transport, url: str, timeout: float = GENEROUS) -> FakeClock:
    """Send a message; the clock tells for how long it was waited."""
    clock = FakeClock()
    Webhook(url=url, transport=transport, clock=clock, timeout=timeout).post(MESSAGE)
    return clock


def refused(transport: Urllib3Transport, url: str, timeout: float = GENEROUS) -> NotTold:
    with pytest.raises(NotTold) as caught:
        post(transport, url, timeout)
    check_says_nothing_of_the_address(caught.value)
    return caught.value


def check_says_nothing_of_the_address(error: ClaudeStepError) -> None:
    assert not [secret for secret in SECRETS if secret.lower() in error.explained.lower()]
    assert not [secret for secret in SECRETS if secret in repr(error)]


# What it takes, and what it refuses


def test_a_message_arrives_once(transport: Urllib3Transport, slack: SlackStub) -> None:
    assert post(transport, slack.url).elapsed == 0
    assert slack.messages == [MESSAGE]
    assert slack.requests == 1


@pytest.mark.parametrize(
    ("status", "body", "remedy"),
    [
        (400, "invalid_blocks", "report it"),
        (403, "invalid_token", "Make a new webhook"),
        (404, "no_service", "Make a new webhook"),
        (410, "channel_is_archived", "another channel"),
        (418, "teapot", "Make a new webhook"),
    ],
)
def test_a_refusal_is_told_in_slacks_words(
    transport: Urllib3Transport, slack: SlackStub, status: int, body: str, remedy: str
) -> None:
    slack.planned = [Answer(status, body)]
    error = refused(transport, slack.url)
    assert str(error) == f"Slack said {status} ({body})"
    assert remedy in error.remedy
    assert slack.requests == 1, "a refusal is final"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_fault_of_slack_is_tried_once_more(transport: Urllib3Transport, slack: SlackStub, status: int) -> None:
    slack.planned = [Answer(status, "server_error")]
    assert post(transport, slack.url).elapsed == 1
    assert (slack.messages, slack.requests) == ([MESSAGE], 2)


def test_a_fault_that_comes_again_is_told(transport: Urllib3Transport, slack: SlackStub) -> None:
    slack.planned = [Answer(500), Answer(503, "still"), Answer(500)]
    assert str(refused(transport, slack.url)) == "Slack said 503 (still)"
    assert slack.requests == 2


@pytest.mark.parametrize("seconds", [0, 3, 10])
def test_a_short_limit_is_waited_for(transport: Urllib3Transport, slack: SlackStub, seconds: int) -> None:
    slack.planned = [Answer(429, "ratelimited", {"Retry-After": str(seconds)})]
    assert post(transport, slack.url).elapsed == seconds
    assert slack.messages == [MESSAGE]


@pytest.mark.parametrize("after", ["11", "86400", "-1", "soon", "1e9", "", "٣"])
def test_a_limit_that_is_long_or_unclear_is_not_waited_for(
    transport: Urllib3Transport, server: RawServer, after: str
) -> None:
    value = after.encode()
    server.script = answering(b"HTTP/1.1 429 No\r\nRetry-After: " + value + b"\r\nContent-Length: 0\r\n\r\n")
    assert str(refused(transport, f"{server.url}{PATH}")) == "Slack said 429"
    assert len(server.heard) == 1


def test_a_limit_that_comes_again_is_told(transport: Urllib3Transport, slack: SlackStub) -> None:
    slack.planned = [Answer(429, "", {"Retry-After": "1"})] * 3
    assert str(refused(transport, slack.url)) == "Slack said 429"
    assert slack.requests == 2


def test_nothing_sends_a_message_elsewhere(
    transport: Urllib3Transport, slack: SlackStub, server: RawServer
) -> None:
    slack.planned = [Answer(307, "moved", {"Location": f"{server.url}/elsewhere"})]
    assert "Slack said 307" in str(refused(transport, slack.url))
    assert server.connections == 0
    assert slack.requests == 1


# What it says is data


@pytest.mark.parametrize(
    "said",
    [
        f"no such hook: http://127.0.0.1{PATH}",
        f"unknown {PATH.lower()}",
        "team T00SECRET, hook B00HIDDEN, and x7Xq2vNeverShown",
        "%2Fservices%2FT00SECRET%2FB00HIDDEN%2Fx7Xq2vNeverShown",
        "x" * 190 + PATH,
    ],
)
def test_a_reply_that_repeats_the_address_is_shown_without_it(
    transport: Urllib3Transport, slack: SlackStub, said: str
) -> None:
    slack.planned = [Answer(400, said)]
    assert "[redacted]" in str(refused(transport, slack.url)) or len(said) > 190


def test_a_reply_is_shown_on_one_line_short_and_printable(transport: Urllib3Transport, slack: SlackStub) -> None:
    slack.planned = [Answer(400, "\x1b[2J::error::bad\r\n\n" + "<html>" * 5_000)]
    said = str(refused(transport, slack.url))
    assert said.isprintable()
    assert len(said) < 250


# The way there


def test_a_host_that_is_not_there_is_tried_once_more(transport: Urllib3Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    clock = FakeClock()
    with pytest.raises(NotTold) as caught:
        Webhook(url=f"http://127.0.0.1:{port}{PATH}", transport=transport, clock=clock).post(MESSAGE)
    assert str(caught.value) == "Slack cannot be reached: the connection is refused"
    assert clock.elapsed == 1
    check_says_nothing_of_the_address(caught.value)


def test_a_name_that_is_not_known_is_not_shown(transport: Urllib3Transport) -> None:
    error = refused(transport, f"https://x7Xq2vNeverShown.invalid{PATH}")
    assert str(error).startswith("Slack cannot be reached: ")


@pytest.mark.parametrize(
    "script", [resetting, answering(b"nonsense\r\n\r\n", hang_up=True), answering(hang_up=True)]
)
def test_a_message_that_was_sent_is_not_sent_again_when_nothing_came_back(
    transport: Urllib3Transport, server: RawServer, script: object
) -> None:
    server.script = script  # type: ignore[assignment]
    assert str(refused(transport, f"{server.url}{PATH}")) == "Slack did not answer: the connection broke off"
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "script",
    [waiting(GENEROUS), dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x")],
    ids=["silent", "dripping"],
)
def test_a_slow_reply_is_not_waited_for(transport: Urllib3Transport, server: RawServer, script: object) -> None:
    server.script = script  # type: ignore[assignment]
    error = refused(transport, f"{server.url}{PATH}", timeout=SOON)
    assert str(error).startswith("Slack did not answer: ")
    assert len(server.heard) == 1


def test_a_certificate_that_nobody_trusts_is_refused(transport: Urllib3Transport, server: RawServer) -> None:
    """The server speaks no TLS at all: what matters is that nothing is said to it in the open."""
    server.at_once = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    error = refused(transport, f"https://{server.address}{PATH}")
    assert "Slack" in str(error)
    assert not [heard for heard in server.heard if b"POST" in heard]


def test_the_proxy_of_the_environment_is_used_and_told_no_path(server: RawServer) -> None:
    server.script = answering(b"HTTP/1.1 403 Not for you\r\nContent-Length: 0\r\n\r\n", hang_up=True)
    transport = Urllib3Transport({"HTTPS_PROXY": f"http://user:word@{server.address}"}, shown=NAME)
    error = refused(transport, f"https://hooks.slack.example{PATH}")
    assert "the proxy gives no way to Slack" in str(error)
    assert server.heard[0].startswith(b"CONNECT hooks.slack.example:443 ")
    assert not [heard for heard in server.heard if b"SECRET" in heard]
    transport.close()


# The address


def test_an_address_is_taken_as_it_is_without_the_white_space_around_it() -> None:
    assert check_address(f" https://hooks.slack.com{PATH}\n") == f"https://hooks.slack.com{PATH}"
    for host in ("127.0.0.1:8080", "localhost", "[::1]:80"):
        assert check_address(f"http://{host}{PATH}") == f"http://{host}{PATH}"


@pytest.mark.parametrize(
    "bad",
    [
        "x7Xq2vNeverShown", PATH, f"ftp://hooks.slack.com{PATH}", f"https://{PATH}", f"https://hooks.slack.com:99999{PATH}",
        f"https://user:x7Xq2vNeverShown@hooks.slack.com{PATH}", f"https://hooks.slack.com/a b{PATH}",
        f"https://hooks.slack.com{PATH}\nHost: x", f"https://hooks.släck.com{PATH}", f"https://[::1{PATH}",
        f"http://hooks.slack.com{PATH}", f"http://127.0.0.1.evil.example{PATH}", "https://",
    ],
)  # fmt: skip
def test_what_is_no_address_or_not_encrypted_is_refused_and_not_shown(bad: str) -> None:
    with pytest.raises(UsageError, match="SLACK_WEBHOOK_URL") as caught:
        check_address(bad)
    check_says_nothing_of_the_address(caught.value)
    printed = "".join(traceback.format_exception_only(caught.value))
    assert not re.search("SECRET|HIDDEN|NeverShown", printed)


def test_a_webhook_does_not_show_its_address() -> None:
    hook = Webhook(url=f"https://hooks.slack.com{PATH}", transport=Urllib3Transport({}), clock=FakeClock())
    assert "SECRET" not in repr(hook)
