"""A run that is killed at any of its requests to GitHub: the next one ends with one whole pull request.

Every request of a run has its place here, git's own too. Either it never arrives, or it is done and its reply
finds nobody; one that changes something may also arrive when the next run is long over.
"""

from pathlib import Path

import pytest

from claudestep import Project
from claudestep.infrastructure.metadata import codec
from tests.github_server.fixture import GitHubServer
from tests.integration.first_run import (
    FIRST_RUN,
    ONCE,
    UNPAID,
    check_fate,
    check_one_whole_pull_request,
    named,
    operations,
    paying_clone,
)
from tests.integration.github_clone import METADATA, GitHubClone
from tests.integration.killing import Moment, arrive, kill_at
from tests.integration.repository import PROJECT

POINTS = [
    (number, moment)
    for number, point in enumerate(FIRST_RUN)
    for moment, fate in (("lost", point.lost), ("done", point.done))
    if fate is not None
]
LATE = [
    number for number, point in enumerate(FIRST_RUN) if point.done is not None or "receive-pack" in point.operation
]
SETTLING = (
    "Observe", "LookUp",  # prepare: there is something to settle first
    "Observe", "LookUp", "CreateCommit",  # the claim is taken over
    "CreatePullRequest", "Dress", "POST issues/1/labels", "CreateCommit",
    "Observe", "LookUp", "PullNow", "UpdateBody",  # prepare again: nothing is to be done but to show the costs
)  # fmt: skip
PUSHED = 9
"""The request of a first run after which its branch is there, and no pull request."""


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return paying_clone(github, tmp_path)


def test_the_points_are_all_the_requests_of_a_first_run(clone: GitHubClone) -> None:
    assert clone.run("run", PROJECT).code == 0
    assert operations(clone) == [point.operation for point in FIRST_RUN]


@pytest.mark.parametrize(("number", "moment"), POINTS, ids=[f"{named(n)}-{moment}" for n, moment in POINTS])
def test_a_killed_run_is_recovered_by_the_next(clone: GitHubClone, number: int, moment: Moment) -> None:
    kill_at(clone, number, moment)

    assert clone.run("run", PROJECT).code == 0

    check_one_whole_pull_request(clone)
    fate = FIRST_RUN[number].done if moment == "done" else FIRST_RUN[number].lost
    assert fate is not None
    check_fate(clone, fate)
    assert len(clone.branches()) == 1


@pytest.mark.parametrize("moment", ["lost", "done"])
def test_a_run_that_is_killed_at_its_claim_on_a_branch_that_is_there(clone: GitHubClone, moment: Moment) -> None:
    clone.remote.commit("claudestep-metadata", {"projects/other.json": codec.encode(Project(project="other"))})
    clone.remote.forget_requests()
    kill_at(clone, 1, moment)
    assert operations(clone)[:2] == ["Observe", "CreateCommit"]

    assert clone.run("run", PROJECT).code == 0

    check_one_whole_pull_request(clone)
    check_fate(clone, UNPAID if moment == "done" else ONCE)


@pytest.mark.parametrize("number", LATE, ids=named)
def test_a_request_that_arrives_after_the_next_run_does_no_harm(clone: GitHubClone, number: int) -> None:
    children = kill_at(clone, number, "late")
    assert clone.run("run", PROJECT).code == 0
    check_one_whole_pull_request(clone)

    arrive(clone, children)

    check_one_whole_pull_request(clone)
    head = clone.refs()[METADATA]
    assert clone.run("run", PROJECT).code == 0
    check_one_whole_pull_request(clone)
    check_fate(clone, FIRST_RUN[number].lost)
    assert clone.refs()[METADATA] == head


def test_the_points_are_all_the_requests_of_a_run_that_settles(clone: GitHubClone) -> None:
    kill_at(clone, PUSHED, "done")
    clone.remote.forget_requests()
    assert clone.run("run", PROJECT).code == 0
    assert tuple(operations(clone)) == SETTLING


@pytest.mark.parametrize("number", range(1, len(SETTLING)))
def test_a_run_that_is_killed_while_it_settles_is_settled_too(clone: GitHubClone, number: int) -> None:
    kill_at(clone, PUSHED, "done")
    kill_at(clone, number, "done")

    assert clone.run("run", PROJECT).code == 0

    check_one_whole_pull_request(clone)
    check_fate(clone, ONCE)


def test_a_run_that_is_repeated_changes_nothing(clone: GitHubClone) -> None:
    """ "Finalize repeated: one pull request, each cost once; the whole run repeated."""
    kill_at(clone, len(FIRST_RUN) - 1, "done")
    for _ in range(3):
        assert clone.run("run", PROJECT).code == 0
        check_one_whole_pull_request(clone)
    check_fate(clone, ONCE)
    assert len(clone.log()) == 3
