import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from claudestep.domain.changes import RecordTasks
from claudestep.infrastructure.owner import current_owner, owner_of
from claudestep.infrastructure.runs import RunRecord, Runs, Unsent
from tests.fakes.clock import NOON, FakeClock
from tests.unit.builders import task

DEAD = replace(current_owner(), started="before our time")


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "claudestep", FakeClock())


@pytest.fixture
def claim() -> str:
    """An id of its own: folders of runs stand in the machine's temporary folder."""
    return uuid4().hex


def notes(runs: Runs) -> list[str]:
    return sorted(path.name for path in (runs.root / "runs").glob("*"))


@contextmanager
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a group of its own, as an agent is."""
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        yield process
        process.kill()


def how_it_ends(process: "subprocess.Popen[bytes]") -> int:
    """Its exit status: 0 by itself, now that it is told to go on, or the signal that ended it before."""
    process.communicate(b"\n")
    return process.returncode


def leave_dead(runs: Runs, claim: str, **values: object) -> RunRecord:
    """What a run leaves that was killed: its note, and a folder with something in it."""
    with runs.begin(claim, "p", DEAD) as run:
        record = msgspec.structs.replace(run.record, **values)
    (runs.root / "runs" / f"{claim}.json").write_bytes(msgspec.json.encode(record))
    Path(record.folder).mkdir()
    Path(record.folder, "file").write_bytes(b"")
    return record


def test_a_run_is_noted_while_it_lasts_and_forgotten_at_its_end(runs: Runs, claim: str) -> None:
    with runs.begin(claim, "p", current_owner()) as run:
        assert notes(runs) == [f"{claim}.json"]
        assert run.folder.name == f"claudestep-p-{claim}"
        assert not run.folder.exists()
        run.folder.mkdir()
        (run.folder / "file").write_bytes(b"")
    assert notes(runs) == []
    assert not run.folder.exists()


def test_a_run_is_forgotten_when_it_breaks_off(runs: Runs, claim: str) -> None:
    begun = []

    def interrupted() -> None:
        with runs.begin(claim, "p", current_owner()) as run:
            run.folder.mkdir()
            begun.append(run.folder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert notes(runs) == []
    assert [folder.exists() for folder in begun] == [False]


def test_a_sweep_removes_what_dead_runs_left(runs: Runs, claim: str) -> None:
    record = leave_dead(runs, claim)
    assert runs.sweep() == 1
    assert notes(runs) == []
    assert not Path(record.folder).exists()
    assert runs.sweep() == 0


def test_a_sweep_leaves_alone_what_a_living_run_has(runs: Runs, claim: str) -> None:
    with runs.begin(claim, "p", current_owner()) as run:
        run.folder.mkdir()
        assert runs.sweep() == 0
        assert notes(runs) == [f"{claim}.json"]
        assert run.folder.exists()


def test_a_sweep_removes_no_folder_that_is_not_named_like_a_runs(runs: Runs, claim: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    leave_dead(runs, claim, folder=str(mine))
    assert runs.sweep() == 1
    assert (mine / "file").exists()


def test_a_sweep_ends_the_agent_that_a_dead_run_left_working(runs: Runs, claim: str) -> None:
    with sleeper() as agent:
        leave_dead(runs, claim, agent=owner_of(agent.pid))
        runs.sweep()
        assert how_it_ends(agent) == -signal.SIGKILL


def test_a_sweep_ends_no_process_that_only_has_the_agents_number(runs: Runs, claim: str) -> None:
    with sleeper() as stranger:
        leave_dead(runs, claim, agent=replace(owner_of(stranger.pid), started="before our time"))
        runs.sweep()
        assert how_it_ends(stranger) == 0


def test_an_agent_is_noted_beside_its_run(runs: Runs, claim: str) -> None:
    with sleeper() as agent, runs.begin(claim, "p", DEAD) as run:
        run.note_agent(agent.pid)
        runs.sweep()
        assert how_it_ends(agent) == -signal.SIGKILL


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"claim": 1}', b"\xff"])
def test_a_sweep_leaves_alone_what_is_no_note(runs: Runs, content: bytes) -> None:
    stray = runs.root / "runs" / "stray.json"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(content)
    assert runs.sweep() == 0
    assert stray.exists()


def test_a_sweep_does_nothing_when_no_run_ever_was(runs: Runs) -> None:
    assert runs.sweep() == 0
    assert not runs.root.exists()


def test_a_sweep_removes_scratch_that_is_older_than_an_hour(runs: Runs) -> None:
    scratch = runs.root / "tmp"
    for name, age in (("old", timedelta(minutes=61)), ("new", timedelta(minutes=59))):
        (scratch / name).mkdir(parents=True)
        (scratch / name / "index").write_bytes(b"")
        moment = (NOON - age).timestamp()
        os.utime(scratch / name, (moment, moment))
    runs.sweep()
    assert [path.name for path in scratch.iterdir()] == ["new"]


def test_a_patch_is_kept_under_its_claim(runs: Runs) -> None:
    path = runs.keep_patch("c1", b"diff --git a b\n")
    assert path == runs.root / "patches" / "c1.patch"
    assert path.read_bytes() == b"diff --git a b\n"


def test_tasks_that_could_not_be_recorded_are_what_they_were_when_they_are_read(runs: Runs) -> None:
    first = RecordTasks(3, (task(0.5, id="c1-1", extra={"later": [1]}), task(None, id="c1-2")))
    second = RecordTasks(1, (task(0.25, id="c2-1"),))
    for claim, name, record in (("c2", "q", second), ("c1", "p", first)):
        with runs.begin(claim, name, current_owner()) as run:
            run.note_spent(record)
            assert run.spent == runs.root / "spent" / f"{claim}.json"
    folder = runs.root / "unsent"
    assert runs.unsent() == [Unsent(folder / "c1.json", "p", first), Unsent(folder / "c2.json", "q", second)]
    assert not list((runs.root / "spent").iterdir())


def test_nothing_is_unsent_while_its_run_lasts(runs: Runs, claim: str) -> None:
    with runs.begin(claim, "p", current_owner()) as run:
        run.note_spent(RecordTasks(1, (task(0.5),)))
        runs.sweep()
        assert runs.unsent() == []
        assert run.spent.exists()


def test_the_last_note_of_what_was_spent_counts(runs: Runs, claim: str) -> None:
    unknown, known = RecordTasks(1, (task(None, id="c1-1"),)), RecordTasks(1, (task(0.5, id="c1-1"),))
    with runs.begin(claim, "p", current_owner()) as run:
        run.note_spent(unknown)
        run.note_spent(known)
    assert [one.record for one in runs.unsent()] == [known]


def test_nothing_is_unsent_when_what_was_spent_is_recorded(runs: Runs, claim: str) -> None:
    with runs.begin(claim, "p", current_owner()) as run:
        run.forget_spent()
        run.note_spent(RecordTasks(1, (task(0.5),)))
        run.forget_spent()
        run.forget_spent()
    assert runs.unsent() == []


def test_what_a_killed_run_had_spent_is_unsent_from_the_next_sweep_on(runs: Runs, claim: str) -> None:
    record = RecordTasks(2, (task(None, id="c1-1"),))
    with runs.begin(claim, "p", DEAD) as run:
        run.note_spent(record)
        assert runs.sweep() == 1
        assert [(one.project, one.record) for one in runs.unsent()] == [("p", record)]
        assert not run.spent.exists()


def test_nothing_is_unsent_when_nothing_was_kept(runs: Runs) -> None:
    assert runs.unsent() == []


@pytest.mark.parametrize("content", [b"", b"{}", b'{"project": "p", "step_index": 1, "tasks": [{}]}'])
def test_unsent_tasks_that_cannot_be_read_are_named_and_left(
    runs: Runs, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = runs.root / "unsent" / "c1.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert runs.unsent() == []
    assert str(path) in caplog.text
    assert path.exists()
