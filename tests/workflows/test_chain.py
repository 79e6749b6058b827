"""From one workflow file to a chain of reviewed pull requests, over five steps and two projects."""

from pathlib import Path

import pytest

from tests.workflows.chain import MODEL, TURN_USD, Chain, does, project_files, set_chain
from tests.workflows.conftest import SetStage
from tests.workflows.journal import Done

STEP_USD = 3 * TURN_USD
"""What a step takes: two turns of the agent and one of the summary."""


@pytest.fixture
def chain(set_stage: SetStage, tmp_path: Path) -> Chain:
    options = ("--reviewer", "alice", "--reviewer", "bob", "--model", MODEL)
    files = project_files(tmp_path / "init", "auth", steps=["One", "Two", "Three"], options=options)
    files |= project_files(tmp_path / "init", "logs", steps=["First", "Last"], options=options[:2] + options[4:])
    return set_chain(set_stage, files, does(5))


def _opened(done: Done, number: int, project: str, index: int) -> None:
    """The run opened this pull request, and says so."""
    assert done.exit_code == 0, done
    told = done.outputs["claudestep"]
    assert (told["outcome"], told["project"], told["pr_number"]) == ("opened", project, str(number))
    assert (told["step_index"], told["model"], told["all_steps_done"]) == (str(index), MODEL, "false")
    assert float(told["cost_usd"]) == pytest.approx(STEP_USD)
    assert (told["tokens_input"], told["tokens_output"]) == ("3000", "900")
    assert f"### Pull request #{number}: {project}" in done.summary
    assert f"| **all** | | | | **${STEP_USD:.4f}** |" in done.summary


def _recorded(chain: Chain, project: str, index: int, number: int, state: str, run_id: int) -> None:
    """A step's document says what is true, with what the stub charged."""
    step = chain.steps(project)[index - 1]
    assert (step["pr_number"], step["pr_state"], "claim" in step) == (number, state, False)
    assert [task["type"] for task in step["ai_tasks"]] == ["PRCreation", "PRSummary"]
    assert [task["cost_usd"] for task in step["ai_tasks"]] == pytest.approx([2 * TURN_USD, TURN_USD])
    assert [(task["tokens_input"], task["tokens_output"]) for task in step["ai_tasks"]] == [
        (2000, 600),
        (1000, 300),
    ]
    assert {task["workflow_run_id"] for task in step["ai_tasks"]} == {run_id}
    assert {task["model"] for task in step["ai_tasks"]} == {MODEL}


def test_a_chain_over_two_projects(chain: Chain) -> None:
    _opened(chain.stage.run("workflow_dispatch", inputs={"project": "auth"}, run_id=71), 1, "auth", 1)
    _recorded(chain, "auth", 1, 1, "open", 71)
    _opened(chain.stage.run("workflow_dispatch", inputs={"project": "logs"}, run_id=72), 2, "logs", 1)
    _recorded(chain, "logs", 1, 2, "open", 72)

    _opened(chain.merge(1, run_id=73), 3, "auth", 2)
    _recorded(chain, "auth", 1, 1, "merged", 71)
    _opened(chain.merge(2, run_id=74), 4, "logs", 2)
    _opened(chain.merge(3, run_id=75), 5, "auth", 3)

    last = chain.merge(4, run_id=76)
    assert (last.exit_code, last.outputs["claudestep"]["outcome"]) == (0, "nothing_to_do")
    assert last.outputs["claudestep"]["reason"] == "all_steps_done"
    assert last.outputs["claudestep"]["all_steps_done"] == "true"
    chain.merge(5, run_id=77)

    assert chain.open() == []
    for project, runs in (("auth", (71, 73, 75)), ("logs", (72, 74))):
        for index, run_id in enumerate(runs, start=1):
            number = chain.steps(project)[index - 1]["pr_number"]
            _recorded(chain, project, index, number, "merged", run_id)
        assert all(step["completed_at"] for step in chain.steps(project))
    assert sorted(chain.stage.remote.git("ls-tree", "--name-only", "main", "file-1.txt", "file-5.txt").split()) == [
        "file-1.txt", "file-5.txt",
    ]  # fmt: skip


def test_the_pull_request(chain: Chain) -> None:
    chain.stage.run("workflow_dispatch", inputs={"project": "auth"})

    pull = chain.stage.remote.pull(1)
    assert pull["title"] == "ClaudeStep: One"
    assert [label["name"] if isinstance(label, dict) else label for label in pull["labels"]] == ["claudestep"]
    body = pull["body"]
    for part in ("A file is new.", "Read it.", f"| **all of this step** | | | | **${STEP_USD:.4f}** |", MODEL):
        assert part in body
    assert "<!-- claudestep:record" in body


def test_a_step_of_the_agent_knows_no_token_of_github_and_the_others_no_key(chain: Chain) -> None:
    done = chain.stage.run("workflow_dispatch", inputs={"project": "auth"})

    assert done.exit_code == 0
    asked = [request for request in chain.stage.api.requests if request.path.startswith("/v1/messages")]
    assert asked
    assert not any(chain.stage.token in str(request.body) for request in asked)
