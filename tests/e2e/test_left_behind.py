"""What Claude Code leaves running, and what it waits for: its shells are no part of its process group."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.e2e.bench import DOES_IT, DONE, HANGS, MODEL, TURN_USD, bash, once
from tests.e2e.conftest import SetUp
from tests.e2e.test_signals import is_alive
from tests.fakes.messages_api import Scenario
from tests.integration.repository import eventually

MAY_RUN = f"agent: {{model: {MODEL}, allowedTools: [Bash]}}\nsummary: false\n"


@contextmanager
def ended_at_last(pids: Path) -> Iterator[None]:
    """Whatever a test finds: of the shells that noted themselves and what they started, nothing is left."""
    try:
        yield
    finally:
        for pid in pids.read_text(encoding="utf-8").split() if pids.exists() else []:
            with suppress(ProcessLookupError):
                os.killpg(os.getpgid(int(pid)), signal.SIGKILL)


def left(pids: Path) -> list[int]:
    return [int(pid) for pid in pids.read_text(encoding="utf-8").split() if is_alive(int(pid))]


def test_what_a_command_left_running_is_ended_with_the_agent(set_up: SetUp, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    bench = set_up(once(bash(f"tail -f /dev/null & echo $! > {pids}"), *DOES_IT), MAY_RUN)
    with ended_at_last(pids):
        assert bench.run().code == 0
        assert left(pids) == []


def test_the_command_that_an_orphaned_agent_runs_is_ended_by_the_next_run(set_up: SetUp, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    bench = set_up(Scenario(runs=[(bash(f"echo $$ > {pids}; sleep 60; true"), HANGS), DOES_IT]), MAY_RUN)
    with ended_at_last(pids):
        with bench.repository.start("run", "p") as process:
            eventually(lambda: pids.exists() and bool(pids.read_text()))
            process.kill()
        assert bench.run().code == 0
        assert bench.costs()[0] is None
        assert left(pids) == []


def test_ctrl_c_ends_the_command_that_the_agent_runs(set_up: SetUp, tmp_path: Path, claude: Path) -> None:
    """Here nothing stands between ClaudeStep and Claude Code: the group that gets the signal is its own."""
    pids = tmp_path / "pids"
    bench = set_up(once(bash(f"echo $$ > {pids}; sleep 60; true"), DONE), MAY_RUN)
    (bench.bin / "claude").unlink()
    (bench.bin / "claude").symlink_to(claude)
    with ended_at_last(pids):
        result = bench.repository.interrupt(signal.SIGINT, "run", "p", once=pids)
        bench.check()
        assert result.code == 130
        assert left(pids) == []
    assert (bench.costs(), bench.failures()) == ([TURN_USD], 0)


def test_a_run_that_waits_for_its_own_background_task_is_recorded_whole(set_up: SetUp) -> None:
    """2.1.330 prints a result, waits for the task, goes on, and prints another."""
    bench = set_up(once(bash("sleep 1", background=True), *DOES_IT), MAY_RUN)
    assert bench.run().code == 0
    assert bench.recorded() == bench.printed()
