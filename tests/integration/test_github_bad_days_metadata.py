"""Bad days with GitHub: what people do to the metadata branch, and records that somebody forged."""

import json
from pathlib import Path
from typing import Any

import pytest

from claudestep.domain.observation import StepRecord
from claudestep.infrastructure.hosting import record_block
from tests.github_server.fixture import GitHubServer
from tests.integration.bad_days import DOCUMENT, PAID, TWO, meanwhile, times_paid, told, write_by_hand
from tests.integration.github_clone import METADATA, PROJECT, GitHubClone

BRANCH = METADATA.removeprefix("refs/heads/")
REBUILD = ["metadata", "rebuild", "--yes"]
USAGE = '[{"type": "PRCreation", "model": "m", "cost_usd": 0.5, "created_at": "2026-11-20T00:00:00Z"}]'
COSTS = f"{PAID}\necho '{USAGE}' > \"$CLAUDESTEP_USAGE_FILE\""


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    """A repository whose first step is in review."""
    made = GitHubClone.of(github, tmp_path, command=COSTS, more=TWO)
    assert made.run("run", PROJECT).code == 0
    return made


def costs(step: Any) -> dict[str, float]:
    """What each AI task of a step cost."""
    return {task["id"]: task["cost_usd"] for task in step["ai_tasks"]}


def test_the_branch_is_deleted_between_read_and_write(clone: GitHubClone) -> None:
    """A guess would begin it anew, and hide what is lost."""
    was = clone.remote.head(BRANCH)

    result = meanwhile(clone, "createCommitOnBranch", lambda: clone.remote.delete_branch(BRANCH), "run", PROJECT)

    told(result, 1, f"the branch {BRANCH} was at {was[:12]} a moment ago and is gone", was)
    assert METADATA not in clone.refs()
    assert times_paid(clone) == 1


def test_the_branch_is_deleted_between_two_runs(clone: GitHubClone) -> None:
    """What the pull requests carry comes back from them, costs too; nothing is done twice."""
    clone.remote.merge(1)
    before = clone.step(1)
    clone.remote.delete_branch(BRANCH)

    assert clone.run("status").code == 0
    told(clone.run("run", PROJECT), 1, "there is no branch", "claudestep metadata rebuild")
    assert clone.run(*REBUILD).code == 0
    assert clone.run("run", PROJECT).code == 0

    again = clone.step(1)
    assert costs(again) == costs(before) == {before["ai_tasks"][0]["id"]: 0.5}
    assert (again["pr_number"], again["pr_state"]) == (1, "merged")
    assert (clone.pull(2)["head"], times_paid(clone)) == ("claude-step-p-2", 2)


@pytest.mark.parametrize("command", ["status", f"run {PROJECT}", "sync", "statistics"])
def test_another_branch_has_its_name(clone: GitHubClone, command: str) -> None:
    clone.remote.delete_branch(BRANCH)
    clone.remote.commit(BRANCH, {"index.html": "Hello."})
    before = clone.remote.refs()

    told(
        clone.run(*command.split()), 1, f"the branch {BRANCH} exists and is not ClaudeStep's", "Rename that branch"
    )

    assert (clone.remote.refs(), times_paid(clone)) == (before, 1)


def test_the_branch_is_forced_back_to_before_a_pull_request(clone: GitHubClone) -> None:
    """The claim of then is there again: what it opened is found, and nothing is opened twice."""
    clone.remote.git("update-ref", METADATA, f"{METADATA}~1")

    assert clone.run("run", PROJECT).code == 0

    assert [pull["number"] for pull in clone.remote.pulls()] == [1, 2]
    step = clone.step(1)
    assert (step["pr_number"], step["pr_state"], step["reviewer"], "failures" in step) == (
        1,
        "open",
        "alice",
        False,
    )
    assert len(step["ai_tasks"]) == 1


def test_the_branch_is_forced_back_while_an_agent_works(clone: GitHubClone) -> None:
    """A claim that is gone never publishes; the work is kept, and its cost is recorded."""
    clone.configure(
        f"{COSTS}\ngit --git-dir '{clone.backend}' update-ref {METADATA} {clone.remote.head(BRANCH)}", TWO
    )
    clone.commit()

    told(clone.run("run", PROJECT), 1, "given to another run meanwhile", "git apply")

    assert [pull["number"] for pull in clone.remote.pulls()] == [1]
    assert [task["cost_usd"] for task in clone.step(2)["ai_tasks"]] == [0.5]


def test_an_edit_by_hand_survives(clone: GitHubClone) -> None:
    document = clone.document()
    document["steps"][1]["x_note"] = {"by": "hand"}
    document["x_owner"] = "team 7"
    write_by_hand(clone, json.dumps(document))

    assert clone.run("run", PROJECT).code == 0

    assert (clone.document()["x_owner"], clone.step(2)["x_note"]) == ("team 7", {"by": "hand"})


def test_an_edit_by_hand_while_a_run_writes_survives(clone: GitHubClone) -> None:
    document = clone.document()
    document["x_owner"] = "team 7"

    result = meanwhile(
        clone, "createCommitOnBranch", lambda: write_by_hand(clone, json.dumps(document)), "run", PROJECT
    )

    assert result.code == 0, result
    assert (clone.document()["x_owner"], clone.step(2)["pr_number"]) == ("team 7", 2)


def test_a_broken_edit_by_hand_blocks_its_project_alone(clone: GitHubClone) -> None:
    clone.add_project("q", command=PAID)
    clone.commit()
    broken = '{"steps": [,]}'
    write_by_hand(clone, broken)

    result = clone.run("run", PROJECT)
    assert (result.code, result.out.count(f"{DOCUMENT} on the metadata branch cannot be read")) == (1, 1)
    told(clone.run("statistics"), 1, DOCUMENT, "JSON is malformed", "Repair it there")
    assert clone.run("run", "q").code == 0

    assert clone.show(f"{METADATA}:{DOCUMENT}") == broken
    assert [pull["head"] for pull in clone.remote.pulls()] == ["claude-step-p-1", "claude-step-q-1"]


def test_a_document_is_deleted_by_hand(clone: GitHubClone) -> None:
    before = clone.step(1)
    write_by_hand(clone, None)

    assert clone.run("run", PROJECT).code == 0

    assert costs(clone.step(1)) == costs(before)
    assert (clone.step(1)["pr_number"], clone.pull(2)["head"]) == (1, "claude-step-p-2")


# Forged records


def record(project: str = PROJECT, step: int = 2) -> str:
    return record_block.write(
        StepRecord(project=project, step_index=step, step_description="Two", reviewer="alice", base_branch="main")
    )


@pytest.mark.parametrize(
    ("branch", "body"),
    [
        ("a-branch-of-mine", record()),
        ("claude-step-q-2", record()),
        ("claude-step-p-3", record()),
        ("claude-step-p-2", record("q")),
        ("claude-step-p-2", record("q") + "\n" + record()),
        ("claude-step-p-2", "<!-- claudestep:record {} -->"),
    ],
    ids=["no step", "another project", "another step", "another record", "two records", "nonsense"],
)
def test_a_forged_record_is_not_adopted(clone: GitHubClone, branch: str, body: str) -> None:
    """Its sender may write to the repository and set labels; the branch and its record still have to fit."""
    clone.remote.branch(branch)
    clone.remote.commit(branch, {"a": "b"})
    clone.remote.open_pull(branch, body=body, labels=["claudestep"], author="mallory")
    for index, where in enumerate(("there", "gone")):
        if where == "gone":  # then records are all that is left
            clone.remote.delete_branch(BRANCH)
        assert clone.run(*(["sync"] if where == "there" else REBUILD)).code == 0, index
        recorded = {step["step_index"]: step.get("pr_number") for step in clone.document()["steps"]}
        assert recorded == {1: 1, 2: None, 3: None}


def test_a_record_in_a_pull_request_from_a_fork_is_not_adopted(github: GitHubServer, clone: GitHubClone) -> None:
    name = clone.remote.name.partition("/")[2]
    fork = github.new_repository(name=f"mallory/{name}", fork_of=clone.remote.name)
    fork.branch("claude-step-p-2")
    fork.commit("claude-step-p-2", {"a": "b"})
    clone.remote.open_pull("mallory:claude-step-p-2", body=record(), labels=["claudestep"], author="mallory")
    clone.remote.delete_branch(BRANCH)

    assert clone.run(*REBUILD).code == 0
    assert clone.run("run", PROJECT).code == 0

    assert {step["step_index"]: step.get("pr_number") for step in clone.document()["steps"]} == {
        1: 1,
        2: 3,
        3: None,
    }


def test_a_branch_in_the_way_is_left_alone(clone: GitHubClone) -> None:
    clone.remote.branch("claude-step-p-2")
    theirs = clone.remote.commit("claude-step-p-2", {"a": "b"})

    told(clone.run("run", PROJECT), 1, "claude-step-p-2 exists already and is not of this run", "git apply")

    assert clone.remote.head("claude-step-p-2") == theirs
    assert "from claude-step-p-2.2" in clone.run("run", PROJECT).out
