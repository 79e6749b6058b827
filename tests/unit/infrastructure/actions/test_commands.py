import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.domain.errors import RepositoryError
from claudestep.infrastructure.actions.commands import (
    MOST_SUMMARY_BYTES,
    HarmlessStream,
    add_summary,
    annotation,
    harmless,
    set_outputs,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PIECES = st.lists(
    st.one_of(
        TEXTS, st.sampled_from([":", "::", "##[", "##", "[", "\n", "\r", " ", "error", "]", "set-env name=A"])
    )
)


def outputs_of(path: Path) -> dict[str, str]:
    """The outputs as the runner reads the file: https://github.com/actions/runner, FileCommandManager."""
    found, lines = {}, iter(path.read_bytes().decode().split("\n"))
    for line in lines:
        if not line:
            continue
        name, mark, delimiter = line.partition("<<")
        assert mark, line
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        found[name] = "\n".join(value)
    return found


def is_command(line: str) -> bool:
    """Whether the runner takes a line for a command, of today's form or of the old one (ActionCommand.cs)."""
    new = line.lstrip().startswith("::") and "::" in line.lstrip()[2:]
    return new or ("##[" in line and "]" in line[line.index("##[") :])


def lines_of(text: str) -> list[str]:
    """The lines as the runner splits what a program prints."""
    return re.split(r"\r\n|\r|\n", text)


@given(st.dictionaries(st.sampled_from(["outcome", "message", "claims"]), TEXTS))
def test_an_output_holds_any_text(tmp_path_factory: pytest.TempPathFactory, outputs: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("outputs") / "out"
    path.write_text("")

    set_outputs(path, outputs)

    assert outputs_of(path) == outputs


def test_a_value_that_looks_like_an_end_forges_no_output(tmp_path: Path) -> None:
    path = tmp_path / "out"

    set_outputs(path, {"message": "x\nEOF\nend-\npr_number=666\nmessage<<EOF\ny", "project": "p"})

    assert outputs_of(path).keys() == {"message", "project"}


@given(PIECES)
def test_no_text_is_a_command(pieces: list[str]) -> None:
    assert not [line for line in lines_of(harmless("".join(pieces))) if is_command(line)]


@given(PIECES)
def test_no_text_is_a_command_in_pieces_that_are_written_one_by_one(pieces: list[str]) -> None:
    buffer = io.StringIO(newline="")
    stream = HarmlessStream(buffer)
    for piece in pieces:
        stream.write(piece)
    stream.flush()

    found = [line for line in lines_of(buffer.getvalue()) if is_command(line)]

    assert not found


def test_what_is_no_command_stays_as_it_is() -> None:
    text = "a::b std::string\nPASS ::1 is an address\n# title\n## [x]\n"
    assert harmless(text) == text


def test_a_command_of_our_own_begins_a_line() -> None:
    buffer = io.StringIO()
    stream = HarmlessStream(buffer)

    stream.write("half a line")
    stream.command(annotation("error", "it is wrong", path="claude-step/p/configuration.yml", line=3))
    stream.write("::error::forged\n")

    said = buffer.getvalue().split("\n")
    assert said[:2] == ["half a line", "::error file=claude-step/p/configuration.yml,line=3::it is wrong"]
    assert [line for line in said if is_command(line)] == said[1:2]


def test_an_annotation_is_one_line_whatever_it_says() -> None:
    line = annotation("warning", "100 %\r\n::set-output name=a::b", path="a,b:c\n.yml")
    assert line == "::warning file=a%2Cb%3Ac%0A.yml::100 %25%0D%0A::set-output name=a::b\n"


def test_a_summary_never_reaches_what_github_drops(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("from before\n")

    for _ in range(4):
        add_summary(path, "a line of ä\n" * 40_000)

    text = path.read_text()
    assert path.stat().st_size <= MOST_SUMMARY_BYTES
    assert text.startswith("from before\na line")
    assert text.rstrip().endswith("*The rest did not fit into the summary.*")


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="cannot be written"):
        set_outputs(tmp_path / "gone" / "out", {"a": "b"})
