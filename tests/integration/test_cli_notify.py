"""`claudestep notify`, against a stub of Slack."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from claudestep.application.outcome import Outcome, encode, of_nothing
from tests.fakes.slack import PATH, Answer, SlackStub, slack_stub
from tests.integration.raw_server import RawServer, resetting
from tests.integration.repository import PROJECT, Repository, Result
from tests.unit.application.reports.test_slack import HOSTILE, failed, opened

_SECRET = re.compile("SECRET|HIDDEN|NeverShown|127[.]0[.]0[.]1")
NOTHING = "Slack is told nothing: no pull request was opened, and nothing failed.\n"


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    with slack_stub() as stub:
        yield stub


@dataclass(frozen=True)
class Bench:
    """A repository, and a folder that `finalize` has left its report in."""

    repository: Repository
    handover: Path

    def reported(self, *outcomes: Outcome) -> "Bench":
        self.handover.mkdir(exist_ok=True)
        (self.handover / "report.json").write_bytes(encode(outcomes))
        return self

    def notify(self, url: str, *args: str, **env: str) -> Result:
        """Start the command; whatever comes of it, no run fails for it and the address is not shown."""
        result = self.repository.run(
            *args, "notify", "--handover", str(self.handover), env={"SLACK_WEBHOOK_URL": url, **env}
        )
        assert result.code == 0, result
        assert not _SECRET.search(result.out + result.err), result
        return result


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Repository(tmp_path).begin(), tmp_path / "handover")


def test_several_outcomes_are_one_message(bench: Bench, slack: SlackStub) -> None:
    bench.reported(opened(), of_nothing("no_project", "none"), failed(), opened(step_index=4, pr_number=8))
    assert bench.notify(slack.url) == Result(0, "Slack was told.\n", "")
    (message,) = slack.messages
    assert message["text"] == "ClaudeStep: 2 new pull requests, 1 failure"
    assert [block["type"] for block in message["blocks"]] == ["header", *["section"] * 3, "context"]
    assert slack.requests == 1


def test_a_failure_has_a_link_to_the_run_of_the_workflow(bench: Bench, slack: SlackStub) -> None:
    workflow = {
        "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "octo-org/shop",
    }  # fmt: skip
    bench.reported(failed()).notify(slack.url, **workflow)
    link = "<https://github.com/octo-org/shop/actions/runs/77|what it printed>"
    assert link in slack.messages[0]["blocks"][1]["text"]["text"]


def test_nothing_is_sent_when_nothing_happened(bench: Bench, slack: SlackStub) -> None:
    assert bench.notify(slack.url).out == NOTHING, "there is no report"
    assert bench.reported().notify(slack.url).out == NOTHING
    assert bench.reported(of_nothing("all_steps_done", "all done")).notify(slack.url).out == NOTHING
    assert slack.requests == 0


@pytest.mark.parametrize("url", ["", "  \n"])
def test_nothing_is_sent_without_a_webhook(bench: Bench, url: str) -> None:
    result = bench.reported(opened()).notify(url)
    assert result == Result(0, "Slack is told nothing: SLACK_WEBHOOK_URL is not set.\n", "")


def test_the_report_of_a_real_finalize_is_told(bench: Bench, slack: SlackStub) -> None:
    """prepare, agent and finalize in this folder; a step that the program did costs nothing."""
    repository = bench.repository
    for stage in (["prepare", PROJECT], ["agent"], ["finalize"]):
        with repository.start(*stage, "--handover", str(bench.handover)) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
    bench.notify(slack.url)
    (message,) = slack.messages
    assert message["text"] == f"ClaudeStep: 1 new pull request: {PROJECT}"
    assert message["blocks"][1]["fields"][0]["text"] == "Step: One"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(400, "invalid_blocks"), "Slack said 400 (invalid_blocks)"),
        (Answer(403, "invalid_token"), "Slack said 403 (invalid_token)"),
        (
            Answer(404, f"no_service {PATH}"),
            "Slack said 404 (no_service /[redacted]/[redacted]/[redacted]/[redacted])",
        ),
        (Answer(429, "ratelimited", {"Retry-After": "30"}), "Slack said 429 (ratelimited)"),
    ],
    ids=["blocks", "token", "service", "limit"],
)
def test_a_refusal_is_a_warning_and_no_failure(bench: Bench, slack: SlackStub, answer: Answer, said: str) -> None:
    slack.planned = [answer]
    result = bench.reported(opened()).notify(slack.url)
    assert result.err.startswith(f"WARNING: Slack was not told: {said}. ")
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_a_fault_of_slack_is_tried_once_more(bench: Bench, slack: SlackStub) -> None:
    slack.planned = [Answer(500)]
    assert bench.reported(opened()).notify(slack.url).out == "Slack was told.\n"
    assert len(slack.messages) == 1


def test_a_broken_connection_is_a_warning(bench: Bench) -> None:
    server = RawServer()
    server.script = resetting
    result = bench.reported(opened()).notify(f"{server.url}{PATH}", "--verbose")
    server.close()
    assert "WARNING: Slack was not told: Slack did not answer: the connection broke off." in result.err


@pytest.mark.parametrize("url", ["x7Xq2vNeverShown", f"http://hooks.slack.com{PATH}", f"https://[::1{PATH}"])
def test_an_address_that_is_none_is_a_warning(bench: Bench, url: str) -> None:
    result = bench.reported(opened()).notify(url)
    assert result.err.startswith("WARNING: Slack was not told: SLACK_WEBHOOK_URL ")


@pytest.mark.parametrize("data", [b"", b"{", b'[{"outcome": "exploded"}]', b"\xff", b"[" * 100_000])
def test_a_report_that_cannot_be_read_is_a_warning(bench: Bench, slack: SlackStub, data: bytes) -> None:
    bench.reported()
    (bench.handover / "report.json").write_bytes(data)
    result = bench.notify(slack.url)
    assert result.err.startswith("WARNING: Slack was not told: report.json of the handover cannot be read: ")
    assert slack.requests == 0


def test_a_warning_stands_beside_the_run_of_a_workflow(bench: Bench, slack: SlackStub) -> None:
    slack.planned = [Answer(404, "no_service")]
    result = bench.reported(opened()).notify(slack.url, GITHUB_ACTIONS="true")
    assert "::warning::Slack was not told: Slack said 404 (no_service)." in result.out


def test_hostile_text_arrives_as_text(bench: Bench, slack: SlackStub) -> None:
    bench.reported(failed(step_description=HOSTILE, message=HOSTILE), opened(reviewer=HOSTILE)).notify(slack.url)
    (message,) = slack.messages
    said = str(message)
    assert "&lt;!channel&gt;" in said
    assert "<!" not in said
    assert "<@" not in said


def test_the_largest_report_is_within_slacks_limits(bench: Bench, slack: SlackStub) -> None:
    big = '&<>"\\' * 2_000
    outcomes = [failed(step_description=big, message=big, remedy=big, reviewer=big) for _ in range(300)]
    assert bench.reported(*outcomes).notify(slack.url).out == "Slack was told.\n"
    assert not slack.refused
