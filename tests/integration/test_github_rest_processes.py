"""Many real processes that write to one branch on GitHub by REST: every update is there once.

What the writers met is logged: `pytest -o log_cli=true -o log_cli_level=INFO <this file>`.
"""

import logging
import os
import time

import pytest

from claudestep.infrastructure.github.rest_branch import RestMetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.records import counted
from tests.github_client import client_of
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.github_clone import METADATA
from tests.integration.test_github_processes import LATENCY, SHAKY
from tests.integration.writers import Load

logger = logging.getLogger(__name__)

TOKEN = "token-of-writers-by-rest"  # noqa: S105  they need more requests than GitHub grants in an hour


@pytest.mark.parametrize("faults", [(), SHAKY], ids=["all well", "requests fail"])
def test_every_update_of_every_process_is_there_once(github: GitHubServer, faults: tuple[Fault, ...]) -> None:
    remote = github.new_repository({"README.md": "Somebody's code.\n"})
    github.add_user("octo-writer", TOKEN)
    github.set_limit(token=TOKEN, limit=100_000, used=0)
    for fault in (Fault(kind="latency", seconds=LATENCY, times=None), *faults):
        remote.fault(fault)
    load = Load(
        repository=remote.name,
        writers=8,
        projects=("one", "two"),
        updates=5,
        environment={**os.environ, **github.environment(TOKEN)},
        program=("tests.integration.store_writer", "rest"),
    )

    begun = time.monotonic()
    met = load.write()

    seconds, lost = time.monotonic() - begun, sum(one.lost for one in met)
    logger.info("%.1f s, %d requests, %d lost races", seconds, len(remote.requests()), lost)
    assert {request.kind for request in remote.requests()} == {"rest"}
    remote.clear_faults()
    assert counted(MetadataStore(RestMetadataBranch(client_of(remote)))) == load.expected
    parents = [len(line.split()) - 1 for line in remote.git("rev-list", "--parents", METADATA).splitlines()]
    assert parents == [1] * (len(load.expected) - 1) + [0]
    assert remote.git("fsck", "--strict", "--no-progress", "--no-dangling") == ""
