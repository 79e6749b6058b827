"""Programs that are interrupted in the middle of something."""

import os
import signal
from pathlib import Path

import pytest

from claudestep.infrastructure import process
from claudestep.infrastructure.files import discard


class Broken(BaseException):
    """What a handler of a signal raises."""


def test_a_program_comes_to_its_end_when_the_wait_for_it_is_interrupted(tmp_path: Path) -> None:
    """git, killed at once, leaves its locks behind."""

    def interrupt(*_: object) -> None:
        raise Broken

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Broken):
            process.run(("sh", "-c", "sleep 0.6; touch done"), env=os.environ, cwd=tmp_path)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert (tmp_path / "done").exists()


def test_what_cannot_be_removed_is_named_and_nothing_fails(caplog: pytest.LogCaptureFixture) -> None:
    discard(Path("/proc/self/environ"))
    assert "/proc/self/environ cannot be removed" in caplog.text


def test_a_file_a_folder_and_nothing_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "folder" / "inner"
    folder.mkdir(parents=True)
    file = tmp_path / "file"
    file.touch()
    for path in (tmp_path / "folder", file, file):
        discard(path)
        assert not path.exists()


def test_a_program_that_does_not_answer_is_killed_with_what_it_started() -> None:
    with pytest.raises(process.CommandFailed, match=r"sh: no answer within 0\.2 seconds") as raised:
        process.run(("sh", "-c", "sleep 1000; true"), env=os.environ, timeout=0.2)
    assert raised.value.returncode is None
