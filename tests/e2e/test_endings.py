"""Every way in which a run of Claude Code ends, through `claudestep run`: what is said, counted and recorded.

The rows are those that were seen with versions 2.1.197 and 2.1.330; the second is the one that runs here.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.e2e.bench import DOES_IT, DONE, MODEL, STEP, Bench, bash, once, refused, writes
from tests.e2e.conftest import SetUp
from tests.fakes.messages_api import Fault, Scenario, Turn, Usage
from tests.integration.repository import SPEC, Result

AGENT = f"summary: false\nagent:\n  model: {MODEL}\n"
NO_CREDIT = "Your credit balance is too low to access the Anthropic API."


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is played, how the project is configured, what the environment has besides, and what is said."""

    plays: Scenario
    says: str
    configuration: str = STEP
    environment: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def run(set_up: SetUp, case: Case) -> tuple[Bench, Result]:
    """The run, and what every ending has in common: its figures are recorded to the last digit."""
    bench = set_up(case.plays, case.configuration, flags=case.flags)
    bench.repository.environment |= case.environment
    result = bench.run()
    assert case.says in result.out
    assert bench.recorded() == bench.printed()
    return bench, result


NOTHING_CHARGED: Mapping[str, Case] = {
    "wrong key": Case(plays=Scenario(runs=[DOES_IT], api_key="another"), says="Invalid API key"),
    "no key": Case(plays=once(*DOES_IT), environment={"ANTHROPIC_API_KEY": ""}, says="Not logged in"),
    "odd request": Case(plays=once(refused(400, "invalid_request_error", "it is odd")), says="400 it is odd"),
    "no credit": Case(
        plays=once(refused(400, "invalid_request_error", NO_CREDIT)), says="Credit balance is too low"
    ),
    "no such model": Case(
        plays=once(refused(404, "not_found_error", "model: x")), says=f"selected model ({MODEL})"
    ),
    "lasting 429": Case(plays=once(refused(429, "rate_limit_error", "slow down")), says="(429) · slow down"),
    "lasting 529": Case(plays=once(refused(529, "overloaded_error", "Overloaded")), says="529 Overloaded"),
    "500 at first": Case(plays=once(refused(500)), says="API Error: 500 it went wrong"),
    "no answer": Case(
        plays=once(Turn(text="late", hang=30)),
        environment={"API_TIMEOUT_MS": "300", "CLAUDE_CODE_MAX_RETRIES": "0"},
        says="Request timed out",
    ),
    "unknown flag": Case(
        plays=once(*DOES_IT),
        flags=("--a-flag-of-the-future",),
        says="exit status 1: error: unknown option '--a-flag-of-the-future'",
    ),
}


@pytest.mark.parametrize("name", NOTHING_CHARGED)
def test_an_attempt_that_nothing_is_charged_for_does_not_count(set_up: SetUp, name: str) -> None:
    bench, result = run(set_up, NOTHING_CHARGED[name])
    assert result.code == 1
    assert "the step is not to blame, so this does not count" in result.out
    assert (bench.failures(), bench.recorded(), bench.repository.branches()) == (0, [], [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_root_is_told_that_it_may_not_bypass_permissions(set_up: SetUp) -> None:
    bypass = f"{AGENT}  permissionMode: bypassPermissions\n"
    case = Case(plays=once(*DOES_IT), configuration=bypass, says="cannot be used with root/sudo privileges")
    bench, result = run(set_up, case)
    assert result.code == 1
    assert "does not count" in result.out
    bench.repository.environment["IS_SANDBOX"] = "1"
    assert bench.run().code == 0


def test_a_service_that_is_not_there_does_not_count(set_up: SetUp) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        case = Case(plays=once(DONE), environment={"ANTHROPIC_BASE_URL": nobody}, says="Connection refused")
        bench, result = run(set_up, case)
    assert result.code == 1
    assert bench.failures() == 0


def test_without_claude_on_the_path_nothing_is_claimed(set_up: SetUp) -> None:
    bench = set_up(once(*DOES_IT))
    (bench.bin / "claude").unlink()
    result = bench.run()
    assert result.code == 2
    assert "Claude Code is not installed: there is no `claude` on the PATH. Install it (npm install" in result.err
    assert not list(bench.repository.documents())


CHARGED: Mapping[str, tuple[Case, int]] = {
    "tool refused": (
        Case(
            plays=once(writes(), DONE),
            configuration=f"{AGENT}  permissionMode: dontAsk\n",
            says="not allowed to edit",
        ),
        2,
    ),
    "too many turns": (
        Case(
            plays=once(writes("1"), writes("2"), writes("3"), DONE),
            configuration=f"{AGENT}  maxTurns: 2\n",
            says="failed: Claude Code: Reached maximum number of turns (2)",
        ),
        2,
    ),
    "too dear": (
        Case(
            plays=once(writes("1"), writes("2"), writes("3"), DONE),
            configuration=f"{STEP}budget: {{perStepUsd: 0.015}}\n",
            says="failed: Claude Code: Reached maximum budget ($0.015)",
        ),
        2,
    ),
    "500 after a turn": (Case(plays=once(writes(), refused(500)), says="API Error: 500 it went wrong"), 1),
    "too long an answer": (
        Case(
            plays=once(Turn(text="half", stop_reason="max_tokens")), says="exceeded the 32000 output token maximum"
        ),
        4,
    ),
    "refusal": (Case(plays=once(Turn(text="no", stop_reason="refusal")), says="can't help with this"), 2),
}


@pytest.mark.parametrize("name", CHARGED)
def test_an_attempt_that_was_charged_for_counts_and_is_recorded(set_up: SetUp, name: str) -> None:
    case, turns = CHARGED[name]
    bench, result = run(set_up, case)
    assert result.code == 1
    assert "it cost $0.0" in result.out
    assert "failure 1 of 2: the next run tries again" in result.out
    assert case.says in bench.repository.step(1)["failure_reason"].replace("\n", " ") + result.out
    assert [task["tokens_input"] for task in bench.recorded()] == [1000 * turns]
    assert (bench.operations(), bench.failures(), bench.repository.branches()) == (["PRCreation"], 1, [])


def test_a_success_is_recorded_to_the_last_digit_over_all_models(set_up: SetUp) -> None:
    asks = Turn(
        tool="Agent",
        input={
            "description": "look",
            "prompt": "Look around.",
            "subagent_type": "general-purpose",
            "model": "haiku",
        },
        usage=Usage(input=7, output=11, cache_read=13, cache_write_5m=17, cache_write_1h=19),
    )
    helper = Turn(text="Nothing here.", usage=Usage(input=23, output=29, cache_read=31, cache_write_1h=37))
    plays = Scenario(runs=[(asks, *DOES_IT)], helper=[helper])

    bench, result = run(set_up, Case(plays=plays, says="pull request #1 from claude-step-p-1: 2 files"))

    assert result.code == 0
    assert bench.repository.changed_files("claude-step-p-1") == [SPEC, "one.txt"]
    (task,) = bench.repository.step(1)["ai_tasks"]
    uses = bench.results()[0][-1]["modelUsage"]
    assert len(uses) == 2
    assert {name: use["cost_usd"] for name, use in task["usage_by_model"].items()} == {
        name: use["costUSD"] for name, use in uses.items()
    }
    assert sum(use["tokens_cache_write"] for use in task["usage_by_model"].values()) == task["tokens_cache_write"]
    assert (task["type"], task["model"], task["pr_number"]) == ("PRCreation", MODEL, 1)


DONE_ALL_THE_SAME: Mapping[str, tuple[Case, float | None]] = {
    "429 twice": (
        Case(
            plays=once(writes(fault=Fault(status=429, kind="rate_limit_error", times=2, retry_after=0)), DONE),
            environment={"CLAUDE_CODE_MAX_RETRIES": "3"},
            says="pull request #1",
        ),
        0.0195,
    ),
    "a command refused": (
        Case(
            plays=once(bash("python3 -c 'print(1)'"), *DOES_IT), says="note: Claude Code was refused Bash python3"
        ),
        0.02925,
    ),
    "an edit outside refused": (
        Case(plays=once(writes("/etc/claudestep-test"), *DOES_IT), says="refused Write /etc/claudestep-test"),
        0.02925,
    ),
    "a model without a price": (
        Case(
            plays=once(*DOES_IT),
            configuration="agent: {model: claude-nobody-9}\nsummary: false\n",
            says="1 unknown",
        ),
        None,
    ),
}


@pytest.mark.parametrize("name", DONE_ALL_THE_SAME)
def test_what_does_not_keep_a_step_from_being_done(set_up: SetUp, name: str) -> None:
    case, cost = DONE_ALL_THE_SAME[name]
    bench, result = run(set_up, case)
    assert result.code == 0
    assert bench.costs() == [pytest.approx(cost)]
    assert bench.repository.branches() == ["claude-step-p-1"]


def test_a_refused_edit_names_the_file(set_up: SetUp) -> None:
    case, _ = CHARGED["tool refused"]
    _, result = run(set_up, case)
    assert "failed: Claude Code was not allowed to edit: Write one.txt (agent.permissionMode" in result.out


def test_a_reason_of_several_lines_stays_within_its_step(set_up: SetUp) -> None:
    case, _ = CHARGED["refusal"]
    _, result = run(set_up, case)
    assert "Learn more" in result.out
    assert [line for line in result.out.splitlines()[1:] if not line.startswith("  ")] == []
