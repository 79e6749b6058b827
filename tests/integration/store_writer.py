"""A process that records operations in a store; started with API REPOSITORY NAME UPDATES PROJECT...

It says `ready`, waits for a line, records each operation in the next of the projects, and says what it met.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from claudestep.domain.models import Project
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.git.command import open_repository
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.github.rest_branch import RestMetadataBranch
from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.git_branch import GitMetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.retry import Patience as StorePatience
from tests.contract.adapters import git_environment
from tests.contract.records import add_task

_PATIENT = StorePatience(total=200.0)
_STUBBORN = Patience(tries=8)
"""Where one request in twenty fails, four tries of a read fail now and then, and no test may."""


class Met(msgspec.Struct):
    """What a writer met: the seconds of each write that succeeded, and why the others did not, by their ids.

    `lost` counts lost races and commits without an answer, `warnings` are what a user would have read, and `peak`
    is the memory that it needed at most, in KiB.
    """

    lost: int
    warnings: list[str]
    seconds: list[float]
    raised: dict[str, str]
    peak: int


class Count(logging.Handler):
    """How often the store lost a race or got no answer, and what a user is warned of."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lost = 0
        self.warnings: list[str] = []
        logging.getLogger("claudestep.infrastructure.metadata.store").setLevel(logging.INFO)
        logging.getLogger("claudestep").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno > logging.INFO:
            self.warnings.append(record.getMessage())
        self.lost += record.getMessage().startswith(("lost a race", "no answer to a commit"))


def record(
    store: MetadataStore,
    ids: Sequence[str],
    projects: Sequence[str],
    *,
    survives: type[Exception] | tuple[()] = (),
    change_of: Callable[[str], Callable[[Project], Project]] = add_task,
) -> Met:
    """Say that it can begin, begin when it is told to, and record all ids; `survives` what ends no writer."""
    count = Count()
    met = Met(lost=0, warnings=count.warnings, seconds=[], raised={}, peak=0)
    say("ready")
    sys.stdin.readline()
    for number, id_ in enumerate(ids):
        begun = time.monotonic()
        try:
            store.update(projects[number % len(projects)], change_of(id_))
        except survives as error:
            met.raised[id_] = f"{type(error).__name__}: {error}"
        else:
            met.seconds.append(round(time.monotonic() - begun, 4))
    met.lost, met.peak = count.lost, peak_memory(os.getpid())
    say(msgspec.json.encode(met).decode())
    return met


def ids_of(name: str, updates: int) -> list[str]:
    """What a writer of this name records."""
    return [f"{name}-{number}" for number in range(updates)]


def peak_memory(pid: int) -> int:
    """The most memory that a process ever had, in KiB; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def branch_of(repository: str, api: str) -> MetadataBranch:
    """The metadata branch of a folder, or of a repository on the server that the environment names."""
    if Path(repository).is_dir():
        return GitMetadataBranch(open_repository(Path(repository), git_environment()))
    github = GitHub(
        endpoints=Endpoints.read(os.environ),
        repository=RepositoryName.parse(repository),
        token=Token(os.environ["GITHUB_TOKEN"]),
        transport=Urllib3Transport({}),
        clock=SystemClock(),
        patience=_STUBBORN,
    )
    return RestMetadataBranch(github) if api == "rest" else GitHubMetadataBranch(github)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    record(
        MetadataStore(branch_of(sys.argv[2], sys.argv[1]), patience=_PATIENT),
        ids_of(sys.argv[3], int(sys.argv[4])),
        sys.argv[5:],
    )
