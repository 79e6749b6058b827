"""A run that is killed at any of its requests to GitHub: the next one ends with one whole pull request.

Every request of a run has its place here, git's own too. Either it never arrives, or it is done and its reply
finds nobody; one that changes something may also arrive when the next run is long over.
"""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from claudestep import Project
from claudestep.infrastructure.metadata import codec
from tests.github_server.fixture import GitHubServer
from tests.integration.github_clone import METADATA, GitHubClone
from tests.integration.killing import Moment, arrive, kill_at, operations, paid_work
from tests.integration.repository import PROJECT

REVIEWERS = "reviewers: [{username: alice}]\nlabels: [migration]\n"


class Fate(NamedTuple):
    """How often the step was begun until its pull request was open, and how often its agent worked."""

    attempts: int
    worked: int


ONCE = Fate(1, 1)
UNPAID = Fate(2, 1)  # the claim died before the agent worked
TWICE = Fate(2, 2)


class Point(NamedTuple):
    """A request of a run, and what becomes of the step when the run dies there."""

    operation: str
    lost: Fate
    done: Fate | None = None  # None: a request that changes nothing


FIRST_RUN = (
    Point("Observe", ONCE),  # prepare: look, and begin the metadata branch with the claim in it
    Point("POST git/trees", ONCE, ONCE),
    Point("POST git/commits", ONCE, ONCE),
    Point("POST git/refs", ONCE, UNPAID),
    Point("git info-refs upload-pack", UNPAID),  # the base commit, which somebody pushed meanwhile
    Point("git upload-pack", UNPAID),
    Point("Observe", TWICE),  # finalize (1)
    Point("CreateCommit", TWICE, TWICE),
    Point("git info-refs receive-pack", TWICE),  # (2)
    Point("git receive-pack", TWICE, ONCE),
    Point("CreatePullRequest", ONCE, ONCE),  # (3)
    Point("Dress", ONCE, ONCE),  # (4)
    Point("POST issues/1/labels", ONCE, ONCE),
    Point("CreateCommit", ONCE, ONCE),  # (5)
)
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


def named(number: int) -> str:
    return f"{number}-{FIRST_RUN[number].operation}".replace("/", "-").replace(" ", "-")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path, notes: Path) -> GitHubClone:
    """A clone whose default branch has a commit on the server that it does not have itself."""
    made = GitHubClone.of(github, tmp_path, command=paid_work(notes), more=REVIEWERS)
    made.remote.commit("main", {"README.md": "hello\n"})
    made.remote.forget_requests()
    return made


def check_one_whole_pull_request(clone: GitHubClone) -> Any:
    """One pull request is open, as it should be, and recorded; return the step."""
    assert [pull["state"] for pull in clone.remote.pulls()] == ["OPEN"]
    pull = clone.remote.pulls()[0]
    step = clone.step(1)
    assert (pull["number"], pull["head"]) == (step["pr_number"], step["branch_name"])
    assert (sorted(pull["labels"]), pull["assignees"]) == (["claudestep", "migration"], ["alice"])
    assert (step["pr_state"], step["reviewer"]) == ("open", "alice")
    assert not [step for document in clone.documents() for step in document["steps"] if "claim" in step]
    assert sorted(clone.changed_files(pull["head"])) == ["1.txt", "claude-step/p/spec.md"]
    clone.remote.git("fsck", "--strict", "--no-dangling")
    return step


def check_fate(step: Any, notes: Path, fate: Fate) -> None:
    """Each attempt that left nothing is one failure, and each time that the agent worked is paid for once."""
    assert (step["attempts"], step.get("failures", 0)) == (fate.attempts, fate.attempts - 1)
    assert len(notes.read_text().splitlines()) == fate.worked
    assert [task["cost_usd"] for task in step["ai_tasks"]] == [0.25] * fate.worked
    assert len({task["id"] for task in step["ai_tasks"]}) == fate.worked


def test_the_points_are_all_the_requests_of_a_first_run(clone: GitHubClone) -> None:
    assert clone.run("run", PROJECT).code == 0
    assert operations(clone) == [point.operation for point in FIRST_RUN]


@pytest.mark.parametrize(("number", "moment"), POINTS, ids=[f"{named(n)}-{moment}" for n, moment in POINTS])
def test_a_killed_run_is_recovered_by_the_next(
    clone: GitHubClone, notes: Path, number: int, moment: Moment
) -> None:
    kill_at(clone, number, moment)

    assert clone.run("run", PROJECT).code == 0

    step = check_one_whole_pull_request(clone)
    fate = FIRST_RUN[number].done if moment == "done" else FIRST_RUN[number].lost
    assert fate is not None
    check_fate(step, notes, fate)
    assert clone.branches() == [step["branch_name"]]


@pytest.mark.parametrize("moment", ["lost", "done"])
def test_a_run_that_is_killed_at_its_claim_on_a_branch_that_is_there(
    clone: GitHubClone, notes: Path, moment: Moment
) -> None:
    clone.remote.commit("claudestep-metadata", {"projects/other.json": codec.encode(Project(project="other"))})
    clone.remote.forget_requests()
    kill_at(clone, 1, moment)
    assert operations(clone)[:2] == ["Observe", "CreateCommit"]

    assert clone.run("run", PROJECT).code == 0

    check_fate(check_one_whole_pull_request(clone), notes, UNPAID if moment == "done" else ONCE)


@pytest.mark.parametrize("number", LATE, ids=named)
def test_a_request_that_arrives_after_the_next_run_does_no_harm(
    clone: GitHubClone, notes: Path, number: int
) -> None:
    kill_at(clone, number, "late")
    assert clone.run("run", PROJECT).code == 0
    check_one_whole_pull_request(clone)

    arrive(clone)

    check_one_whole_pull_request(clone)
    head = clone.refs()[METADATA]
    assert clone.run("run", PROJECT).code == 0
    check_fate(check_one_whole_pull_request(clone), notes, FIRST_RUN[number].lost)
    assert clone.refs()[METADATA] == head


def test_the_points_are_all_the_requests_of_a_run_that_settles(clone: GitHubClone) -> None:
    kill_at(clone, PUSHED, "done")
    clone.remote.forget_requests()
    assert clone.run("run", PROJECT).code == 0
    print(operations(clone))
    assert tuple(operations(clone)) == SETTLING


@pytest.mark.parametrize("number", range(1, len(SETTLING)))
def test_a_run_that_is_killed_while_it_settles_is_settled_too(clone: GitHubClone, notes: Path, number: int) -> None:
    kill_at(clone, PUSHED, "done")
    kill_at(clone, number, "done")

    assert clone.run("run", PROJECT).code == 0

    check_fate(check_one_whole_pull_request(clone), notes, ONCE)


def test_a_run_that_is_repeated_changes_nothing(clone: GitHubClone, notes: Path) -> None:
    """ "Finalize repeated: one pull request, each cost once; the whole run repeated."""
    kill_at(clone, len(FIRST_RUN) - 1, "done")
    for _ in range(3):
        assert clone.run("run", PROJECT).code == 0
        check_fate(check_one_whole_pull_request(clone), notes, ONCE)
    assert len(clone.log()) == 3
