"""Runs that are cancelled, or die, and what a re-run makes of what they left."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.messages_api import Turn
from tests.workflows.chain import (
    ACTION,
    METADATA,
    TURN_USD,
    WORKFLOW,
    Chain,
    Held,
    errors,
    plays,
    project,
    set_chain,
    shipped,
    told,
    writes,
)
from tests.workflows.conftest import SetStage
from tests.workflows.journal import Done
from tests.workflows.runner import Run

WAITS = (writes("file.txt")[0], Turn(text="Late.", hang=100.0))
"""A turn that is paid, and one that never comes."""


def _of_the_agent(stage_place: Path) -> list[str]:
    """The processes that work below this folder, whatever is in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = str((process / "cwd").readlink())
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(stage_place) in where or str(stage_place) in command:
            found.append(command)
    return found


@pytest.fixture
def chain(set_stage: SetStage, tmp_path: Path) -> Chain:
    files = shipped(tmp_path) | project("auth", "One", "Two", command="")
    return set_chain(set_stage, files, plays(WAITS, writes("again.txt")))


def _waiting(chain: Chain) -> Run:
    """A run whose agent waits."""
    run = chain.stage.start("workflow_dispatch", inputs={"project": "auth"}, run_id=51)
    run.wait_until(chain.stage.api.hangs.is_set, "the agent at work")
    assert "claim" in chain.steps("auth")[0]
    assert any("claude" in command for command in _of_the_agent(run.place))
    return run


def test_it_is_cancelled(chain: Chain) -> None:
    """The step is killed at once; what the workflow has behind the action gives the claim back."""
    run = _waiting(chain)
    run.cancel()
    done = run.wait()

    assert done.steps["step/2/finalize"] in ("success", "failure"), done
    assert _of_the_agent(run.place) == []
    assert done.leftovers == []
    assert chain.states("auth") == [(None, None), (None, None)]
    step = chain.steps("auth")[0]
    assert (step.get("failures", 0), step["attempts"]) == (0, 1)
    (task,) = step["ai_tasks"]
    assert task["workflow_run_id"] == 51
    assert task["cost_usd"] in (None, pytest.approx(TURN_USD))
    assert chain.stage.remote.pulls() == []

    again = chain.by_hand("auth", run_id=52)
    assert again.exit_code == 0, again
    assert told(again, "outcome", "step_index", "pr_number") == ("opened", "1", "1")


def test_it_is_cancelled_before_anything_is_claimed(set_stage: SetStage, tmp_path: Path) -> None:
    """In a step of the user's own: there is nothing to give back, and nothing to complain of."""
    files = shipped(tmp_path) | project("auth", "One")
    assert files[WORKFLOW].count("      - id: claudestep\n") == 1
    waits = "      - run: echo at work; sleep 60\n      - id: claudestep\n"
    files[WORKFLOW] = files[WORKFLOW].replace("      - id: claudestep\n", waits)
    chain = set_chain(set_stage, files)
    run = chain.stage.start("workflow_dispatch", inputs={"project": "auth"})
    run.wait_for("at work")
    run.cancel()
    done = run.wait()

    assert done.steps["step/3/finalize"] == "success", done
    assert errors(done) == []
    assert set(chain.stage.remote.refs()) == {"refs/heads/main"}


def test_its_step_is_interrupted(chain: Chain) -> None:
    """What GitHub does first: the agent says what it used, and ends."""
    run = _waiting(chain)
    run.interrupt_step(signal.SIGINT)
    done = run.wait()

    assert (done.exit_code, done.steps["Work on it"]) == (1, "failure"), done
    assert told(done, "outcome", "reason", "step_index") == ("failed", "not_the_steps_fault", "1")
    assert _of_the_agent(run.place) == []
    assert done.leftovers == []
    assert chain.states("auth") == [(None, None), (None, None)]
    step = chain.steps("auth")[0]
    assert step.get("failures", 0) == 0
    (task,) = step["ai_tasks"]
    assert task["cost_usd"] in (None, pytest.approx(TURN_USD))
    assert chain.stage.remote.pulls() == []


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    held = Held(tmp_path)
    yield held
    held.let_go()


def test_all_jobs_are_run_again(set_stage: SetStage, tmp_path: Path, held: Held) -> None:
    """The machine died with a claim; attempt 2 of the same run waits for nothing, as does attempt 3."""
    files = shipped(tmp_path) | project("auth", "One", "Two", command=held.command, more="maxAttempts: 5\n")
    chain = set_chain(set_stage, files)
    _die(chain, held, 1)
    _die(chain, held, 2)
    held.let_go()

    done = chain.by_hand("auth", run_id=53, attempt=3)

    assert done.exit_code == 0, done
    assert told(done, "outcome", "step_index", "pr_number") == ("opened", "1", "1")
    assert chain.states("auth") == [(1, "open"), (None, None)]
    step = chain.steps("auth")[0]
    assert (step["attempts"], step["failures"]) == (3, 2)
    assert chain.open() == [1]


def _die(chain: Chain, held: Held, attempt: int) -> None:
    """A machine that dies while an agent is at work on it."""
    run = chain.stage.start("workflow_dispatch", inputs={"project": "auth"}, run_id=53, attempt=attempt)
    run.wait_until(lambda: _holder(chain) == (53, attempt) and held.begun() > 0, "a claim")
    run.kill()
    assert _holder(chain) == (53, attempt)


def _holder(chain: Chain) -> tuple[int, int] | None:
    """Whose claim it is."""
    if f"refs/heads/{METADATA}" not in chain.stage.remote.refs():
        return None
    claim = chain.steps("auth")[0].get("claim")
    return (claim["owner"]["run_id"], claim["owner"]["run_attempt"]) if claim else None


STAGES = f"""\
on:
  workflow_dispatch:
    inputs:
      does: {{type: string, default: ""}}
      claims: {{type: string, default: ""}}
permissions: {{contents: write, pull-requests: write, issues: write}}
jobs:
  step:
    runs-on: ubuntu-latest
    env: {{KEPT: "${{{{ vars.KEPT }}}}"}}
    steps:
      - uses: actions/checkout@v6
        with: {{ref: main, persist-credentials: false, fetch-depth: 0}}
      - id: prepare
        if: contains(inputs.does, 'prepare')
        uses: {ACTION}
        with: {{stage: prepare, project_name: auth}}
      - id: agent
        if: contains(inputs.does, 'agent')
        uses: {ACTION}
        with: {{stage: agent, claims: "${{{{ inputs.claims }}}}"}}
      - if: always() && contains(inputs.does, 'upload')
        run: cp -r "$RUNNER_TEMP/claudestep" "$KEPT"
      - if: always() && contains(inputs.does, 'download')
        run: cp -r "$KEPT" "$RUNNER_TEMP/claudestep"
      - id: claudestep
        if: always() && contains(inputs.does, 'finalize')
        uses: {ACTION}
        with: {{stage: finalize, claims: "${{{{ inputs.claims }}}}"}}
"""


def _of_stages(set_stage: SetStage, tmp_path: Path) -> Chain:
    files = {".github/workflows/stages.yml": STAGES} | project("auth", "One", "Two")
    return set_chain(set_stage, files, variables={"KEPT": str(tmp_path / "kept")})


def _does(chain: Chain, does: str, claims: str = "", *, attempt: int = 1) -> Done:
    return chain.stage.run("workflow_dispatch", inputs={"does": does, "claims": claims}, run_id=54, attempt=attempt)


def test_the_agent_is_run_again_without_prepare(set_stage: SetStage, tmp_path: Path) -> None:
    """The jobs of attempt 2 have the claims of attempt 1, which nobody works on any more; they give them back."""
    chain = _of_stages(set_stage, tmp_path)
    prepared = _does(chain, "prepare")
    claims = prepared.outputs["prepare"]["claims"]
    assert _holder(chain) == (54, 1), prepared
    assert json.loads(claims)["claims"][0]["project"] == "auth"

    worked = _does(chain, "agent finalize", claims, attempt=2)
    after = chain.stage.remote.head(METADATA)
    again = _does(chain, "finalize", claims, attempt=2)

    assert (worked.exit_code, worked.steps["agent"]) == (1, "success"), worked
    assert "Re-run all jobs" in worked.logs["agent/agent"]
    assert told(worked, "outcome", "reason") == ("failed", "not_the_steps_fault")
    assert [message for message in errors(worked) if "attempt 1 of workflow run 54" in message]
    assert chain.states("auth") == [(None, None), (None, None)]
    step = chain.steps("auth")[0]
    assert (step.get("failures", 0), step["attempts"], step["ai_tasks"]) == (0, 1, [])
    assert chain.stage.remote.head(METADATA) == after, again
    assert chain.stage.remote.pulls() == []


def test_only_finalize_is_run_again(set_stage: SetStage, tmp_path: Path) -> None:
    """It publishes what attempt 1 has done, once."""
    chain = _of_stages(set_stage, tmp_path)
    claims = _does(chain, "prepare").outputs["prepare"]["claims"]
    worked = _does(chain, "agent upload", claims)
    assert (worked.exit_code, _holder(chain)) == (0, (54, 1)), worked

    second = _does(chain, "download finalize", claims, attempt=2)
    published, after = chain.states("auth"), chain.stage.remote.head(METADATA)
    third = _does(chain, "download finalize", claims, attempt=3)

    assert second.exit_code == 0, second
    assert told(second, "outcome", "pr_number", "step_index") == ("opened", "1", "1")
    assert published == [(1, "open"), (None, None)]
    assert chain.states("auth") == published, third
    assert (chain.stage.remote.head(METADATA), chain.open()) == (after, [1])
    assert chain.steps("auth")[0].get("failures", 0) == 0
