"""What was spent is recorded once, whatever becomes of the run that spent it."""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from claudestep import Project, open_store
from tests.integration.repository import PROJECT, SPEC, Repository, eventually

TASK = '{"type": "PRCreation", "model": "m", "cost_usd": 1.0, "created_at": "2025-01-15T10:30:00Z"}'
PAYS = f'echo \'{TASK}\' > "$CLAUDESTEP_USAGE_FILE"\necho x > "$CLAUDESTEP_STEP_INDEX.txt"\n'


class Waiting:
    """A run whose agent, or whose verify, waits until it is told to go on."""

    def __init__(self, place: Path, *, in_verify: bool = False, more: str = "") -> None:
        self.marker, self.gate = place / "waits", place / "go"
        wait = f"touch {self.marker}\nwhile [ ! -e {self.gate} ]; do sleep 0.05; done\n"
        verify = "verify: |\n" + "".join(f"  {line}\n" for line in wait.splitlines()) if in_verify else ""
        command = PAYS if in_verify else PAYS + wait
        self.repository = Repository(place).begin(command=command, more=verify + more)

    def until_it_waits(self, then: Callable[["Waiting", int], None]) -> int:
        with self.repository.start("run", PROJECT) as process:
            eventually(self.marker.exists)
            then(self, process.pid)
            process.communicate(timeout=60)
        return process.returncode

    def go_on(self) -> None:
        self.gate.touch()

    def costs(self, project: str = PROJECT) -> list[float | None]:
        return [task["cost_usd"] for task in self.repository.step(1, project)["ai_tasks"]]


def killed(_: Waiting, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def simple(repository: Repository) -> None:
    repository.configure("echo y > y.txt")
    repository.commit()


def expire(project: Project) -> Project:
    """The claim of the first step, past its time."""
    step = project.steps[0]
    assert step.claim is not None
    old = replace(step.claim, until=datetime(2020, 1, 1, tzinfo=UTC))
    return project.with_step(replace(step, claim=old))


def test_a_cost_that_a_command_had_written_when_its_run_was_killed(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    waiting.until_it_waits(killed)
    simple(waiting.repository)
    waiting.repository.run("run", PROJECT)
    assert waiting.costs() == [1.0]


def test_a_cost_that_was_read_when_its_run_was_killed(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, in_verify=True)
    waiting.until_it_waits(killed)
    simple(waiting.repository)
    waiting.repository.run("run", PROJECT)
    assert waiting.costs() == [1.0]


def test_a_cost_of_a_killed_run_whose_project_is_renamed_before_the_next_run(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, in_verify=True)
    waiting.until_it_waits(killed)
    waiting.repository.git("mv", "claude-step/p", "claude-step/q")
    waiting.repository.commit()
    assert waiting.repository.run("metadata", "rename", PROJECT, "q").code == 0
    assert waiting.costs("q") == [1.0]


def test_a_cost_of_a_run_whose_claim_ended_and_whose_project_was_renamed_meanwhile_is_kept(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)

    def rename(_: Waiting, __: int) -> None:
        open_store(waiting.repository.path).update(PROJECT, expire)
        with waiting.repository.start("metadata", "rename", PROJECT, "q") as renaming:
            assert renaming.wait(60) == 0
        waiting.go_on()

    assert waiting.until_it_waits(rename) == 1
    (kept,) = (waiting.repository.git_folder / "claudestep/unsent").glob("*.json")
    assert msgspec.json.decode(kept.read_bytes())["tasks"][0]["cost_usd"] == 1.0


def test_a_cost_of_a_run_of_another_boot_whose_time_is_over(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path, in_verify=True)
    waiting.until_it_waits(killed)
    (note,) = (waiting.repository.git_folder / "claudestep/runs").glob("*.json")
    record = msgspec.json.decode(note.read_bytes())
    record["owner"]["boot_id"] = record["agent"]["boot_id"] = "another"
    note.write_bytes(msgspec.json.encode(record))
    open_store(waiting.repository.path).update(
        PROJECT, lambda p: p.with_step(replace(p.steps[0], claim=None, failures=1)) if p.steps[0].claim else p
    )
    simple(waiting.repository)
    with waiting.repository.start("run", PROJECT) as early:
        early.wait(60)
    assert note.exists(), "it may be a living run of another host"
    note.write_bytes(msgspec.json.encode(record | {"until": "2020-01-01T00:00:00Z"}))
    waiting.repository.run("run", PROJECT)
    assert waiting.costs() == [1.0]


@pytest.mark.parametrize(("number", "failures"), [(signal.SIGINT, 0), (signal.SIGTERM, 1)])
def test_a_paid_attempt_that_is_ended_is_a_failure_unless_a_person_ended_it(
    tmp_path: Path, number: signal.Signals, failures: int
) -> None:
    waiting = Waiting(tmp_path, in_verify=True)
    assert waiting.until_it_waits(lambda _, pid: os.kill(pid, number)) == 130
    step = waiting.repository.step(1)
    assert (waiting.costs(), step.get("failures", 0)) == ([1.0], failures)


def test_a_setup_that_fails_is_no_failure_of_the_step(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(more="setup: exit 1\n")
    for _ in range(3):
        assert repository.run("run", PROJECT).code == 1
    assert "failures" not in repository.step(1)


def test_an_agent_that_undoes_what_setup_did_has_done_nothing(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.begin(command="git checkout --quiet file.txt", more="setup: echo changed > file.txt\n")
    assert "the agent changed nothing" in repository.run("run", PROJECT).out
    assert repository.branches() == []
    repository.configure("echo mine > file.txt", "setup: echo changed > file.txt\n")
    repository.commit()
    repository.run("run", PROJECT)
    assert repository.changed_files("claude-step-p-1.2") == [SPEC, "file.txt"]


@pytest.mark.parametrize("odd", ['mkdir "$CLAUDESTEP_USAGE_FILE"', 'mkfifo "$CLAUDESTEP_USAGE_FILE"'])
def test_a_usage_file_that_is_none_is_an_unknown_cost(tmp_path: Path, odd: str) -> None:
    repository = Repository(tmp_path).begin(command=f"echo x > x.txt\n{odd}", more='verify: "true"\n')
    assert repository.run("run", PROJECT).code == 0
    assert [task["cost_usd"] for task in repository.step(1)["ai_tasks"]] == [None]


def test_what_left_the_group_is_ended_also_by_a_second_interrupt(tmp_path: Path) -> None:
    pid, ready = tmp_path / "pid", tmp_path / "ready"
    stubborn = f"trap : TERM INT\nsetsid sleep 300 &\necho $! > {pid}\ntouch {ready}\nwhile :; do sleep 0.1; done"
    repository = Repository(tmp_path).begin(command=stubborn)
    with repository.start("run", PROJECT) as process:
        eventually(ready.exists)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    eventually(lambda: not Path("/proc", pid.read_text().strip(), "cmdline").exists())
