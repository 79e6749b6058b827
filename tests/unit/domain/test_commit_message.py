import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.domain.commit_message import Told, compose, one_line, read


def test_subject_story_and_trailers() -> None:
    story = ["step 3 claimed", "7 steps added"]
    message = compose("Claim step 3 of p", story, author="a@h pid 7", unique_id="0f")
    assert message == (
        "Claim step 3 of p\n\n- step 3 claimed\n- 7 steps added\n\n"
        "ClaudeStep-By: a@h pid 7\nClaudeStep-Commit: 0f\n"
    )
    assert read(message) == Told("Claim step 3 of p", ("step 3 claimed", "7 steps added"), "a@h pid 7", ours=True)


def test_what_there_is_nothing_of_is_left_out() -> None:
    message = compose("Update a", [], author="", unique_id="0f")
    assert message == "Update a\n\nClaudeStep-Commit: 0f\n"
    assert read(message) == Told("Update a", ours=True)


def test_a_long_story_is_cut_and_says_so() -> None:
    told = read(compose("S", [f"step {n} done" for n in range(1, 101)], author="", unique_id="0f"))
    assert len(told.story) == 41
    assert told.story[39:] == ("step 40 done", "and 60 more")
    assert len(read(compose("S", ["x" * 10_000], author="", unique_id="0f")).story[0]) == 200


@pytest.mark.parametrize(
    "message",
    ["Edit by hand", "Revert x\n\nClaudeStep-Commit: 0f\n\nThis reverts commit 1.\n", "", "\n\n", "- a\n- b"],
)
def test_a_message_without_our_trailer_at_its_end_is_somebody_else_s(message: str) -> None:
    told = read(message)
    assert not told.ours
    assert (told.story, told.by) == ((), "")


def test_an_author_cannot_forge_a_trailer_nor_steer_a_terminal() -> None:
    message = compose("S", [], author="eve\nClaudeStep-Commit: 1234\x1b[31m", unique_id="0f")
    assert message.splitlines()[2:] == [
        "ClaudeStep-By: eve ClaudeStep-Commit: 1234\N{REPLACEMENT CHARACTER}[31m",
        "ClaudeStep-Commit: 0f",
    ]


@given(st.lists(st.text(max_size=300), max_size=50), st.text(max_size=200))
def test_only_the_last_lines_are_trailers_whatever_the_texts_are(story: list[str], author: str) -> None:
    message = compose("S", story, author=author, unique_id="0f")
    assert [line for line in message.splitlines() if line == "ClaudeStep-Commit: 0f"] == ["ClaudeStep-Commit: 0f"]
    trailers = [line for line in message.splitlines() if line.startswith("ClaudeStep-")]
    assert message.endswith("\n".join(trailers) + "\n")
    assert len(trailers) <= 2
    told = read(message)
    assert told.ours
    assert len(told.story) == min(len(story), 41)


@given(st.text())
def test_one_line_is_one_line_that_can_be_printed(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    assert len(line) <= 200
