"""Limits on how often GitHub is asked: every write arrives, nobody comes back too early, and the user hears why.

The server keeps limits as GitHub does, scaled down: an hour of three seconds, a minute of two. It knows each
process by its connection, and counts who came back before the time that it was told.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudestep import Project
from claudestep.domain.errors import StoreBusy
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.metadata import codec
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.records import add_task, counted
from tests.github_client import client_of
from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository
from tests.integration.bad_days import PAID, broken_off, kept_patches, told
from tests.integration.github_clone import PROJECT, GitHubClone
from tests.integration.github_host import Stage, new_stage
from tests.integration.test_give_up import USAGE
from tests.integration.writers import Load

TOKEN = "token-of-limited-writers"  # noqa: S105
MANY, SOME = 32, 8
PROJECTS = tuple(f"project-{letter}" for letter in "abcdefgh")
COMMIT = "graphql mutation createCommitOnBranch"
PLENTY = 100_000
SECONDARY = "GitHub asks to slow down (its secondary rate limit); waiting "
PRIMARY = "GitHub's rate limit is used up; waiting "


@pytest.fixture
def remote(github: GitHubServer) -> Iterator[RemoteRepository]:
    """A repository whose metadata branch has begun, and a user with limits of its own."""
    made = github.new_repository({"README.md": "Somebody's code.\n"})
    made.commit("claudestep-metadata", {"projects/zero.json": codec.encode(Project(project="zero"))})
    github.add_user("octo-limited", TOKEN)
    for resource in ("core", "graphql"):
        github.set_limit(token=TOKEN, resource=resource, limit=PLENTY, used=0)
    github.set_pace(0, 1, token=TOKEN)  # which forgets who was refused before
    yield made
    github.set_pace(0, 1, token=TOKEN)


def check_that_all_arrive(remote: RemoteRepository, writers: int, api: str, warning: str) -> None:
    """All writers at once, one write each; who has to wait says so in one line, and comes when it was told."""
    load = Load(
        repository=remote.name,
        writers=writers,
        projects=PROJECTS,
        environment={**os.environ, **remote.server.environment(TOKEN)},
        updates=1,
        program=("tests.integration.store_writer", api),
    )

    met = load.write()

    refused, early = remote.server.refusals()
    lines = Counter(len(each.warnings) for each in met)
    assert counted(MetadataStore(GitHubMetadataBranch(client_of(remote)))) == load.expected
    assert remote.git("rev-list", "--count", "claudestep-metadata") == str(writers + 1)
    assert refused > 0
    assert early == 0
    assert lines[1] > 0
    assert lines.keys() <= {0, 1}
    assert [line for each in met for line in each.warnings if not line.startswith(warning)] == []


@pytest.mark.parametrize(
    ("writers", "api", "status", "points"),
    [(MANY, "graphql", 403, 200), (SOME, "graphql", 200, 40), (SOME, "rest", 429, 120)],
)
def test_every_write_arrives_under_a_secondary_limit(
    remote: RemoteRepository, writers: int, api: str, status: int, points: int
) -> None:
    remote.server.set_pace(points, 2, token=TOKEN, status=status)
    check_that_all_arrive(remote, writers, api, SECONDARY)


@pytest.mark.parametrize(
    ("writers", "api", "resource", "share"), [(MANY, "graphql", "graphql", 80), (SOME, "rest", "core", 50)]
)
def test_every_write_arrives_where_the_hours_share_is_used_up(
    remote: RemoteRepository, writers: int, api: str, resource: str, share: int
) -> None:
    remote.server.set_limit(token=TOKEN, resource=resource, limit=share, used=0, seconds=3)
    check_that_all_arrive(remote, writers, api, PRIMARY)


# One writer, and a clock that the waits do not hold up


@pytest.fixture
def stage(github: GitHubServer) -> Stage:
    return new_stage(github)


def store_of(stage: Stage) -> MetadataStore:
    return MetadataStore(GitHubMetadataBranch(stage.client, stage.clock), clock=stage.clock)


def test_a_wait_is_not_the_time_of_a_race(stage: Stage) -> None:
    """It waits for longer than a race may take, and loses one afterwards."""
    store = store_of(stage)
    store.update("a", add_task("1"))
    stage.repository.fault(Fault(kind="secondary_limit", on=COMMIT, seconds=150))
    stage.repository.fault(Fault(kind="secondary_limit", on="graphql query*", seconds=150, skip=1))
    stage.repository.fault(Fault(kind="reset", on=COMMIT, skip=1))

    store.update("a", add_task("2"))

    assert stage.clock.elapsed >= 300
    assert stage.repository.pending_faults() == []
    assert counted(store) == {"1": 1, "2": 1}


def test_what_others_may_have_overtaken_is_not_sent_after_a_wait(stage: Stage) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    stage.repository.fault(Fault(kind="secondary_limit", on=COMMIT, seconds=30))
    stage.clock.while_asleep(lambda: store_of(stage.again()).update("a", add_task("other")))
    stage.repository.forget_requests()

    store.update("a", add_task("2"))

    other = ["Metadata", "CreateCommit"]
    assert stage.asked() == ["Metadata", "CreateCommit", *other, "Metadata", "CreateCommit"]
    assert counted(store) == {"1": 1, "other": 1, "2": 1}


def test_a_limit_that_comes_again_and_again_is_given_up(stage: Stage) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    stage.repository.fault(Fault(kind="secondary_limit", on=COMMIT, seconds=100, times=None))

    with pytest.raises(
        StoreBusy, match=r"could not be written in 3\d\d s of waiting: GitHub asks to slow"
    ) as given:
        store.update("a", add_task("2"))

    assert given.value.remedy.startswith("Run it again later")
    assert 300 < stage.clock.elapsed < 450


def test_a_limit_without_a_time_is_waited_for_a_minute_then_two(stage: Stage) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    stage.repository.fault(Fault(kind="secondary_limit", on="graphql query*", status=429, times=2))
    assert counted(store) == {"1": 1}
    assert 180 <= stage.clock.elapsed <= 180 + 2 * 10


# The program


def test_what_was_paid_is_kept_where_the_share_is_used_up_meanwhile(github: GitHubServer, tmp_path: Path) -> None:
    """The claim is written, the agent is paid, and then nothing more can be written for forty minutes."""
    clone = GitHubClone.of(github, tmp_path, command=f"{PAID}; echo '{USAGE}' > \"$CLAUDESTEP_USAGE_FILE\"")
    clone.remote.fault(Fault(kind="primary_limit", seconds=2400, on=COMMIT, times=None))

    result = broken_off(clone, "run", PROJECT)

    told(result, 1, "rate limit is used up; it can be tried again at", "UTC")
    (kept,) = (clone.git_folder / "claudestep/unsent").glob("*.json")
    assert '"cost_usd":0.25' in kept.read_text().replace(" ", "")
    assert kept_patches(clone) == 1

    clone.remote.clear_faults()
    clone.run("run", PROJECT)

    assert [task["cost_usd"] for task in clone.step(1)["ai_tasks"]] == [0.25, 0.25]
    assert not kept.exists()
