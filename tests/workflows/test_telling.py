"""What Slack is told by the shipped workflow, and the action of the statistics."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.bench import refused
from tests.fakes.messages_api import Scenario
from tests.fakes.slack import SlackStub, slack_stub
from tests.workflows.chain import MODEL, TURN_USD, Chain, project_files, writes
from tests.workflows.conftest import SetStage
from tests.workflows.runner import API_KEY

STATISTICS = """\
on: workflow_dispatch
permissions:
  contents: read
  pull-requests: read
jobs:
  figures:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd
        with:
          persist-credentials: false
      - id: figures
        uses: claudestep/claudestep/statistics@5eed00000000000000000000000000000000cafe
        with:
          slack_webhook_url: ${{ secrets.CLAUDESTEP_SLACK_WEBHOOK_URL }}
"""


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    with slack_stub() as stub:
        yield stub


@pytest.fixture
def chain(set_stage: SetStage, tmp_path: Path, slack: SlackStub) -> Chain:
    options = ("--reviewer", "alice", "--model", MODEL)
    files = project_files(tmp_path / "init", "auth", steps=["One", "Two"], options=options)
    path = "claude-step/auth/configuration.yml"
    files[path] += "summary: false\n"
    scenario = Scenario(runs=[writes("one.txt"), (refused(500),)], api_key=API_KEY)
    return Chain(set_stage(files, scenario, secrets={"CLAUDESTEP_SLACK_WEBHOOK_URL": slack.url}))


def test_slack_is_told_of_a_pull_request_of_a_failure_and_of_nothing_else(chain: Chain, slack: SlackStub) -> None:
    done = chain.stage.run("workflow_dispatch", inputs={"project": "auth"}, run_id=41)
    assert done.exit_code == 0
    (message,) = slack.messages
    text = json.dumps(message)
    for part in (
        "1 new pull request",
        "/pull/1",
        "One",
        "alice",
        MODEL,
        f"${2 * TURN_USD:.4f}",
        "/actions/runs/41",
    ):
        assert part in text, part

    done = chain.stage.run("workflow_dispatch", inputs={"project": "auth"})
    assert (done.exit_code, len(slack.messages)) == (0, 1)

    done = chain.merge(1)
    assert (done.exit_code, len(slack.messages)) == (1, 2)
    assert "1 failure" in slack.messages[1]["text"]
    assert "Claude Code" in json.dumps(slack.messages[1])


def test_a_slack_that_is_gone_fails_nothing(chain: Chain, slack: SlackStub) -> None:
    chain.stage.secrets["CLAUDESTEP_SLACK_WEBHOOK_URL"] = "http://127.0.0.1:9/services/T0/B0/secret-part"

    done = chain.stage.run("workflow_dispatch", inputs={"project": "auth"})

    assert (done.exit_code, chain.open()) == (0, [1])
    assert [one.level for one in done.annotations] == ["warning"]
    assert "Slack was not told" in done.annotations[0].message
    assert slack.messages == []


def test_the_statistics(chain: Chain, slack: SlackStub) -> None:
    chain.stage.run("workflow_dispatch", inputs={"project": "auth"})
    chain.stage.remote.commit("main", {".github/workflows/claudestep.yml": STATISTICS})

    done = chain.stage.run("workflow_dispatch")

    assert done.exit_code == 0, done
    report = json.loads(done.outputs["figures"]["report"])
    assert report["projects"][0]["cost"]["usd"] == pytest.approx(2 * TURN_USD)
    assert "auth" in done.summary
    assert f"${2 * TURN_USD:.2f}" in done.summary
    assert "auth" in json.dumps(slack.messages[-1])
