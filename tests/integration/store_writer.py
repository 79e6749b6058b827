"""A process that records operations in a store; started with REPOSITORY NAME UPDATES PROJECT...

It says `ready`, waits for a line, records each operation in the next of the projects, and says what it met.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.git.command import open_repository
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.git_branch import GitMetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.retry import Patience as StorePatience
from tests.contract.adapters import git_environment
from tests.contract.records import add_task

_PATIENT = StorePatience(total=200.0)
_STUBBORN = Patience(tries=8)
"""Where one request in twenty fails, four tries of a read fail now and then, and no test may."""


class Count(logging.Handler):
    """How often the store said something: once for each lost race and each commit without an answer."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        del record
        self.lines += 1


def main(repository: str, name: str, updates: int, projects: list[str]) -> None:
    count = Count()
    store_log = logging.getLogger("claudestep.infrastructure.metadata.store")
    store_log.setLevel(logging.INFO)
    store_log.addHandler(count)
    store = MetadataStore(branch_of(repository), patience=_PATIENT)
    say("ready")
    sys.stdin.readline()
    slowest = 0.0
    for number in range(updates):
        begun = time.monotonic()
        store.update(projects[number % len(projects)], add_task(f"{name}-{number}"))
        slowest = max(slowest, time.monotonic() - begun)
    say(json.dumps({"lost": count.lines, "slowest": slowest}))


def branch_of(repository: str) -> MetadataBranch:
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
    return GitHubMetadataBranch(github)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
