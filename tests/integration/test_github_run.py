"""claudestep in a clone of a repository on GitHub: from the claim to the merged pull request."""

from pathlib import Path

import pytest

from claudestep.infrastructure.hosting import record_block
from tests.github_server.fixture import GitHubServer
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import PROJECT
from tests.integration.test_cli_apply import FIRST, kept

REVIEWERS = "reviewers:\n  - username: alice\n  - username: bob\nlabels: [migration]\n"


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return GitHubClone.of(github, tmp_path, more=REVIEWERS)


def test_a_run_opens_a_pull_request_and_records_it(clone: GitHubClone) -> None:
    result = clone.run("run", PROJECT)

    assert result.code == 0, result
    pull = clone.pull()
    assert f"/{clone.remote.name}/pull/1\n" in result.out
    assert (pull["state"], pull["head"], pull["base"]) == ("OPEN", "claude-step-p-1", "main")
    assert pull["title"] == "ClaudeStep: One"
    assert sorted(pull["labels"]) == ["claudestep", "migration"]
    assert (pull["assignees"], pull["reviewers"]) == (["alice"], ["alice"])
    assert sorted(clone.changed_files("claude-step-p-1")) == ["1.txt", "claude-step/p/spec.md"]
    step = clone.step(1)
    assert (step["pr_number"], step["pr_state"], step["reviewer"]) == (1, "open", "alice")
    assert step["created_at"]
    assert clone.log() == [
        "Claim step 1 of p for alice",
        "Publish step 1 of p",
        "Record pull request #1 of step 1 of p",
    ]


def test_the_chain_goes_on_when_people_merge(clone: GitHubClone) -> None:
    clone.run("run", PROJECT)
    clone.run("run", PROJECT)
    assert clone.run("run", PROJECT).out.startswith("p: No reviewer has room")
    clone.remote.merge(1, method="SQUASH")

    result = clone.run("run", PROJECT)

    assert result.code == 0
    assert clone.pull(3)["assignees"] == ["alice"]
    step = clone.step(1)
    assert (step["pr_state"], bool(step["merged_at"]), bool(step["completed_at"])) == ("merged", True, True)
    assert clone.states() == {1: "done", 2: "in_review", 3: "in_review"}


def test_what_people_do_on_the_pages_is_followed(clone: GitHubClone) -> None:
    """Merged, closed, reopened, reassigned, a deleted branch."""
    clone.run("run", PROJECT)
    clone.run("run", PROJECT)
    clone.remote.assign(1, "bob")
    clone.remote.change_pull(1, remove_assignees=["alice"])
    clone.remote.close(2)
    clone.remote.delete_branch("claude-step-p-2")
    assert clone.run("sync").out.endswith("changes written.\n")
    assert clone.step(1)["reviewer"] == "bob"
    assert clone.states()[2] == "closed"

    clone.remote.git("update-ref", "refs/heads/claude-step-p-2", clone.step(2)["head_commit"])
    clone.remote.reopen(2)

    assert clone.run("sync").out == "p: step 2: #2 reopened\n1 change written.\n"
    assert clone.states()[2] == "in_review"


def test_requests_of_a_run(clone: GitHubClone) -> None:
    """ "prepare: observe + write; finalize at most 5, the push aside"."""
    clone.run("run", PROJECT)

    result, requests = clone.counted("run", PROJECT)

    assert result.code == 0
    prepare, finalize = requests[:2], requests[2:]
    assert prepare == ["Observe", "CreateCommit"]
    assert finalize == ["Observe", "CreateCommit", "CreatePullRequest", "Dress", "CreateCommit"]


def test_requests_when_a_question_is_left(clone: GitHubClone) -> None:
    clone.run("run", PROJECT)
    clone.remote.unlabel(1, "claudestep")

    _, requests = clone.counted("status")

    assert requests == ["Observe", "LookUp"]
    assert clone.states()[1] == "in_review"


@pytest.mark.parametrize("command", ["status", "statistics", "why p", "sync --dry-run"])
def test_what_only_reads_is_one_request(clone: GitHubClone, command: str) -> None:
    clone.run("run", PROJECT)
    assert clone.counted(*command.split())[1] == ["Observe"]


@pytest.mark.parametrize("command", ["metadata apply", "run"])
def test_a_cost_that_becomes_known_late_is_told_on_the_open_pull_request(clone: GitHubClone, command: str) -> None:
    """ "a true cost on every pull request"; what people wrote into the text stays."""
    clone.run("run", PROJECT)
    clone.remote.change_pull(1, body="My own words.\n\n" + clone.pull()["body"])
    file = kept(clone, FIRST)

    clone.run(*command.split(), str(file) if command != "run" else PROJECT)

    body = clone.pull()["body"]
    assert body.startswith("My own words.\n\nOne\n")
    assert "| **all of this step** | | | | **$0.0195** |" in body
    record = record_block.read(body)
    assert record is not None
    assert [task.cost_usd for task in record.ai_tasks] == [0.0195]
    assert clone.step(1)["ai_tasks"][0]["cost_usd"] == 0.0195


def test_a_pull_request_is_turned_down_with_its_reason_below_it(clone: GitHubClone) -> None:
    clone.run("run", PROJECT)

    result = clone.run("close", "1", "--reason", "ask @carol, see #7")

    assert result.code == 0
    assert f"its work is kept: https://github.com/{clone.remote.name}/pull/1" in result.out
    assert clone.pull()["state"] == "CLOSED"
    assert clone.pull()["comments"] == ["Turned down: ask @\u200bcarol, see #\u200b7"], "it calls nobody"
    assert clone.step(1)["closed_reason"] == "ask @carol, see #7"


def test_a_spec_that_is_not_on_github_is_told_how_it_gets_there(clone: GitHubClone) -> None:
    """What counts is what is pushed."""
    begin = clone.run("run", "other")
    assert "Begin with: claudestep init other" in begin.err

    with clone.start("init", "other", "--yes", "--reviewer", "alice", "--command", "true") as process:
        told = process.communicate()[0]
    assert 'git add claude-step .github && git commit -m "Steps of other" && git push\n' in told
    assert "&& git push" in clone.run("run", "other").err

    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--message", "Steps of other")
    refused = clone.run("run", "other")
    assert refused.code == 2
    assert "It is committed in this clone and not on GitHub: git push origin main" in refused.err

    clone.git("switch", "--quiet", "--create", "topic")
    assert (
        "It is committed on topic in this clone: bring that to main on GitHub first"
        in clone.run("run", "other").err
    )


def test_why_tells_that_a_token_may_only_read(github: GitHubServer, clone: GitHubClone) -> None:
    github.add_user("reader", "token-of-a-reader", "read")
    clone.environment |= github.environment("token-of-a-reader")
    result = clone.run("why", PROJECT)
    assert result.code == 0
    assert "the token may not write to" in result.out
    assert "Nothing stops it" not in result.out
