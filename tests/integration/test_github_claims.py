"""Claims on GitHub: reads that lag behind them, dead ones that are taken over, and the base that they are for."""

from dataclasses import replace
from pathlib import Path

import pytest

from claudestep.application.finalize import Gone, Spent, begin_publishing
from claudestep.application.prepare import ToSettle
from claudestep.application.settle import settle
from claudestep.cli.settings import Settings
from claudestep.cli.wiring import connect
from claudestep.domain.changes import RecordTasks, Takeover
from claudestep.domain.models import Owner
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.first_run import FIRST_RUN
from tests.integration.github_clone import GitHubClone
from tests.integration.killing import kill_at
from tests.integration.repository import PROJECT

ROOM = "reviewers: [{username: alice, maxOpenPRs: 9}]\n"
PUSHED = next(number for number, point in enumerate(FIRST_RUN) if point.operation == "git receive-pack")


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return GitHubClone.of(github, tmp_path, more=ROOM)


def lag(clone: GitHubClone, *, looks: int, times: int = 1) -> None:
    """After so many looks, the next ones see the branches as they were three requests before."""
    clone.remote.fault(Fault(kind="lag", on="graphql query Observe", requests=3, skip=looks, times=times))


# Reads that lag behind a run's own writes


@pytest.mark.parametrize("steps_before", [0, 1], ids=["first of all", "on a branch that is there"])
def test_a_read_from_before_its_claim_does_not_end_a_run(clone: GitHubClone, steps_before: int) -> None:
    for _ in range(steps_before):
        clone.run("run", PROJECT)
    lag(clone, looks=1, times=2)

    assert clone.run("run", PROJECT).code == 0

    assert len(clone.remote.pulls()) == steps_before + 1
    assert not clone.remote.pending_faults()


def test_a_read_from_before_its_record_does_not_keep_a_run_from_its_next_step(clone: GitHubClone) -> None:
    lag(clone, looks=2)

    assert clone.run("run", PROJECT, "--max-steps", "2").code == 0

    assert [pull["head"] for pull in clone.remote.pulls()] == ["claude-step-p-1", "claude-step-p-2"]
    assert not clone.remote.pending_faults()


# What dead runs left


def die_with_a_branch(clone: GitHubClone) -> None:
    """A run dies after its push, and before it asks for its pull request."""
    clone.remote.commit(
        "main", {"README.md": "hello\n"}
    )  # so that it fetches, and its requests are those of FIRST_RUN
    clone.remote.forget_requests()
    kill_at(clone, PUSHED, "done")
    assert "claude-step-p-1" in clone.branches()


def test_of_two_runs_that_see_a_dead_claim_one_opens_its_pull_request(clone: GitHubClone) -> None:
    die_with_a_branch(clone)
    late = connect(Settings(clone.environment), clone.path)
    (dead,) = late.see().unfinished
    quick = replace(late, owner=Owner(host="elsewhere", boot_id="b", pid=1, started="1"))
    taken = Spent(dead.claim.id, PROJECT, RecordTasks(1, ()), Takeover(dead.claim, quick.owner))
    assert not isinstance(begin_publishing(quick, taken), Gone)

    assert settle(late, ToSettle(dead, "main")) is None

    assert clone.remote.pulls() == []
    assert clone.step(1)["claim"]["owner"]["host"] == "elsewhere"


def test_a_dead_branch_that_github_will_not_take_now_stops_no_other_project(clone: GitHubClone) -> None:
    clone.add_project("q", more=ROOM)
    clone.commit()
    die_with_a_branch(clone)
    clone.remote.fault(Fault(kind="status", status=404, message="No", on="graphql mutation createPullRequest"))

    with clone.start("run", "q") as process:
        told = process.communicate()

    assert process.returncode == 0, told
    assert "no pull request could be opened from claude-step-p-1 by now" in told[1], told
    assert [pull["head"] for pull in clone.remote.pulls()] == ["claude-step-q-1"]

    assert clone.run("run", PROJECT).code == 0
    assert "claude-step-p-1" in [pull["head"] for pull in clone.remote.pulls()]
    assert clone.step(1).get("failures", 0) == 0


# The base branch


def test_a_run_for_another_base_leaves_other_projects_alone(clone: GitHubClone) -> None:
    clone.add_project("q", more=ROOM)
    clone.commit()
    clone.remote.branch("release")
    clone.remote.commit("release", {"claude-step/p/spec.md": "- [x] One\n"})
    clone.run("run", PROJECT)
    before = clone.document(PROJECT)

    assert clone.run("run", "q", "--base-branch", "release").code == 0

    assert clone.document(PROJECT) == before
    assert clone.pull(2)["base"] == "release"


@pytest.mark.parametrize("options", [("--base-branch", "release"), ()])
def test_a_pull_request_is_for_the_base_of_its_claim_whoever_opens_it(
    clone: GitHubClone, options: tuple[str, ...]
) -> None:
    clone.remote.branch("release")
    die_with_a_branch(clone)
    clone.run("run", PROJECT, *options)
    assert clone.pull(1)["base"] == "main"
