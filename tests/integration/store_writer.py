"""A process that records operations in a store; started with REPOSITORY NAME UPDATES PROJECT...

It says `ready`, waits for a line, records each operation in the next of the projects, and says what it met.
"""

import json
import logging
import sys
import time
from pathlib import Path

from claudestep.domain.errors import StoreBusy
from claudestep.infrastructure.git.command import open_repository
from claudestep.infrastructure.metadata.git_branch import GitMetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.adapters import git_environment
from tests.contract.records import add_task

MOST_REFUSALS = 5


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
    refused = 0
    slowest = 0.0
    for number in range(updates):
        begun = time.monotonic()
        refused += record(store, projects[number % len(projects)], f"{name}-{number}")
        slowest = max(slowest, time.monotonic() - begun)
    say(json.dumps({"lost": count.lines, "refused": refused, "slowest": slowest}))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def record(store: MetadataStore, project: str, task_id: str) -> int:
    """Record an operation, again after a refusal that surely wrote nothing; return how many refusals there were.

    Git's house-keeping removes empty folders of objects, and a write that meets this is refused at once.
    """
    for refusals in range(MOST_REFUSALS):
        try:
            store.update(project, add_task(task_id))
        except StoreBusy as error:
            if "unable to create temporary file" not in str(error) or "may have been written" in str(error):
                raise
        else:
            return refusals
    raise SystemExit(f"{task_id} was refused {MOST_REFUSALS} times")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
