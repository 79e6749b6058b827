"""Signals, time limits and crashes around a real agent: what was charged is recorded once, known or not."""

import os
import signal
import subprocess
from contextlib import suppress

import pytest

from tests.e2e.bench import DOES_IT, HANGS, STEP, TURN_USD, Bench, once, writes
from tests.e2e.conftest import SetUp
from tests.fakes.messages_api import Scenario
from tests.integration.repository import Result, eventually
from tests.integration.test_crashes import CALLS, run_until

PAYS_THEN_HANGS = (writes(), HANGS)
THEN_DOES_IT = Scenario(runs=[PAYS_THEN_HANGS, DOES_IT])


def is_alive(pid: int) -> bool:
    asked = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()[:1] not in ("", "Z")


def run_again(bench: Bench) -> None:
    """The next run does the step; what it costs comes on top of what is there."""
    before = bench.costs() if list(bench.repository.documents()) else []
    assert bench.run().code == 0
    assert bench.costs() == [*before, pytest.approx(2 * TURN_USD)]
    assert bench.repository.branches() != []


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (signal.SIGTERM, "Claude Code failed with exit status 143"),
        (signal.SIGKILL, "Claude Code was ended by signal 9"),
    ],
    ids=["SIGTERM", "SIGKILL"],
)
def test_an_agent_that_somebody_ends_leaves_one_unknown_cost(
    set_up: SetUp, number: signal.Signals, says: str
) -> None:
    bench = set_up(THEN_DOES_IT)
    result = bench.run_until_it_hangs(lambda _: os.kill(bench.agent(), number))
    assert result.code == 1
    assert says in result.out
    assert "failure 1 of 2" in result.out
    assert (bench.costs(), bench.failures()) == ([None], 1)
    run_again(bench)


def test_an_agent_that_somebody_interrupts_still_says_what_it_used(set_up: SetUp) -> None:
    bench = set_up(once(*PAYS_THEN_HANGS))
    result = bench.run_until_it_hangs(lambda _: os.kill(bench.agent(), signal.SIGINT))
    assert result.code == 1
    assert bench.results()[-1][-1]["subtype"] == "error_during_execution"
    assert bench.recorded() == bench.printed()
    assert (bench.costs(), bench.failures()) == ([TURN_USD], 1)


def test_ctrl_c_keeps_the_cost_and_counts_no_failure(set_up: SetUp) -> None:
    bench = set_up(THEN_DOES_IT)
    result = bench.run_until_it_hangs(lambda process: process.send_signal(signal.SIGINT))
    assert result.code == 130
    assert "interrupted" in result.err
    assert bench.recorded() == bench.printed()
    assert (bench.costs(), bench.failures()) == ([TURN_USD], 0)
    assert not is_alive(bench.agent())
    run_again(bench)


def test_the_time_limit_ends_the_agent_and_keeps_the_cost(set_up: SetUp) -> None:
    bench = set_up(once(*PAYS_THEN_HANGS))
    result = run_into_the_limit(bench)
    assert result.code == 1
    assert "failed: Claude Code was stopped at the time limit (timeoutMinutes)" in result.out
    assert bench.recorded()[-1] == bench.printed()[-1]
    assert bench.costs()[-1] == TURN_USD
    assert bench.failures() == len(bench.costs())
    assert not is_alive(bench.agent())


def run_into_the_limit(bench: Bench) -> Result:
    """A run that is stopped while its agent waits; where the machine is so slow that it does not yet, once more."""
    for minutes in (0.05, 0.1, 0.2):
        bench.configure(f"{STEP}maxAttempts: 9\ntimeoutMinutes: {minutes}\n")
        result = bench.run()
        if bench.api.hangs.is_set():
            return result
    pytest.fail("the agent never came so far")


def test_after_a_killed_run_the_next_ends_its_agent_and_records_one_unknown_cost(set_up: SetUp) -> None:
    bench = set_up(THEN_DOES_IT)
    with bench.repository.start("run", "p") as process:
        eventually(bench.api.hangs.is_set)
        process.kill()
    orphan = bench.agent()
    try:
        assert is_alive(orphan)
        assert bench.run().code == 0
        eventually(lambda: not is_alive(orphan))
    finally:
        with suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGKILL)
    assert bench.costs() == [None, pytest.approx(2 * TURN_USD)]


AGENT_ENDED = CALLS.index("agent.run") + 1
COST_RECORDED = CALLS.index("branch.commit", AGENT_ENDED) + 1


@pytest.mark.parametrize("point", [AGENT_ENDED, COST_RECORDED], ids=["the agent", "the cost is recorded"])
def test_a_run_that_is_killed_after_its_agent_has_ended_keeps_the_true_cost_once(set_up: SetUp, point: int) -> None:
    bench = set_up(once(*DOES_IT))
    dead = run_until(bench.repository, signal.SIGKILL, point, "after")
    assert dead.returncode == -signal.SIGKILL
    assert bench.run().code == 0
    assert bench.recorded() == bench.printed()
    assert bench.costs() == [pytest.approx(2 * TURN_USD)] * 2
    assert [task["id"].rpartition("-")[2] for task in bench.repository.step(1)["ai_tasks"]] == ["1", "1"]
