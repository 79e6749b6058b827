"""Many real processes write to one repository while its user works and git cleans up: nothing lost or doubled."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from claudestep.infrastructure.metadata.git_branch import REF
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.adapters import git, git_branch
from tests.contract.records import counted
from tests.integration.writers import UPDATES, expected_of, write_together

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


@pytest.mark.parametrize("projects", [("one",), ("a", "b", "c", "d", "e")], ids=["one project", "five projects"])
@pytest.mark.parametrize("writers", [8, 32])
def test_every_update_of_every_process_is_there_once(
    repository: Path, writers: int, projects: tuple[str, ...]
) -> None:
    disturbance = Disturbance(repository)
    begun = time.monotonic()
    with disturbance.going_on():
        results = write_together(str(repository), writers, projects)
    logger.info(
        "%d processes: %.1f s, %d lost races, slowest update %.1f s, %d rounds of disturbance",
        writers,
        time.monotonic() - begun,
        sum(result.lost for result in results),
        max(max(result.seconds) for result in results),
        disturbance.rounds,
    )

    assert counted(MetadataStore(git_branch(repository))) == expected_of(writers)
    parents = git(repository, "rev-list", "--parents", REF).splitlines()
    assert [len(line.split()) - 1 for line in parents] == [1] * (writers * UPDATES - 1) + [0]
    assert git(repository, "fsck", "--strict", "--no-progress", "--no-dangling") == ""
    assert disturbance.rounds > 0
    assert git(repository, "rev-list", "--count", "main") == str(disturbance.rounds + 1)
