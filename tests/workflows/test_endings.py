"""How a step ends that comes to no pull request, and how many of them are begun."""

import json
from pathlib import Path

import pytest

from tests.fakes.messages_api import Fault, Turn
from tests.workflows.chain import (
    METADATA,
    MODEL,
    TURN_USD,
    WORKFLOW,
    configuration,
    errors,
    plays,
    project,
    set_chain,
    shipped,
    told,
    writes,
)
from tests.workflows.conftest import SetStage

OUT_OF_ORDER = Turn(fault=Fault(status=500))


def test_an_agent_that_fails(set_stage: SetStage, tmp_path: Path) -> None:
    """The service refuses everything, and nobody has paid; then it breaks off twice behind a turn that was paid."""
    breaks_off = (writes("file.txt")[0], OUT_OF_ORDER)
    files = shipped(tmp_path) | project("auth", "One", "Two", command="")
    chain = set_chain(set_stage, files, plays((OUT_OF_ORDER,), breaks_off, breaks_off, writes("two.txt")))

    refused = chain.by_hand("auth", run_id=91)
    unpaid = chain.steps("auth")[0]
    first = chain.by_hand("auth", run_id=92)
    once = chain.steps("auth")[0]
    second = chain.by_hand("auth", run_id=93)
    twice = chain.steps("auth")[0]
    last = chain.by_hand("auth", run_id=94)

    for done in (refused, first, second):
        assert (done.exit_code, done.jobs) == (1, {"step": "failure"}), done
        assert told(done, "outcome", "project", "step_index", "pr_number") == ("failed", "auth", "1", "")
        assert len([message for message in errors(done) if message.startswith("auth: ")]) == 1
        assert "API Error" in done.summary
    assert (unpaid.get("failures", 0), [task["cost_usd"] for task in unpaid["ai_tasks"]]) in ((0, []), (0, [0.0]))
    assert (once["failures"], twice["failures"]) == (1, 2)
    assert told(first, "reason") == ("step_failed",)
    assert float(told(first, "cost_usd")[0]) == pytest.approx(TURN_USD)
    assert told(first, "tokens_input", "tokens_output", "model") == ("1000", "300", MODEL)
    paid = [task for task in twice["ai_tasks"] if task["cost_usd"]]
    assert [task["cost_usd"] for task in paid] == pytest.approx([TURN_USD, TURN_USD])
    assert [task["workflow_run_id"] for task in paid] == [92, 93]
    assert "API Error" in twice["failure_reason"]
    assert last.exit_code == 0, last
    assert told(last, "outcome", "step_index", "pr_number") == ("opened", "2", "1")
    assert chain.states("auth") == [(None, None), (1, "open")]


def test_an_agent_that_changes_nothing(set_stage: SetStage, tmp_path: Path) -> None:
    chain = set_chain(set_stage, shipped(tmp_path) | project("auth", "One", "Two", command="echo I looked at it"))

    done = chain.by_hand("auth")

    assert (done.exit_code, done.jobs) == (1, {"step": "failure"})
    assert told(done, "outcome", "reason", "step_index", "pr_number") == ("failed", "step_failed", "1", "")
    assert any("changed nothing" in message for message in errors(done))
    assert chain.stage.remote.pulls() == []
    assert chain.states("auth") == [(None, None), (None, None)]
    assert chain.steps("auth")[0]["failures"] == 1
    assert "completed_at" not in chain.steps("auth")[0]
    assert "[x]" not in chain.stage.remote.show("claude-step/auth/spec.md")
    assert set(chain.stage.remote.refs()) == {"refs/heads/main", f"refs/heads/{METADATA}"}


def test_no_room(set_stage: SetStage, tmp_path: Path) -> None:
    chain = set_chain(set_stage, shipped(tmp_path) | project("auth", "One", "Two"))
    chain.by_hand("auth")
    chain.stage.remote.commit("main", {"claude-step/auth/configuration.yml": configuration("")})

    done = chain.by_hand("auth")

    assert done.exit_code == 0, done
    assert told(done, "outcome", "reason", "has_capacity") == ("nothing_to_do", "no_reviewer_capacity", "false")
    assert told(done, "claimed", "all_steps_done", "cost_usd") == ("0", "false", "")
    assert "No reviewer has room for one more pull request." in done.summary
    for name in ("Look for Claude Code", "Install Claude Code", "Work on it", "Open the pull request"):
        assert done.steps[name] == "skipped", name
    assert chain.states("auth") == [(1, "open"), (None, None)]
    assert chain.steps("auth")[1].get("attempts", 0) == 0
    assert (errors(done), chain.stage.api.requests) == ([], [])


def _with_steps(files: dict[str, str], most: str) -> dict[str, str]:
    """With another `max_steps`."""
    asks = "          project_name: ${{ inputs.project }}\n"
    assert asks in files[WORKFLOW]
    return files | {WORKFLOW: files[WORKFLOW].replace(asks, f"{asks}          max_steps: '{most}'\n")}


def test_two_steps_in_one_run(set_stage: SetStage, tmp_path: Path) -> None:
    files = _with_steps(shipped(tmp_path), "2") | project("auth", "One", "Two", "Three", room=2)
    chain = set_chain(set_stage, files)

    done = chain.by_hand("auth")

    assert done.exit_code == 0, done
    outcomes = json.loads(told(done, "outcomes")[0])
    assert [(one["outcome"], one["step_index"], one["pr_number"]) for one in outcomes] == [
        ("opened", 1, 1), ("opened", 2, 2),
    ]  # fmt: skip
    assert told(done, "outcome", "step_index", "pr_number", "claimed") == ("opened", "2", "2", "2")
    assert chain.states("auth") == [(1, "open"), (2, "open"), (None, None)]
    assert "### Pull request #1: auth" in done.summary
    assert "### Pull request #2: auth" in done.summary
    for number in (1, 2):
        branch = chain.stage.remote.pull(number)["head"]
        changed = chain.stage.remote.git("diff", "--name-only", f"main...{branch}").split()
        assert changed == [f"auth-{number}.txt", "claude-step/auth/spec.md"]


@pytest.mark.parametrize("most", ["abc", "0"])
def test_a_number_of_steps_that_is_none(set_stage: SetStage, tmp_path: Path, most: str) -> None:
    chain = set_chain(set_stage, _with_steps(shipped(tmp_path), most) | project("auth", "One"))

    done = chain.by_hand("auth")

    assert (done.exit_code, done.jobs) == (1, {"step": "failure"})
    assert (done.steps["Claim the next step"], done.steps["Work on it"]) == ("failure", "skipped")
    assert "exit status 2" in done.logs["Claim the next step"]
    said = [message for message in errors(done) if "exit" not in message]
    assert len(said) == 1, said
    assert "max_steps" in said[0].replace("-", "_").lower()
    assert most in said[0]
    assert set(chain.stage.remote.refs()) == {"refs/heads/main"}
