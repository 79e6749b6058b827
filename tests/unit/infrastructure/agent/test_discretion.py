"""No secret is taken from what an agent says: where it works, fails, answers, and says what it used."""

import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from claudestep.domain.redaction import REDACTED
from claudestep.infrastructure.agent.command import CommandRunner
from claudestep.infrastructure.agent.discretion import cleaned, discretion
from claudestep.infrastructure.agent.program import tail
from claudestep.infrastructure.agent.runner import AgentTask
from claudestep.infrastructure.agent.transcript import Transcript
from claudestep.infrastructure.agent.usage import take_usage
from claudestep.infrastructure.clock import SystemClock
from tests.unit.infrastructure.agent.printed import BLANK, INIT, RESULT, line, read, result, tool, turn, use

KNOWN = "the-password-of-the-database"
TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6"
SAY = discretion({"DB_PASSWORD": KNOWN, "HOME": "/home/me"})
BOTH = f"{KNOWN} and {TOKEN}"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def heard(*lines: bytes) -> Transcript:
    """A transcript that was read with discretion."""
    transcript = Transcript(root="/tree/", say=SAY)
    with TemporaryFile() as output:
        output.write(b"".join(lines))
        output.flush()
        transcript.finish(output)
    return transcript


def test_every_text_and_every_key_of_a_value_is_said() -> None:
    value = {"a": BOTH, BOTH: [BOTH, 1, None, True, {"b": (BOTH,)}], "c": "plain"}
    said = f"{REDACTED} and {REDACTED}"
    assert cleaned(value, SAY) == {"a": said, said: [said, 1, None, True, {"b": [said]}], "c": "plain"}


@pytest.mark.parametrize(
    "values",
    [
        {"result": BOTH}, {"subtype": BOTH, "result": None},
        {"is_error": True, "result": None, "errors": ["a", BOTH]},
        {"is_error": True, "result": BOTH}, {"structured_output": {"summary": BOTH, BOTH: [BOTH]}},
        {"permission_denials": [{"tool_name": BOTH, "tool_input": {"command": f"curl -u {BOTH}", "x": [BOTH]}}]},
        {"modelUsage": {BOTH: use()}},
    ],
)  # fmt: skip
def test_no_part_of_a_result_has_a_secret(values: dict[str, Any]) -> None:
    printed = INIT + result(**values)
    assert KNOWN.encode() in printed
    transcript = heard(printed)
    found = transcript.result
    assert found is not None
    shown = repr(
        (found, found.failure, transcript.tasks(BLANK), [one.describe("/") for one in found.permission_denials])
    )
    assert REDACTED in shown
    assert KNOWN not in shown
    assert TOKEN not in shown


def test_the_model_that_the_first_line_names_has_no_secret() -> None:
    assert heard(line(type="system", subtype="init", model=BOTH)).model == f"{REDACTED} and {REDACTED}"


def test_what_is_no_secret_is_read_as_ever() -> None:
    assert heard(INIT + RESULT).result == read(INIT + RESULT).result
    assert heard(INIT + RESULT).tasks(BLANK) == read(INIT + RESULT).tasks(BLANK)


def test_what_it_does_has_no_secret() -> None:
    assert heard(turn(1, tool("Bash", command=f"psql {BOTH}"))).progress == (
        f"turn 1: Bash psql {REDACTED} and {REDACTED}"
    )
    assert heard(turn(1, {"type": "text", "text": f"  it is {BOTH}\nsecond"})).progress == (
        f"turn 1: it is {REDACTED} and {REDACTED}"
    )


def test_a_secret_is_taken_out_before_what_it_stands_in_is_cut() -> None:
    for secret in (KNOWN, TOKEN):
        for room in range(90):
            doing = heard(turn(1, tool("Bash", command=f"{'x' * room} {secret}"))).doing
            assert secret[:6] not in doing


def test_without_an_environment_what_looks_like_a_token_is_taken_out_all_the_same() -> None:
    assert TOKEN not in repr(read(INIT + result(result=BOTH)).result)


# Commands


@pytest.fixture
def usage(tmp_path: Path) -> Callable[[Any], str]:
    """What is made of what a command wrote."""

    def take(written: Any) -> str:
        path = tmp_path / "usage.json"
        path.write_text(written if isinstance(written, str) else json.dumps(written), encoding="utf-8")
        return repr(take_usage(path, "PRCreation", NOW, say=SAY))

    return take


USED = {"type": "PRCreation", "model": "m", "cost_usd": 1.5, "created_at": "2026-11-23T00:00:00Z"}


def test_what_a_command_used_has_no_secret(usage: Callable[[Any], str]) -> None:
    by_model = {BOTH: {"cost_usd": 1.5, "about": BOTH}}
    said = usage(
        {**USED, "type": BOTH, "model": BOTH, "id": BOTH, "usage_by_model": by_model, "more": {BOTH: [BOTH]}}
    )
    assert said.count(f"{REDACTED} and {REDACTED}") >= 6
    assert KNOWN not in said
    assert TOKEN not in said
    assert "cost_usd=1.5" in said


@pytest.mark.parametrize("written", [BOTH, {**USED, "cost_usd": BOTH}, {**USED, "created_at": BOTH}, {BOTH: BOTH}])
def test_a_usage_that_cannot_be_read_is_told_without_a_secret(
    usage: Callable[[Any], str], caplog: pytest.LogCaptureFixture, written: Any
) -> None:
    with caplog.at_level(logging.WARNING):
        said = usage(written)
    assert "cost_usd=None" in said
    assert "its cost is unknown" in caplog.text
    assert KNOWN not in caplog.text + said
    assert TOKEN not in caplog.text + said


@pytest.mark.parametrize("deep", [400, 700, 5000])
def test_a_usage_that_is_nested_as_deep_as_can_be_is_no_error_of_ours(
    usage: Callable[[Any], str], deep: int
) -> None:
    said = usage(json.dumps(USED)[:-1] + ', "more": ' + "[" * deep + "]" * deep + "}")
    assert "AITask(" in said


def test_a_usage_that_is_not_to_be_reached_is_told_without_a_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / TOKEN).write_text("no folder", encoding="utf-8")
    (used,) = take_usage(tmp_path / TOKEN / "usage.json", "PRCreation", NOW)
    assert used.cost_usd is None
    (ours,) = (record.getMessage() for record in caplog.records if record.name.endswith(".usage"))
    assert f"/{REDACTED}/usage.json" in ours
    assert TOKEN not in ours


# The end of what was printed


def said_of(text: str) -> str:
    with TemporaryFile() as output:
        output.write(text.encode())
        output.flush()
        return SAY(tail(output))


def test_the_end_of_an_output_has_no_piece_of_a_secret_wherever_it_is_cut() -> None:
    for secret in (KNOWN, TOKEN):
        for more in range(7900, 8060):
            said = said_of(f"begin {secret} {'x ' * (more // 2)}{'y' * (more % 2)}")
            assert secret[-6:] not in said
            assert said.endswith(("x ", "y"))


def test_a_short_output_is_there_whole() -> None:
    assert said_of("one two\n") == "one two\n"
    assert said_of("x" * 8000) == "x" * 8000
    assert 6000 < len(said_of("x" * 9000)) < 8000, "an output without any white space"


# A command, run by the shell


def ran(tmp_path: Path, script: str) -> str:
    """All that a command agent gives back: its result, its progress, and what it used."""
    tree = tmp_path / "tree"
    tree.mkdir()
    given: list[object] = []
    runner = CommandRunner(
        command=script, label="agent.command", names=(), environment={"DB_PASSWORD": KNOWN, "PATH": os.defpath},
        clock=SystemClock(),
    )  # fmt: skip
    task = AgentTask(
        project="p", step_index=1, step_description="One", prompt="", tree=tree, scratch=tmp_path,
        timeout=timedelta(minutes=1), started=given.append, spent=given.append,
    )  # fmt: skip
    result = runner.run(task, lambda _, doing: given.append(doing))
    return repr((result, given))


@pytest.mark.parametrize(
    "script",
    [
        f"echo {BOTH}", f"echo {BOTH}; exit 1", f"echo {BOTH}; sleep 1",
        f"""echo '{json.dumps({**USED, "model": BOTH})}' > "$CLAUDESTEP_USAGE_FILE" """,
    ],
)  # fmt: skip
def test_a_command_gives_back_no_secret(tmp_path: Path, script: str) -> None:
    said = ran(tmp_path, script)
    assert f"{REDACTED} and {REDACTED}" in said
    assert KNOWN not in said
    assert TOKEN not in said
