"""An agent of the user's own, between `prepare` and `finalize`."""

import json
from typing import Any

import pytest

from tests.workflows.chain import ACTION, MODEL, Chain, errors, project, set_chain, told
from tests.workflows.conftest import SetStage
from tests.workflows.journal import Done

WORKFLOW = f"""\
on:
  workflow_dispatch:
    inputs:
      left: {{type: string, default: ""}}
      does: {{type: string, default: ""}}
permissions: {{contents: write, pull-requests: write, issues: write}}
jobs:
  step:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with: {{persist-credentials: false}}
      - id: prepare
        uses: {ACTION}
        with: {{stage: prepare, check_out: true, project_name: auth}}
      - id: own
        env:
          PROMPT: ${{{{ steps.prepare.outputs.prompt }}}}
          LEFT: ${{{{ inputs.left }}}}
          DOES: ${{{{ inputs.does }}}}
        run: |
          echo "It is told: $PROMPT"
          if [ -n "$LEFT" ]; then printf '%s' "$LEFT" > "$RUNNER_TEMP/execution.json"; fi
          eval "$DOES"
          echo "execution_file=$RUNNER_TEMP/execution.json" >> "$GITHUB_OUTPUT"
      - id: claudestep
        if: always()
        uses: {ACTION}
        with:
          stage: finalize
          execution_file: ${{{{ steps.own.outputs.execution_file }}}}
"""
USAGE = {"inputTokens": 1200, "outputTokens": 340, "cacheReadInputTokens": 10, "cacheCreationInputTokens": 20}
RESULT: dict[str, Any] = {
    "type": "result", "subtype": "success", "is_error": False, "result": "It is done.", "total_cost_usd": 0.42,
    "duration_ms": 1000, "num_turns": 2, "permission_denials": [],
    "usage": {"input_tokens": 1200, "output_tokens": 340},
    "modelUsage": {MODEL: {**USAGE, "costUSD": 0.42}},
}  # fmt: skip
BEGUN: dict[str, Any] = {"type": "system", "subtype": "init", "model": MODEL, "session_id": "s", "tools": []}
EDITS = "echo mine > own.txt; echo more >> readme.md"


@pytest.fixture
def chain(set_stage: SetStage) -> Chain:
    files = {".github/workflows/own.yml": WORKFLOW, "readme.md": "It\n"}
    return set_chain(set_stage, files | project("auth", "One step", "Two", room=9))


def _run(chain: Chain, left: str, does: str = EDITS) -> Done:
    return chain.stage.run("workflow_dispatch", inputs={"left": left, "does": does}, run_id=61)


def test_it_has_done_it(chain: Chain) -> None:
    done = _run(chain, json.dumps([BEGUN, RESULT]))

    assert done.exit_code == 0, done
    assert "It is told: " in done.logs["own"]
    assert "One step" in done.logs["own"]
    assert done.outputs["prepare"]["claimed"] == "1"
    assert "One step" in done.outputs["prepare"]["prompt"]
    assert told(done, "outcome", "pr_number", "step_index", "model") == ("opened", "1", "1", MODEL)
    assert told(done, "tokens_input", "tokens_output") == ("1200", "340")
    assert float(told(done, "cost_usd")[0]) == pytest.approx(0.42)
    branch = chain.stage.remote.pull(1)["head"]
    changed = chain.stage.remote.git("diff", "--name-only", f"main...{branch}").split()
    assert changed == ["claude-step/auth/spec.md", "own.txt", "readme.md"]
    assert chain.states("auth") == [(1, "open"), (None, None)]
    (task,) = chain.steps("auth")[0]["ai_tasks"]
    assert (task["type"], task["model"], task["cost_usd"]) == ("PRCreation", MODEL, pytest.approx(0.42))
    assert (task["tokens_input"], task["tokens_output"], task["workflow_run_id"]) == (1200, 340, 61)


def _unknown(chain: Chain, done: Done) -> None:
    """Nothing is published; that it was paid, and not how much, is recorded."""
    assert (done.exit_code, done.jobs) == (1, {"step": "failure"}), done
    assert told(done, "outcome", "reason", "step_index", "cost_usd") == ("failed", "step_failed", "1", "")
    assert told(done, "tokens_input", "tokens_output") == ("", "")
    assert chain.states("auth") == [(None, None), (None, None)]
    step = chain.steps("auth")[0]
    assert step["failures"] == 1
    assert [task["cost_usd"] for task in step["ai_tasks"]] == [None]
    assert [(task["tokens_input"], task["tokens_output"]) for task in step["ai_tasks"]] == [(None, None)]
    assert chain.stage.remote.pulls() == []
    assert len([message for message in errors(done) if message.startswith("auth: ")]) == 1


def test_it_left_no_result(chain: Chain) -> None:
    _unknown(chain, _run(chain, json.dumps([BEGUN])))


def test_it_left_no_file(chain: Chain) -> None:
    _unknown(chain, _run(chain, ""))


def test_it_failed(chain: Chain) -> None:
    """Its step of the workflow is red, and what it used is known."""
    failed = {**RESULT, "subtype": "error_max_turns", "is_error": True, "result": ""}
    red = 'echo "execution_file=$RUNNER_TEMP/execution.json" >> "$GITHUB_OUTPUT"; exit 3'
    done = _run(chain, json.dumps([BEGUN, failed]), f"{EDITS}; {red}")

    assert (done.exit_code, done.steps["own"], done.steps["claudestep"]) == (1, "failure", "failure"), done
    assert told(done, "outcome", "reason") == ("failed", "step_failed")
    assert chain.states("auth") == [(None, None), (None, None)]
    step = chain.steps("auth")[0]
    assert step["failures"] == 1
    assert [task["cost_usd"] for task in step["ai_tasks"]] == pytest.approx([0.42])
    assert chain.stage.remote.pulls() == []


def test_it_never_began(chain: Chain) -> None:
    """Its step of the workflow broke off before it could say where its file is: nobody knows what that cost."""
    done = _run(chain, "", "exit 3")

    assert (done.exit_code, done.steps["own"], done.steps["claudestep"]) == (1, "failure", "failure"), done
    assert told(done, "outcome", "reason") == ("failed", "step_failed")
    assert any("the agent ended without a result" in message for message in errors(done))
    assert chain.states("auth") == [(None, None), (None, None)]
    assert [task["cost_usd"] for task in chain.steps("auth")[0]["ai_tasks"]] == [None]
    assert chain.stage.remote.pulls() == []
