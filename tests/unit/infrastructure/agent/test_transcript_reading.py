"""A transcript is data from outside, and it is read while it is being written."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.infrastructure.agent.transcript import Transcript
from tests.unit.builders import task
from tests.unit.infrastructure.agent.printed import BLANK, INIT, RESULT, USED, line, read, result, tool, turn, use
from tests.unit.strategies import json_values

MEGABYTE = 1 << 20


@pytest.fixture
def output(tmp_path: Path) -> Iterator[IO[bytes]]:
    with (tmp_path / "output").open("w+b") as file:
        yield file


# Lines that do not fit


WRONG: Sequence[bytes] = (
    b"",
    b"\n",
    b"not JSON\n",
    b'{"type": "result", "subtype": "success"\n',
    b"[]\n",
    b"null\n",
    b'"result"\n',
    b"{}\n",
    b"\xff\xfe\n",
    b'{"type": "result", "result": "\xff"}\n',
    b"[" * 5_000 + b"\n",
    b'{"a":' * 5_000 + b"\n",
    line(type=1),
    line(type="system", subtype="init", model=7),
    line(type="assistant"),
    line(type="assistant", message=None),
    line(type="assistant", message={"id": 1, "content": []}),
    line(type="assistant", message={"id": "x", "content": "text"}),
    line(type="assistant", message={"id": "x", "content": [tool("Bash", command="x") | {"input": []}]}),
    line(type="result", subtype=["success"]),
    result(total_cost_usd="0.5"),
    result(modelUsage=[1]),
    result(modelUsage={"m": use(inputTokens="many")}),
    result(permission_denials={"a": 1}),
    line(type="tomorrow", content={"deep": [1]}),
)


@pytest.mark.parametrize("broken", WRONG, ids=range(len(WRONG)))
def test_a_line_that_does_not_fit_is_passed_over(broken: bytes) -> None:
    whole = read(INIT + broken + turn(1) + broken + RESULT)
    assert whole.tasks(BLANK) == (USED,)
    assert whole.progress == "turn 1: "


@pytest.mark.parametrize("broken", WRONG[1:], ids=range(1, len(WRONG)))
def test_a_line_that_does_not_fit_is_neither_a_begin_nor_a_result(broken: bytes) -> None:
    alone = read(broken)
    assert (alone.began, alone.result) == (False, None)


@pytest.mark.parametrize("size", [1, len(RESULT) // 2, len(RESULT) - 2])
def test_a_result_that_is_cut_is_none(size: int) -> None:
    found = read(INIT + RESULT[:size])
    assert found.result is None
    assert found.tasks(BLANK) == (task(None, model="claude-opus-4-init"),)


def test_the_last_line_may_lack_its_end() -> None:
    assert read(INIT + RESULT.rstrip()).tasks(BLANK) == (USED,)


def test_the_last_result_counts() -> None:
    found = read(result(result="first") + RESULT).result
    assert found is not None
    assert found.result == "Done."


@given(st.dictionaries(st.sampled_from(["type", "subtype", "model", "message", "modelUsage"]), json_values()))
@settings(deadline=None)
def test_any_object_is_read_or_passed_over(values: dict[str, object]) -> None:
    read(line(**values) + INIT + RESULT)


def test_a_line_of_forty_megabytes_is_passed_over_and_not_kept(output: IO[bytes]) -> None:
    transcript = Transcript()
    huge = line(type="user", message={"content": "x" * (40 * MEGABYTE)})
    for part in (INIT, huge[: 35 * MEGABYTE]):
        output.write(part)
    output.flush()
    transcript.read(output)
    assert len(transcript._rest) <= 33 * MEGABYTE
    output.write(huge[35 * MEGABYTE :] + RESULT)
    output.flush()
    transcript.finish(output)
    assert transcript.tasks(BLANK) == (USED,)


def test_a_line_of_several_megabytes_is_read() -> None:
    text = "x" * (3 * MEGABYTE)
    found = read(INIT + result(result=text)).result
    assert found is not None
    assert found.result == text


# Reading while it is written


LINES = (
    INIT,
    turn(1, {"type": "text", "text": "größer 迁移 🚀"}),
    turn(2, tool("Edit", file_path="ä.py")),
    line(type="system", subtype="api_retry", attempt=3),
    RESULT,
    b"noise\n",
    b"\n",
)


@given(
    st.lists(st.sampled_from(LINES), max_size=8).map(b"".join),
    st.lists(st.integers(1, 200), max_size=12),
    st.sampled_from([b"", b"\n"]),
)
@settings(deadline=None)
def test_a_transcript_that_is_read_in_pieces_of_any_size_is_that_which_is_read_at_once(
    content: bytes, sizes: list[int], end: bytes
) -> None:
    written = content.rstrip(b"\n") + end
    pieces = []
    rest = written
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert _told(read(*pieces, rest)) == _told(read(written))


def _told(transcript: Transcript) -> tuple[object, ...]:
    """All that can be asked of a transcript."""
    return (transcript.began, transcript.model, transcript.result, transcript.progress, transcript.tasks(BLANK))


def test_the_place_that_the_program_writes_at_stays_where_it_is(output: IO[bytes]) -> None:
    """The child writes through the same open file."""
    os.write(output.fileno(), INIT)
    transcript = Transcript()
    transcript.read(output)
    os.write(output.fileno(), RESULT)
    transcript.finish(output)
    assert transcript.tasks(BLANK) == (USED,)


def test_nothing_is_read_twice(output: IO[bytes]) -> None:
    output.write(INIT + turn(1) + RESULT)
    output.flush()
    transcript = Transcript()
    for _ in range(3):
        transcript.read(output)
    transcript.finish(output)
    transcript.finish(output)
    assert transcript.progress == "turn 1: "
    assert transcript.tasks(BLANK) == (USED,)
