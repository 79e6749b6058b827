"""claudestep close on GitHub, and pull requests whose number or branch GitHub has not, or has otherwise."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from claudestep.application.close import close
from claudestep.cli.settings import Settings
from claudestep.cli.wiring import connect
from claudestep.domain.errors import UsageError
from claudestep.domain.naming import METADATA_BRANCH
from claudestep.domain.observation import Answers, Observation, PullRequest, Questions
from claudestep.infrastructure.hosting.port import Host
from tests.github_server.fixture import DEFAULT_TOKEN, Fault, GitHubServer
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import PROJECT, WRITES_A_FILE, Repository

ROOM = "reviewers: [{username: alice, maxOpenPRs: 9}]\n"
ONE_PLACE = "reviewers: [{username: alice, maxOpenPRs: 1}]\n"


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return GitHubClone.of(github, tmp_path, more=ROOM)


def moved_to_github(github: GitHubServer, place: Path, *before: tuple[str, ...], more: str = ROOM) -> GitHubClone:
    """A project that began without GitHub, and whose branches are pushed to a new repository there."""
    local = Repository(place)
    local.begin(command=WRITES_A_FILE, more=more)
    for command in before:
        assert local.run(*command).code == 0
    remote = github.new_repository()
    local.git("remote", "add", "origin", remote.git_url())
    local.git("push", "--quiet", remote.git_url(DEFAULT_TOKEN), "HEAD:main", "claudestep-metadata")
    clone = GitHubClone(place, remote=remote)
    clone.environment |= github.environment()
    return clone


# Numbers begin anew


def test_numbers_of_a_local_chain_do_not_hide_those_of_github(github: GitHubServer, tmp_path: Path) -> None:
    clone = moved_to_github(github, tmp_path, ("run", PROJECT), ("close", "1"), ("retry", PROJECT, "1"))
    clone.run("run", PROJECT)
    clone.run("run", PROJECT)
    assert [pull["head"] for pull in clone.remote.pulls()] == ["claude-step-p-1.2", "claude-step-p-2"]
    assert clone.step(1)["branch_name"] == "claude-step-p-1.2"
    assert clone.run("metadata", "fsck").code == 0


def test_the_one_of_an_old_number_is_released_before_the_one_that_is_there(
    github: GitHubServer, tmp_path: Path
) -> None:
    clone = moved_to_github(github, tmp_path, ("run", PROJECT))
    clone.run("run", PROJECT)

    first = clone.run("close", "1")
    assert "pull request #1 of step 1 of p was not found, and is recorded as closed\n" in first.out
    assert clone.pull(1)["state"] == "OPEN"
    assert clone.states() == {1: "closed", 2: "in_review", 3: "to_do"}

    assert clone.run("close", "1").out.startswith("closed #1: ")
    assert clone.pull(1)["state"] == "CLOSED"


# One that is nowhere


def test_one_that_is_nowhere_is_told_and_takes_a_place_until_it_is_closed(
    github: GitHubServer, tmp_path: Path
) -> None:
    clone = moved_to_github(github, tmp_path, ("run", PROJECT), more=ONE_PLACE)
    says = "Record that it is over: claudestep close 1"
    assert clone.run("run", PROJECT).out.startswith("p: No reviewer has room")
    assert says in clone.run("why", PROJECT).out
    assert clone.run("why", PROJECT, "--json").json["not_found"] == [1]
    assert says in clone.run("sync").out
    fsck = clone.run("metadata", "fsck")
    assert (fsck.code, says in fsck.out) == (1, True)
    assert "claudestep close 1" in clone.run("retry", PROJECT, "1").err

    result = clone.run("close", "1", "--reason", "we moved")

    assert (result.code, "claudestep retry p 1" in result.out) == (0, True)
    step = clone.step(1)
    assert (step["pr_state"], step["closed_reason"], "closed_at" in step) == ("closed", "we moved", False)
    assert clone.run("retry", PROJECT, "1").code == 0
    assert clone.run("run", PROJECT).code == 0
    assert clone.pull(1)["head"] == "claude-step-p-1.2"


@pytest.mark.parametrize("kind", ["reset", "garbage", "partial", "forbidden"])
def test_nothing_is_released_when_it_could_not_be_looked_for(
    github: GitHubServer, tmp_path: Path, kind: Any
) -> None:
    clone = moved_to_github(github, tmp_path, ("run", PROJECT))
    before = clone.document(PROJECT)
    clone.remote.fault(Fault(kind=kind, on="graphql query*", skip=1, times=None))

    assert clone.run("close", "1").code != 0

    assert clone.document(PROJECT) == before


def test_one_from_another_branch_is_told_and_can_be_closed(clone: GitHubClone) -> None:
    """The number is one of GitHub's, and of another branch than the record's."""
    clone.run("run", PROJECT)
    document = clone.document(PROJECT)
    document["steps"][0]["branch_name"] = "claude-step-p-1.7"
    document["steps"][0]["attempts"] = 7
    clone.remote.commit(METADATA_BRANCH, {"projects/p.json": json.dumps(document)})
    assert "pull request #1 of step 1 is recorded open and is not to be found" in clone.run("sync").out
    assert "was not found" in clone.run("close", "1").out
    assert clone.pull(1)["state"] == "OPEN"


# What GitHub shows late


@dataclass
class Shows:
    """A host that shows these pull requests, whatever became of them."""

    host: Host
    pulls: Callable[[], tuple[PullRequest, ...]]

    def __getattr__(self, name: str) -> object:
        return getattr(self.host, name)

    def observe(self, since: str | None = None) -> Observation:
        return replace(self.host.observe(since), pull_requests=self.pulls())

    def look_up(self, questions: Questions) -> Answers:
        return replace(self.host.look_up(questions), pull_requests=())


def test_a_reason_is_recorded_when_the_next_read_does_not_show_the_end_yet(clone: GitHubClone) -> None:
    clone.run("run", PROJECT)
    backend = connect(Settings(clone.environment), clone.path)
    stale = backend.look().pull_requests

    close(replace(backend, host=cast("Host", Shows(backend.host, lambda: stale))), 1, "not like this")

    assert clone.pull(1)["state"] == "CLOSED"
    assert (clone.step(1)["pr_state"], clone.step(1)["closed_reason"]) == ("closed", "not like this")
    clone.run("sync")
    assert clone.step(1)["pr_state"] == "closed"


def test_one_that_a_second_look_finds_is_not_released(clone: GitHubClone) -> None:
    clone.run("run", PROJECT)
    backend = connect(Settings(clone.environment), clone.path)
    seen = [backend.look().pull_requests, ()]
    late = cast("Host", Shows(backend.host, seen.pop))

    with pytest.raises(UsageError, match="has changed meanwhile"):
        close(replace(backend, host=late), 1, None)

    assert clone.step(1)["pr_state"] == "open"


# What is said


def test_closing_tells_how_to_go_on(clone: GitHubClone) -> None:
    clone.run("run", PROJECT)
    assert f"claudestep retry {PROJECT} 1" in clone.run("close", "1").out


def test_one_of_a_person_is_not_closed(clone: GitHubClone) -> None:
    clone.remote.branch("feature")
    clone.remote.commit("feature", {"a.txt": "a\n"})
    clone.remote.open_pull("feature")
    result = clone.run("close", "1")
    assert (result.code, "pull request #1 is not ClaudeStep's: it is from feature" in result.err) == (2, True)
    assert clone.pull(1)["state"] == "OPEN"


@pytest.mark.parametrize("end", ["merge", "close"])
def test_one_that_ended_long_ago_is_said_to_have_ended(clone: GitHubClone, end: str) -> None:
    clone.run("run", PROJECT)
    getattr(clone.remote, end)(1)
    clone.run("sync")
    clone.remote.unlabel(1, "claudestep")  # as one that is not among the hundred that ended last
    result = clone.run("close", "1")
    assert (result.code, f"pull request #1 is {end}d already" in result.err) == (2, True)
