"""A few cases of every target at every run of the tests; `make fuzz` tries many."""

from collections.abc import Iterator

import pytest

from tests.fuzz.campaign import play
from tests.fuzz.exchanges import OPERATIONS, ReplayTransport, client, load
from tests.fuzz.mutation import mutate_bytes, mutate_json, mutate_lines
from tests.fuzz.target import READ, Target
from tests.fuzz.targets import TARGETS
from tests.fuzz.worlds import remove_repository

CASES = 100


@pytest.fixture(scope="module", autouse=True)
def _tidy() -> Iterator[None]:
    yield
    remove_repository()


KNOWN_BUGS = [
    pytest.param("configuration.yml", b'maxAttempts: !!int ""', "ConfigurationError", id="a tag without its value"),
    pytest.param(
        "configuration.yml", b"paused: !!bool perhaps", "ConfigurationError", id="a tag and another value"
    ),
    pytest.param("configuration.yml", b"setup: !!timestamp never", "ConfigurationError", id="a tag of a time"),
    pytest.param(
        "document",
        b'{"schema_version": "1.0", "project": "p", "created_at": "0001-01-01T00:00:00+14:00"}',
        "InvalidDocument",
        id="a time before the first",
    ),
    pytest.param(
        "usage file",
        b'{"type": "T", "model": "m", "cost_usd": 1, "created_at": "2025-01-15T10:30:00Z", "tokens_input": 1%s}'
        % (b"0" * 400),
        "unknown",
        id="tokens that no number can hold",
    ),
    pytest.param(
        "usage file",
        b'[{"type": "T", "model": "m", "cost_usd": 1e308, "created_at": "2025-01-15T10:30:00Z"}]',
        "unknown",
        id="a cost whose sums no number can hold",
    ),
    pytest.param(
        "transcript",
        b'{"type": "result", "subtype": "success", "total_cost_usd": 1e308,'
        b' "modelUsage": {"m": {"inputTokens": 1%s, "costUSD": 1e308}}}' % (b"0" * 400),
        READ,
        id="figures that no document can hold",
    ),
    pytest.param("note of a run", b'{"claim": "\xff"}', "no note", id="a note that is no text"),
    pytest.param(
        "commit message", b"claude-step-p-1%s" % (b"0" * 5000), "by hand", id="a branch with a long number"
    ),
    pytest.param(
        "environment", b"GITHUB_API_URL=Http://127.0.0.1:80\nGITHUB_TOKEN=x", READ, id="a scheme in capitals"
    ),
]


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_whatever_comes_from_outside_is_read_or_refused_in_a_sentence(target: Target) -> None:
    result = play(target, round(CASES * target.share), 1)
    assert result.bug is None, result.trace
    assert result.cases >= min(CASES * target.share, CASES)
    assert len(result.outcomes) > 1, "a target whose cases all come to the same shows nothing"


@pytest.mark.parametrize(("name", "case", "outcome"), KNOWN_BUGS)
def test_what_was_a_bug_once_is_none(name: str, case: bytes, outcome: str) -> None:
    assert TARGETS[name].outcome(case) == outcome


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_recorded_exchange_is_understood_whole(name: str) -> None:
    """Red after a change of a query: record it anew with `python -m tests.fuzz.record`."""
    recorded = load()[name]
    transport = ReplayTransport([one.reply for one in recorded])
    OPERATIONS[name](client(transport))
    assert transport.asked == len(recorded)


def _fails(case: bytes) -> str:
    if b"7" in case:
        raise LookupError("a bug")
    return READ


def test_a_bug_is_found_and_made_small() -> None:
    target = TARGETS["document"]
    found = play(Target("bug", target.cases.map(lambda case: case[:3000]), _fails), 200, 1)
    assert found.bug is not None
    assert "LookupError" in found.trace
    assert str(found).startswith("bug: ")


def test_nothing_done_is_nothing_changed() -> None:
    assert mutate_bytes(b"a", []) == mutate_lines(b"a", []) == b"a"
    assert mutate_json(b'{"a": [1, "\xc3\xbc", null]}', []) == b'{"a": [1, "\xc3\xbc", null]}'
