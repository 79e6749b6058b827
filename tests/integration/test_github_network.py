"""The network goes down, or one request fails, in the middle of a run: nothing is lost or paid for twice."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.first_run import (
    FIRST_RUN,
    ONCE,
    Fate,
    check_fate,
    check_one_whole_pull_request,
    named,
    operations,
    paying_clone,
    worked,
)
from tests.integration.github_clone import METADATA, GitHubClone
from tests.integration.repository import PROJECT, Result, eventually

ALL = range(len(FIRST_RUN))
CHANGING = [number for number in ALL if FIRST_RUN[number].done is not None]
WORKED = 6
"""The first request after the agent has worked."""
RECORDED = len(FIRST_RUN) - 1
"""The request that records the pull request, and with which the run is over."""
HICCUPS = {
    "reset": Fault(kind="reset"),
    "502 after": Fault(kind="status", status=502, when="after"),
    "cut": Fault(kind="cut"),
}
_SENTENCE = re.compile(r"127\.0\.0\.1:\d+ (did not answer|cannot be reached)")
_KEPT = re.compile(r"the work is kept: git apply (.+)$", re.MULTILINE)


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return paying_clone(github, tmp_path)


def run_in_bad_weather(clone: GitHubClone) -> Result:
    """A run as it is, without a look at what it leaves, but for what always holds on the machine itself."""
    before = clone.belongings()
    with clone.start("run", PROJECT) as process:
        out, err = process.communicate(timeout=60)
    result = Result(process.returncode, out, err)
    clone.remote.clear_faults()
    assert "Traceback" not in result.err
    assert clone.belongings() == before
    assert not list(clone.temporary.glob("claudestep-*"))
    return result


def check_says_why_once(result: Result) -> None:
    said = [line for line in (result.out + result.err).splitlines() if line.startswith(("error: ", "  failed: "))]
    assert len(said) == 1, result
    assert _SENTENCE.search(said[0])


def check_work_is_kept(clone: GitHubClone, result: Result) -> None:
    """What the agent did can be applied to the base, as the run says."""
    kept = _KEPT.search(result.out)
    assert kept, result
    assert clone.git("apply", "--numstat", kept[1]).splitlines()[0] == "1\t0\t1.txt"


def check_the_next_run_ends_well(clone: GitHubClone) -> None:
    """One pull request; each time that the agent worked is paid for once, and each attempt but one has failed."""
    assert clone.run("run", PROJECT).code == 0
    check_one_whole_pull_request(clone)
    check_fate(clone, Fate(attempts=clone.step(1)["attempts"], worked=worked(clone)))
    assert len(clone.branches()) == 1


@pytest.mark.parametrize("number", ALL, ids=named)
def test_the_network_goes_down_for_good(clone: GitHubClone, number: int) -> None:
    clone.remote.fault(Fault(kind="reset", skip=number, times=None))

    result = run_in_bad_weather(clone)

    assert result.code == 1, result
    check_says_why_once(result)
    assert worked(clone) == (number >= WORKED)
    if number >= WORKED:
        check_work_is_kept(clone, result)
        assert "it cost $0.25\n" in result.out
    check_the_next_run_ends_well(clone)


@pytest.mark.parametrize("number", CHANGING, ids=named)
def test_the_network_goes_down_before_a_reply(clone: GitHubClone, number: int) -> None:
    clone.remote.fault(Fault(kind="reset", skip=number, when="after"))
    clone.remote.fault(Fault(kind="reset", skip=number + 1, times=None))

    result = run_in_bad_weather(clone)

    assert result.code == 1, result
    if number >= WORKED:
        check_work_is_kept(clone, result)
    check_the_next_run_ends_well(clone)
    if number == RECORDED:
        assert len(clone.log()) == 3, "it was recorded, and nothing is left to do"


@pytest.mark.parametrize("kind", HICCUPS)
@pytest.mark.parametrize("number", ALL, ids=named)
def test_one_request_that_fails_is_not_noticed(clone: GitHubClone, number: int, kind: str) -> None:
    clone.remote.fault(msgspec.structs.replace(HICCUPS[kind], skip=number))

    result = run_in_bad_weather(clone)

    assert (result.code, result.err) == (0, "")
    assert "note:" not in result.out
    assert len(operations(clone)) > len(FIRST_RUN) or number == RECORDED
    assert clone.remote.pending_faults() == []
    check_one_whole_pull_request(clone)
    check_fate(clone, ONCE)
    assert len(clone.log()) == 3


def test_whether_it_counts_is_seen_by_the_next_run(clone: GitHubClone) -> None:
    """The network goes down while the branch is pushed; nothing was published."""
    clone.remote.fault(Fault(kind="reset", skip=9, times=None))
    assert "whether this counts as a failure is seen by the next run" in run_in_bad_weather(clone).out
    assert clone.run("run", PROJECT).code == 0
    assert clone.step(1)["failures"] == 1


def interrupt_at(clone: GitHubClone, number: int, then: Callable[[], None]) -> Result:
    """Ctrl-C while a request waits for its reply."""
    clone.remote.fault(Fault(kind="hold", skip=number))
    with clone.start("run", PROJECT) as process:
        eventually(lambda: bool(clone.remote.held()) or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        then()
        out, err = process.communicate(timeout=60)
    return Result(process.returncode, out, err)


def test_who_has_enough_of_waiting_for_the_network_keeps_the_work(clone: GitHubClone) -> None:
    """Ctrl-C while the branch is pushed."""
    result = interrupt_at(clone, 8, lambda: clone.remote.let_go(lose=True))

    assert result.code == 130
    check_work_is_kept(clone, Result(result.code, result.out + result.err, ""))
    check_the_next_run_ends_well(clone)


def test_there_is_no_server(clone: GitHubClone) -> None:
    """No connection at all: one sentence, and nothing is tried that cannot help."""
    nowhere = {"GITHUB_API_URL": "http://127.0.0.1:1", "GITHUB_GRAPHQL_URL": "http://127.0.0.1:1/graphql"}

    result = clone.run("run", PROJECT, env=nowhere)

    assert result == Result(
        1, "", "error: 127.0.0.1:1 cannot be reached: the connection is refused\n"
        "  Check the network (and HTTPS_PROXY, where there is a proxy), then run it again.\n",
    )  # fmt: skip
    assert METADATA not in clone.refs()
