"""Many processes that write to one store at once, and what each of them met."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from tests.integration.store_writer import Met, ids_of

ROOT = Path(__file__).parents[2]
UPDATES = 10


@dataclass(frozen=True, kw_only=True)
class Load:
    """Writers, each a process that runs `program` and records `updates` operations, one project after the other.

    `repository` is a folder, or a name on the server that the environment gives. After `longest` seconds it is
    a failure that one has not ended.
    """

    repository: str
    writers: int
    projects: Sequence[str]
    environment: Mapping[str, str] | None = None
    updates: int = UPDATES
    program: Sequence[str] = ("tests.integration.store_writer", "graphql")
    longest: float = 240.0

    @property
    def expected(self) -> dict[str, int]:
        """How often each operation has to be recorded, by its id: once."""
        return dict.fromkeys((id_ for n in range(self.writers) for id_ in ids_of(str(n), self.updates)), 1)

    def write(self) -> list[Met]:
        """Start all writers, let them go at once, and return what each of them met."""
        with ExitStack() as stack:
            processes = [stack.enter_context(self._start(number)) for number in range(self.writers)]
            for process in processes:
                assert _pipe(process.stdout).readline() == "ready\n"
            for process in processes:
                _pipe(process.stdin).write("go\n")
                _pipe(process.stdin).flush()
            return [self._met(process) for process in processes]

    def _start(self, number: int) -> "subprocess.Popen[str]":
        module, *more = self.program
        command = [sys.executable, "-m", module, *more, self.repository, str(number), str(self.updates)]
        return subprocess.Popen(
            [*command, *_rotated(self.projects, number)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=self.environment,
        )  # fmt: skip

    def _met(self, process: "subprocess.Popen[str]") -> Met:
        out, err = process.communicate(timeout=self.longest)
        assert process.returncode == 0, err
        return msgspec.json.decode(out, type=Met)


def expected_of(writers: int) -> dict[str, int]:
    """How often each operation has to be recorded, by its id: once."""
    return Load(repository="", writers=writers, projects=()).expected


def write_together(
    repository: str, writers: int, projects: Sequence[str], environment: Mapping[str, str] | None = None
) -> list[Met]:
    """Let so many writers go at once; what each of them met."""
    return Load(repository=repository, writers=writers, projects=projects, environment=environment).write()


def _rotated(projects: Sequence[str], by: int) -> Sequence[str]:
    """The same projects, beginning with another one for each writer."""
    return [projects[(by + number) % len(projects)] for number in range(len(projects))]


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
