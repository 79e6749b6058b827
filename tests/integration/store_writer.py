"""A process that records operations in a store; started with REPOSITORY NAME UPDATES PROJECT...

It says `ready`, waits for a line, records each operation in the next of the projects, and says what it met.
"""

import json
import logging
import sys
import time
from pathlib import Path

from claudestep.infrastructure.git.command import open_repository
from claudestep.infrastructure.metadata.git_branch import GitMetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.adapters import git_environment
from tests.contract.records import add_task


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
    logging.getLogger("claudestep").setLevel(logging.INFO)
    logging.getLogger("claudestep").addHandler(count)
    store = MetadataStore(GitMetadataBranch(open_repository(Path(repository), git_environment())))
    say("ready")
    sys.stdin.readline()
    slowest = 0.0
    for number in range(updates):
        begun = time.monotonic()
        store.update(projects[number % len(projects)], add_task(f"{name}-{number}"))
        slowest = max(slowest, time.monotonic() - begun)
    say(json.dumps({"lost": count.lines, "slowest": slowest}))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
