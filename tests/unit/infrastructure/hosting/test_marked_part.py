"""Our part of a text is replaced, and nobody else's words are lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.infrastructure.hosting.marked_part import BEGIN, END, marked, replace

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
PIECES = st.lists(st.sampled_from([BEGIN, END, "a", "b", "\n", "\r\n", "<!-- claudestep:begin"])).map("".join)


def test_a_whole_text_is_marked_once() -> None:
    once = marked("Ours")
    assert once == f"{BEGIN}\nOurs\n{END}"
    assert marked(once) == once


def test_what_stands_around_our_part_stays_to_the_letter() -> None:
    body = f"  before\r\n{marked('old')}\r\n\r\n after  "
    assert replace(body, "new") == f"  before\r\n{marked('new')}\r\n\r\n after  "


@pytest.mark.parametrize("body", ["", " \n", "Hello", f"Hi {BEGIN} torn", f"{END} Hi {BEGIN}", f"Hi {END}"])
def test_without_marks_our_part_comes_at_the_end(body: str) -> None:
    replaced = replace(body, "new")
    assert replaced.startswith(body.rstrip())
    assert replaced.endswith(marked("new"))
    assert replace(replaced, "newer") == replaced.removesuffix(marked("new")) + marked("newer")


def test_of_marks_that_were_copied_the_last_whole_pair_counts() -> None:
    body = f"{marked('copied')} words {marked('ours')} {END} more words {BEGIN}"
    assert replace(body, "new") == f"{marked('copied')} words {marked('new')} {END} more words {BEGIN}"


def test_words_between_marks_that_do_not_belong_together_stay() -> None:
    body = f"{BEGIN} one {BEGIN}\nours\n{END} two {END} three"
    assert replace(body, "new") == f"{BEGIN} one {marked('new')} two {END} three"


@given(PIECES, TEXTS, TEXTS)
def test_the_last_part_is_what_stays(body: str, first: str, second: str) -> None:
    once = replace(body, second)
    assert marked(second) in once
    assert replace(replace(body, first), second) == once


@given(PIECES, TEXTS)
def test_the_same_part_changes_nothing(body: str, part: str) -> None:
    once = replace(body, part)
    assert replace(once, part) == once
