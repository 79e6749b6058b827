"""Many real processes write to one repository while its user works and git cleans up: nothing lost or doubled."""

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pytest

from claudestep.infrastructure.metadata.git_branch import REF
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.adapters import git, git_branch
from tests.contract.records import counted

ROOT = Path(__file__).parents[2]
UPDATES = 10
LONGEST = 240.0
PAUSE = 0.1
logger = logging.getLogger(__name__)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "repository")
    git(tmp_path / "repository", "commit", "--quiet", "--allow-empty", "--message", "First commit")
    return tmp_path / "repository"


class Disturbance:
    """A user who commits, and git's house-keeping, in a loop."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self.rounds = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            (self.repository / "work.txt").write_text(str(self.rounds))
            git(self.repository, "add", "work.txt")
            git(self.repository, "commit", "--quiet", "--message", f"Work {self.rounds}")
            git(self.repository, "-c", "gc.auto=50", "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
            git(self.repository, "repack", "-adq")
            git(self.repository, "pack-refs", "--all")
            self.rounds += 1
            self._stop.wait(PAUSE)


def write_together(repository: Path, writers: int, projects: Sequence[str]) -> list[dict[str, float]]:
    """Start all writers, let them go at once, and return what each of them met."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(_start(repository, str(number), _rotated(projects, number)))
            for number in range(writers)
        ]
        for process in processes:
            assert _pipe(process.stdout).readline() == "ready\n"
        for process in processes:
            _pipe(process.stdin).write("go\n")
            _pipe(process.stdin).flush()
        return [_result(process) for process in processes]


def _start(repository: Path, name: str, projects: Sequence[str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.integration.store_writer", str(repository), name, str(UPDATES)]
    return subprocess.Popen(
        [*command, *projects], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def _rotated(projects: Sequence[str], by: int) -> Sequence[str]:
    """The same projects, beginning with another one for each writer."""
    return [projects[(by + number) % len(projects)] for number in range(len(projects))]


def _result(process: "subprocess.Popen[str]") -> dict[str, float]:
    out, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 0, err
    result: dict[str, float] = json.loads(out)
    return result


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@pytest.mark.parametrize("projects", [("one",), ("a", "b", "c", "d", "e")], ids=["one project", "five projects"])
@pytest.mark.parametrize("writers", [8, 32])
def test_every_update_of_every_process_is_there_once(
    repository: Path, writers: int, projects: tuple[str, ...]
) -> None:
    disturbance = Disturbance(repository)
    begun = time.monotonic()
    with disturbance.going_on():
        results = write_together(repository, writers, projects)
    logger.info(
        "%d processes: %.1f s, %d lost races, slowest update %.1f s, %d rounds of disturbance",
        writers,
        time.monotonic() - begun,
        sum(result["lost"] for result in results),
        max(result["slowest"] for result in results),
        disturbance.rounds,
    )

    expected = {f"{writer}-{number}": 1 for writer in range(writers) for number in range(UPDATES)}
    assert counted(MetadataStore(git_branch(repository))) == expected
    parents = git(repository, "rev-list", "--parents", REF).splitlines()
    assert [len(line.split()) - 1 for line in parents] == [1] * (writers * UPDATES - 1) + [0]
    assert git(repository, "fsck", "--strict", "--no-progress", "--no-dangling") == ""
    assert disturbance.rounds > 0
    assert git(repository, "rev-list", "--count", "main") == str(disturbance.rounds + 1)
