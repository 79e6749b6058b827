"""Bad days with GitHub: rulesets, branch protections, settings and limits that refuse what a run wants to write."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.bad_days import (
    PAID,
    TWO,
    as_if_elsewhere,
    broken_off,
    claim_of,
    kept_patches,
    times_paid,
    told,
)
from tests.integration.github_clone import METADATA, PROJECT, GitHubClone

BRANCH = "claudestep-metadata"


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return GitHubClone.of(github, tmp_path, command=PAID, more=TWO)


def rule(clone: GitHubClone, pattern: str, kind: str, *, classic: bool = False) -> None:
    """Set the one rule of the repository."""
    configure(clone, rules=[{"pattern": pattern, "kind": kind, "classic": classic}])


def configure(clone: GitHubClone, **changes: Any) -> None:
    clone.remote.server.control("configure", repository=clone.remote.name, **changes)


# The metadata branch


@pytest.mark.parametrize("classic", [False, True])
@pytest.mark.parametrize("kind", ["required_signatures", "creation", "merge_queue"])
def test_the_metadata_branch_may_not_be_begun(clone: GitHubClone, kind: str, classic: bool) -> None:  # noqa: FBT001
    """Its first commit is made by the Git Data API, and so is not signed."""
    rule(clone, "~ALL", kind, classic=classic)

    told(
        clone.run("run", PROJECT), 1, "cannot be written", "a rule of the repository refuses it", "Settings > Rules"
    )

    assert METADATA not in clone.refs()
    assert times_paid(clone) == 0


@pytest.mark.parametrize("classic", [False, True])
@pytest.mark.parametrize("kind", ["pull_request", "update"])
def test_the_metadata_branch_may_not_be_written_any_more(
    clone: GitHubClone, kind: str, classic: bool  # noqa: FBT001
) -> None:  # fmt: skip
    clone.run("run", PROJECT)
    before = clone.remote.refs()
    rule(clone, "~ALL", kind, classic=classic)

    told(
        clone.run("run", PROJECT), 1, "cannot be written", "a rule of the repository refuses it", "Settings > Rules"
    )

    assert (clone.remote.refs(), times_paid(clone)) == (before, 1)


def test_a_rule_that_asks_for_signatures_does_not_touch_a_metadata_branch_that_is_there(clone: GitHubClone) -> None:
    """createCommitOnBranch signs."""
    clone.run("run", PROJECT)
    rule(clone, BRANCH, "required_signatures")
    assert clone.run("run", PROJECT).code == 0
    assert clone.step(2)["pr_number"] == 2


def test_a_metadata_branch_that_may_be_begun_and_not_be_written(clone: GitHubClone) -> None:
    """It is seen once only, at the very first write after the first: the work is kept, and the rule told."""
    rule(clone, BRANCH, "pull_request")

    told(broken_off(clone, "run", PROJECT), 1, "cannot be written", "a rule of the repository refuses it", "Rules")
    told(broken_off(clone, "run", PROJECT), 1, "cannot be written")

    assert (times_paid(clone), kept_patches(clone)) == (1, 1)
    configure(clone, rules=[])
    assert clone.run("run", PROJECT).code == 0


def test_a_run_that_cannot_record_anything_does_not_say_whom_it_blames(clone: GitHubClone) -> None:
    rule(clone, BRANCH, "pull_request")
    out = broken_off(clone, "run", PROJECT).out
    assert "failure 1 of 2" not in out
    assert "whether this counts as a failure is seen by the next run" in out


# The branches of steps, and the base


def test_the_branch_of_a_step_may_not_be_made(clone: GitHubClone) -> None:
    """The server's own words are told, the work is kept, and nobody pays for another one that it would refuse."""
    rule(clone, "claude-step-*", "creation")
    words = ("GH013", "Cannot create ref due to creations being restricted", "claude-step-p-1", "exempt")

    told(clone.run("run", PROJECT), 1, *words, "no further step of p begins", "claudestep retry p 1")
    again = clone.run("run", PROJECT)
    assert again.code == 0, again
    assert all(word in again.out for word in ("its branch was refused", *words))

    assert (times_paid(clone), kept_patches(clone), clone.remote.pulls()) == (1, 1, [])
    assert clone.states()[1] == "refused"
    assert "failures" not in clone.step(1)
    configure(clone, rules=[])
    clone.run("retry", PROJECT, "1")
    assert "from claude-step-p-1.2" in clone.run("run", PROJECT).out


def test_a_rule_that_refuses_every_branch_is_met_once(clone: GitHubClone) -> None:
    clone.add_project("q", command=PAID)
    clone.commit()
    rule(clone, "claude-step-*", "creation")
    result = clone.run("run", "--all")
    assert result.code == 1
    assert "not begun, for their branches would be refused, too: q" in result.out
    assert times_paid(clone) == 1


def test_the_base_branch_may_not_be_merged_into(clone: GitHubClone) -> None:
    rule(clone, "main", "merge_queue")

    told(clone.run("run", PROJECT, "--auto-merge"), 1, "#1 was not merged", "the merge queue", "It stays open")

    assert (clone.pull()["state"], clone.step(1)["pr_state"]) == ("OPEN", "open")
    assert clone.run("run", PROJECT).code == 0


# The setting that lets workflows open pull requests


@pytest.fixture
def workflow(github: GitHubServer, clone: GitHubClone) -> GitHubClone:
    """As a workflow sees it, in a repository as it is made today: workflows may not open pull requests."""
    github.add_user("", "token-of-a-workflow", "actions")
    configure(clone, settings={"actions_may_open_pulls": False})
    clone.environment |= {"GITHUB_TOKEN": "token-of-a-workflow"}
    return clone


def test_workflows_may_not_open_pull_requests(workflow: GitHubClone) -> None:
    """The agent is paid once: with the setting turned on the branch becomes a pull request."""
    for _ in range(2):
        result = broken_off(workflow, "run", PROJECT)
        told(result, 1, "GitHub Actions may not open", "Settings > Actions > General", "Allow GitHub Actions to")
    assert (times_paid(workflow), workflow.branches(), kept_patches(workflow)) == (1, ["claude-step-p-1"], 1)
    assert "failures" not in workflow.step(1)

    for _ in range(2):  # every runner is another machine, and none takes the claim of the one before for alive
        as_if_elsewhere(workflow)
        told(broken_off(workflow, "run", PROJECT), 1, "GitHub Actions may not open")
    assert times_paid(workflow) == 1

    configure(workflow, settings={"actions_may_open_pulls": True})
    result = workflow.run("run", PROJECT)

    assert "finished what an earlier run had begun: pull request #1" in result.out
    assert workflow.pull()["head"] == "claude-step-p-1"
    assert times_paid(workflow) == 2  # the second one for step 2


def test_workflows_may_open_pull_requests_again_on_another_runner(workflow: GitHubClone) -> None:
    broken_off(workflow, "run", PROJECT)
    as_if_elsewhere(workflow)
    configure(workflow, settings={"actions_may_open_pulls": True})
    result = broken_off(workflow, "run", PROJECT)
    assert "finished what an earlier run had begun: pull request #1" in result.out


def test_the_claim_of_a_broken_run_ends_by_time(workflow: GitHubClone) -> None:
    """It blocks nobody for longer than the time of the agent and the grace: 45 minutes."""
    broken_off(workflow, "run", PROJECT)

    claimed = workflow.git("log", "--reverse", "--format=%cI", METADATA, cwd=workflow.backend).splitlines()[0]
    until = datetime.fromisoformat(claim_of(workflow)["until"])
    assert until - datetime.fromisoformat(claimed) <= timedelta(minutes=45)


# Limits


@pytest.mark.parametrize("command", [f"run {PROJECT}", "status"])
def test_the_hours_share_is_used_up(clone: GitHubClone, command: str) -> None:
    """Nobody waits for 40 minutes in a paid machine: it says from when on it can be tried."""
    clone.remote.fault(Fault(kind="primary_limit", seconds=2400))

    told(clone.run(*command.split()), 1, "rate limit is used up; it can be tried again at", "UTC")

    assert (times_paid(clone), METADATA in clone.refs()) == (0, False)


def test_the_hours_share_ends_with_the_push(clone: GitHubClone) -> None:
    clone.remote.fault(Fault(kind="primary_limit", seconds=2400, on="graphql mutation createPullRequest"))
    told(broken_off(clone, "run", PROJECT), 1, "rate limit is used up", "UTC", "is seen by the next run")
    assert (kept_patches(clone), clone.branches()) == (1, ["claude-step-p-1"])

    assert "finished what an earlier run had begun: pull request #1" in clone.run("run", PROJECT).out


@pytest.mark.parametrize("on", ["graphql query*", "graphql mutation createPullRequest", "POST */git/refs"])
def test_github_asks_to_slow_down(clone: GitHubClone, on: str) -> None:
    clone.remote.fault(Fault(kind="secondary_limit", seconds=1, on=on))

    result = clone.run("run", PROJECT)

    assert result.code == 0, result
    assert "WARNING: GitHub asks to slow down (its secondary rate limit); waiting 1 s" in result.err
    assert (len(clone.remote.pulls()), clone.remote.pending_faults()) == (1, [])
