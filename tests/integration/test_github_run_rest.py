"""claudestep --api rest in a clone of a repository on GitHub: seen by GraphQL as ever, written by REST."""

from pathlib import Path

import pytest

import claudestep
from claudestep import UsageError
from tests.contract.records import add_task, counted
from tests.github_server.fixture import GitHubServer
from tests.integration.github_clone import METADATA, GitHubClone
from tests.integration.repository import PROJECT, Repository

REVIEWERS = "reviewers:\n  - username: alice\n  - username: bob\n"
HEAD = "GET /git/matching-refs/heads/claudestep-metadata"
MOVE = "PATCH /git/refs/heads/claudestep-metadata"
MAKE = ["POST /git/trees", "POST /git/commits"]


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return GitHubClone.of(github, tmp_path, more=REVIEWERS)


def told(clone: GitHubClone) -> list[str]:
    """The requests since the last time, without ids."""
    found = [one.operation or f"{one.method} {one.path}" for one in clone.requests()]
    clone.remote.forget_requests()
    short = [one.replace(f"/repos/{clone.remote.name}", "").partition("?")[0] for one in found]
    return [f"{head}/*" if len(last) == 40 else one for one in short for head, _, last in [one.rpartition("/")]]


def test_a_run_opens_a_pull_request_and_records_it(clone: GitHubClone) -> None:
    assert clone.run("--api", "rest", "run", PROJECT).code == 0
    assert told(clone)[:4] == ["Observe", *MAKE, "POST /git/refs"]

    assert clone.run("--api", "rest", "run", PROJECT).code == 0

    requests = told(clone)
    assert "CreateCommit" not in requests
    assert requests == [
        *("Observe", "GET /git/commits/*", *MAKE, MOVE),
        *("Observe", *MAKE, MOVE),
        *("CreatePullRequest", "Dress"),
        *(*MAKE, MOVE),
    ]
    assert clone.states() == {1: "in_review", 2: "in_review", 3: "to_do"}
    step = clone.step(2)
    assert (step["pr_number"], step["pr_state"], step["reviewer"]) == (2, "open", "bob")
    assert clone.log() == [
        headline
        for number, reviewer in ((1, "alice"), (2, "bob"))
        for headline in (
            f"Claim step {number} of p for {reviewer}",
            f"Publish step {number} of p",
            f"Record pull request #{number} of step {number} of p",
        )
    ]
    parents = clone.git("rev-list", "--parents", METADATA, cwd=clone.backend).splitlines()
    assert [len(line.split()) - 1 for line in parents] == [1] * 5 + [0]


def test_both_ways_of_writing_go_on_where_the_other_ended(clone: GitHubClone) -> None:
    for options in ((), ("--api", "rest"), ("--api", "graphql")):
        assert clone.run(*options, "run", PROJECT).code == 0
        clone.remote.merge(len(clone.remote.pulls()))
    assert clone.run("--api", "rest", "sync").code == 0
    assert set(clone.states().values()) == {"done"}


@pytest.mark.parametrize("command", ["metadata list", f"metadata show {PROJECT}", "metadata log"])
def test_what_only_reads_the_branch_says_the_same_by_either(clone: GitHubClone, command: str) -> None:
    clone.run("run", PROJECT)
    graphql = clone.run(*command.split())
    clone.remote.forget_requests()
    rest = clone.run("--api", "rest", *command.split())
    assert (rest.code, rest.out) == (0, graphql.out)
    assert all(one.startswith("GET /") for one in told(clone))


def test_it_is_refused_where_git_works_alone(clone: GitHubClone, tmp_path: Path) -> None:
    both = clone.run("--local", "--api", "rest", "status")
    assert both.code == 2
    assert "--local and --api exclude each other" in both.err
    folder = tmp_path / "another"
    folder.mkdir()
    alone = Repository(folder).begin().run("--api", "rest", "status")
    assert alone.code == 2
    assert "served by git alone" in alone.err
    unknown = clone.run("--api", "soap", "status")
    assert unknown.code == 2
    assert "'graphql', 'rest'" in unknown.err


def test_a_store_writes_by_rest(clone: GitHubClone, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in clone.environment.items():
        monkeypatch.setenv(name, value)
    clone.run("--api", "rest", "run", PROJECT)
    for repository in (clone.remote.name, clone.path):
        store = claudestep.open_store(repository, api="rest")
        clone.remote.forget_requests()
        store.update("q", add_task(str(repository)))
        kinds = {request.kind for request in clone.requests()}
        assert kinds in ({"rest"}, {"rest", "archive"})
        assert counted(store)[str(repository)] == 1


def test_a_store_of_an_interface_that_there_is_not_is_refused(clone: GitHubClone) -> None:
    with pytest.raises(UsageError, match="soap"):
        claudestep.open_store(clone.path, api="soap")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="git alone"):
        claudestep.open_store(clone.path, local=True, api="rest")
