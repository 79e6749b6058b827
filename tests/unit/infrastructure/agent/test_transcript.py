from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from claudestep.domain.ai_tasks import ModelUsage
from claudestep.infrastructure.agent.transcript import Denial, Transcript
from tests.unit.builders import task
from tests.unit.infrastructure.agent.printed import BLANK, INIT, RESULT, USED, line, read, result, tool, turn, use


@pytest.fixture
def output(tmp_path: Path) -> Iterator[IO[bytes]]:
    with (tmp_path / "output").open("w+b") as file:
        yield file


# What was used


def test_a_run_that_ended_is_one_operation_with_all_its_figures() -> None:
    assert read(INIT + RESULT).tasks(BLANK) == (USED,)


def test_a_run_that_never_began_used_nothing() -> None:
    assert read(b"Invalid API key\n").tasks(BLANK) == ()
    assert read().tasks(BLANK) == ()


def test_a_run_that_was_ended_before_its_result_has_an_unknown_cost() -> None:
    """ "unknown cost is `null`, never 0"."""
    (used,) = read(INIT + turn(1)).tasks(BLANK)
    assert used == task(None, model="claude-opus-4-init")
    (nameless,) = read(line(type="system", subtype="init")).tasks(BLANK)
    assert nameless == task(None, model="unknown")


def test_a_run_that_was_refused_by_the_service_used_nothing() -> None:
    refused = result(is_error=True, result="Invalid API key", total_cost_usd=0, modelUsage={})
    transcript = read(INIT + refused)
    assert transcript.tasks(BLANK) == ()
    assert transcript.result is not None
    assert transcript.result.took_nothing


@pytest.mark.parametrize(
    "values",
    [
        {"total_cost_usd": None},
        {"modelUsage": {"claude-opus-4": use(costBasis="unknown")}},
        {"modelUsage": {"claude-opus-4": use(costUSD=None)}},
        {"modelUsage": {"claude-opus-4": use(), "small": use(costBasis="unknown", costUSD=0.0)}},
    ],
)
def test_a_cost_is_unknown_when_any_price_of_it_is(values: dict[str, Any]) -> None:
    (used,) = read(INIT + result(**values)).tasks(BLANK)
    assert used.cost_usd is None
    assert used.model == "claude-opus-4"


def test_a_run_with_several_models_is_one_operation_that_names_the_dearest() -> None:
    usage = {"small": use(inputTokens=1, costUSD=0.1), "big": use(costUSD=0.7), "free": use(costBasis="unknown")}
    (used,) = read(INIT + result(modelUsage=usage, total_cost_usd=0.8)).tasks(BLANK)
    assert (used.model, used.cost_usd) == ("big", None)
    assert (used.tokens_input, used.tokens_output, used.tokens_cache_read) == (21, 60, 900)
    assert used.usage_by_model == {
        "small": ModelUsage(
            cost_usd=0.1, tokens_input=1, tokens_output=20, tokens_cache_read=300, tokens_cache_write=4000
        ),
        "big": ModelUsage(
            cost_usd=0.7, tokens_input=10, tokens_output=20, tokens_cache_read=300, tokens_cache_write=4000
        ),
        "free": ModelUsage(
            cost_usd=None, tokens_input=10, tokens_output=20, tokens_cache_read=300, tokens_cache_write=4000
        ),
    }


def test_the_cost_of_several_models_is_the_whole_one() -> None:
    usage = {"small": use(costUSD=0.1), "big": use(costUSD=0.7)}
    (used,) = read(INIT + result(modelUsage=usage, total_cost_usd=0.9)).tasks(BLANK)
    assert used.cost_usd == 0.9


def test_tokens_are_unknown_and_not_none_when_no_model_is_named() -> None:
    (used,) = read(INIT + result(modelUsage=None, duration_ms=None)).tasks(BLANK)
    assert (used.model, used.cost_usd) == ("claude-opus-4-init", 0.5)
    assert (used.tokens_input, used.tokens_output, used.duration_seconds) == (None, None, None)


# How it ended


@pytest.mark.parametrize(
    ("values", "failure"),
    [
        ({}, None),
        ({"is_error": True, "result": "API Error: 529"}, "API Error: 529"),
        ({"subtype": "error_max_turns", "result": None}, "error_max_turns"),
        ({"subtype": "error_during_execution", "result": None, "errors": ["one", "two"]}, "one; two"),
        ({"subtype": None, "result": None}, "it gave no reason"),
        ({"is_error": True, "result": ""}, "success"),
    ],
)
def test_a_success_needs_its_name_and_no_error_flag(values: dict[str, Any], failure: str | None) -> None:
    """ "Success needs all of: exit 0, a result, no error flag ..."."""
    found = read(INIT + result(**values)).result
    assert found is not None
    assert found.failure == failure


def test_a_structured_answer_and_what_was_denied_are_read() -> None:
    denied = [{"tool_name": "Bash", "tool_use_id": "t", "tool_input": {"command": "make  test\n--all"}}]
    found = read(result(structured_output={"what_changed": "x"}, permission_denials=denied)).result
    assert found is not None
    assert found.structured_output == {"what_changed": "x"}
    assert [one.describe("") for one in found.permission_denials] == ["Bash make test --all"]


@pytest.mark.parametrize(
    ("denial", "shown"),
    [
        (Denial("Edit", {"file_path": "a.py", "command": "x"}), "Edit a.py"),
        (Denial("WebFetch", {"url": "https://x"}), "WebFetch https://x"),
        (Denial("Task", {"other": 1}), "Task"),
        (Denial("Bash", {"command": ""}), "Bash"),
        (Denial("Bash", {"command": "x" * 200}), f"Bash {'x' * 74}…"),
        (Denial(), ""),
    ],
)
def test_a_tool_is_shown_with_what_it_was_used_on(denial: Denial, shown: str) -> None:
    assert denial.describe("/tree") == shown


# What it does


def test_progress_is_the_number_of_turns_and_what_is_done_now(output: IO[bytes]) -> None:
    transcript = Transcript()
    shown = []
    for part in (
        INIT,
        turn(1, {"type": "text", "text": "\n I look.\nThen I edit."}),
        turn(1, tool("Read", file_path="a.py")),
        line(type="user", message={"content": [{"type": "tool_result"}]}),
        turn(2, {"type": "thinking", "thinking": "hm"}),
        line(type="system", subtype="api_retry", attempt=1),
        turn(3, tool("Bash", command="make test"), {"type": "text", "text": " "}),
    ):
        output.write(part)
        output.flush()
        transcript.read(output)
        shown.append(transcript.progress)
    assert shown == [
        "",
        "turn 1: I look.",
        "turn 1: Read a.py",
        "turn 1: Read a.py",
        "turn 2: Read a.py",
        "turn 2: waiting for the API, try 2",
        "turn 3: Bash make test",
    ]
