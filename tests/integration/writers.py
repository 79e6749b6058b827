"""Many processes that write to one store at once, and what each of them met."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
UPDATES = 10
LONGEST = 240.0


def expected_of(writers: int) -> dict[str, int]:
    """How often each operation has to be recorded, by its id: once."""
    return {f"{writer}-{number}": 1 for writer in range(writers) for number in range(UPDATES)}


def write_together(
    repository: str, writers: int, projects: Sequence[str], environment: Mapping[str, str] | None = None
) -> list[dict[str, float]]:
    """Start all writers, let them go at once, and return what each of them met.

    `repository` is a folder, or a name on the server that the environment gives.
    """
    with ExitStack() as stack:
        processes = [
            stack.enter_context(_start(repository, str(number), _rotated(projects, number), environment))
            for number in range(writers)
        ]
        for process in processes:
            assert _pipe(process.stdout).readline() == "ready\n"
        for process in processes:
            _pipe(process.stdin).write("go\n")
            _pipe(process.stdin).flush()
        return [_result(process) for process in processes]


def _start(
    repository: str, name: str, projects: Sequence[str], environment: Mapping[str, str] | None
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.integration.store_writer", repository, name, str(UPDATES)]
    return subprocess.Popen(
        [*command, *projects], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=environment,
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
