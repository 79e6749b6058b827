"""Many real processes at once on one repository on GitHub: nothing lost or doubled, and no limit overstepped.

What the writers met is logged: `pytest -o log_cli=true -o log_cli_level=INFO <this file>`.
"""

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from claudestep import Project
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.metadata import codec
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.records import counted
from tests.github_client import client_of
from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository
from tests.integration.github_clone import METADATA, GitHubClone
from tests.integration.repository import Result, eventually
from tests.integration.writers import expected_of, write_together

logger = logging.getLogger(__name__)

TOKEN = "token-of-many-writers"  # noqa: S105  they need more requests than GitHub grants in an hour
LATENCY = 0.02
MANY = tuple(f"project-{letter}" for letter in "abcdefgh")
SHAKY = (
    Fault(kind="status", status=502, when="before", rate=0.0125, seed=1, times=None),
    Fault(kind="reset", when="before", rate=0.0125, seed=2, times=None),
    Fault(kind="status", status=502, when="after", rate=0.01, seed=3, times=None),
    Fault(kind="reset", when="after", rate=0.01, seed=4, times=None),
    Fault(kind="cut", rate=0.005, seed=5, times=None),
)
"""One request in twenty fails, half of these after what they asked for was done."""
ROUNDS = 50


@pytest.fixture
def remote(github: GitHubServer) -> Iterator[RemoteRepository]:
    made = github.new_repository({"README.md": "Somebody's code.\n"})
    github.add_user("octo-writer", TOKEN)
    github.set_limit(token=TOKEN, resource="graphql", limit=100_000, used=0)
    made.fault(Fault(kind="latency", seconds=LATENCY, times=None))
    yield made
    made.clear_faults()


def begin_the_branch(remote: RemoteRepository) -> None:
    remote.commit("claudestep-metadata", {"projects/zero.json": codec.encode(Project(project="zero"))})


def write(remote: RemoteRepository, writers: int, projects: Sequence[str]) -> None:
    """Let all writers go at once, and log what they met."""
    environment = {**os.environ, **remote.server.environment(TOKEN)}
    remote.forget_requests()
    begun = time.monotonic()
    met = write_together(remote.name, writers, projects, environment)
    logger.info(
        "%d processes, %d projects: %.1f s, %d requests, %d of them failed, %d lost races, slowest update %.1f s",
        writers,
        len(projects),
        time.monotonic() - begun,
        len(remote.requests()),
        sum({*request.faults} != {"latency"} for request in remote.requests()),
        sum(result.lost for result in met),
        max(max(result.seconds) for result in met),
    )


def check_every_update_is_there_once(remote: RemoteRepository, writers: int, *, before: int) -> None:
    """`before`: the commits that the branch had."""
    remote.clear_faults()
    assert counted(MetadataStore(GitHubMetadataBranch(client_of(remote)))) == expected_of(writers)
    commits = remote.git("rev-list", "--parents", METADATA).splitlines()
    parents = [len(line.split()) - 1 for line in commits]
    assert parents == [1] * (before + len(expected_of(writers)) - 1) + [0]
    assert remote.git("fsck", "--strict", "--no-progress", "--no-dangling") == ""


@pytest.mark.parametrize("projects", [("one",), MANY], ids=["one project", "eight projects"])
@pytest.mark.parametrize("writers", [8, 32])
def test_every_update_of_every_process_is_there_once(
    remote: RemoteRepository, writers: int, projects: tuple[str, ...]
) -> None:
    """With eight projects the first commit of the branch is raced for as well."""
    begun = 0
    if projects != MANY:
        begin_the_branch(remote)
        begun = 1

    write(remote, writers, projects)

    check_every_update_is_there_once(remote, writers, before=begun)


@pytest.mark.parametrize(("writers", "projects"), [(8, ("one",)), (32, MANY)], ids=["8 on one", "32 on eight"])
def test_every_update_is_there_once_where_requests_fail(
    remote: RemoteRepository, writers: int, projects: tuple[str, ...]
) -> None:
    for fault in SHAKY:
        remote.fault(fault)

    write(remote, writers, projects)

    check_every_update_is_there_once(remote, writers, before=0)


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    """Two projects, and one reviewer who has room for one pull request of either."""
    spec = "".join(f"- [ ] Step {number}\n\n" for number in range(ROUNDS + 1))
    work, one = 'echo done > "$CLAUDESTEP_PROJECT-$CLAUDESTEP_STEP_INDEX.txt"', "reviewers: [{username: alice}]\n"
    made = GitHubClone.of(github, tmp_path, spec=spec, command=work, more=one)
    made.add_project("q", spec=spec, command=work, more=one)
    made.write("claude-step/configuration.yml", "maxOpenPRsPerReviewer: 1\n")
    made.commit()
    return made


def test_two_runs_and_one_place(clone: GitHubClone) -> None:
    """Fifty times: never two pull requests, and at no commit two claims.

    In every other round both are held until both have decided that the place is theirs.
    """
    winners: Counter[str] = Counter()
    for number in range(ROUNDS):
        if number % 2:
            hold_both_claims(clone)
        results = run_both(clone, wait=bool(number % 2))
        assert [result.code for result in results] == [0, 0], results
        assert sum("No reviewer has room" in result.out for result in results) == 1, results
        opened = [pull for pull in clone.remote.pulls() if pull["state"] == "OPEN"]
        assert len(opened) == 1
        winners[opened[0]["head"].split("-")[2]] += 1
        clone.remote.close(opened[0]["number"])
    logger.info("%s of %d places", dict(winners), ROUNDS)
    assert len(clone.branches()) == ROUNDS
    assert max(places_taken(clone)) == 1
    clone.remote.git("fsck", "--strict", "--no-dangling")


def hold_both_claims(clone: GitHubClone) -> None:
    clone.remote.fault(Fault(kind="hold", on="graphql mutation createCommitOnBranch", times=2))


def run_both(clone: GitHubClone, *, wait: bool) -> list[Result]:
    """One run of each project, both under way before one ends."""
    processes = [clone.start("run", project) for project in ("p", "q")]
    if wait:
        eventually(lambda: len(clone.remote.held()) == len(processes))
        clone.remote.let_go()
    return [Result(process.wait(60), *process.communicate()) for process in processes]


def places_taken(clone: GitHubClone) -> Iterator[int]:
    """At each commit of the metadata branch: the steps that are claimed or in review, over both projects."""
    for commit in clone.remote.git("rev-list", METADATA).splitlines():
        names = clone.git("ls-tree", "--name-only", f"{commit}:projects", cwd=clone.backend).splitlines()
        documents: list[Any] = [json.loads(clone.show(f"{commit}:projects/{name}")) for name in names]
        steps = [step for document in documents for step in document["steps"]]
        yield sum("claim" in step or step.get("pr_state") == "open" for step in steps)
