import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.domain.text import cut_middle, printable, shortened


@pytest.mark.parametrize(
    ("text", "short"), [("", ""), ("12345", "12345"), ("123456", "1234…"), ("123 56", "123…"), ("1234567", "1234…")]
)
def test_a_text_is_cut_only_when_it_is_longer_than_allowed(text: str, short: str) -> None:
    assert shortened(text, 5) == short
    assert len(shortened(text, 5)) <= 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – größer 迁移 🚀", "plain – größer 迁移 🚀"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("over\rwritten", "over\ufffdwritten"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202etxt.exe", "\ufffdtxt.exe"),
        ("\x00\x7f", "\ufffd\ufffd"),
    ],
)
def test_a_text_never_steers_the_terminal_when_it_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["", "12345", "1\n3\n5"])
def test_a_text_is_not_cut_in_its_middle_when_it_is_short_enough(text: str) -> None:
    assert cut_middle(text, 5) == text


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("0123456789", 8, "01[... 2 characters left out ...]\n456789"),
        ("ab\ncd\nef\ngh\nij\nkl\n", 12, "ab\n[... 9 characters left out ...]\nij\nkl\n"),
        ("x" * 4000, 400, "x" * 100 + "[... 3,600 characters left out ...]\n" + "x" * 300),
    ],
)
def test_a_long_text_keeps_its_begin_and_more_of_its_end_and_says_what_is_left_out(
    text: str, most: int, cut: str
) -> None:
    assert cut_middle(text, most) == cut


@given(st.text("ab\n", max_size=80), st.integers(4, 60))
@settings(deadline=None)
def test_what_is_kept_and_what_is_left_out_are_the_whole_text(text: str, most: int) -> None:
    cut = cut_middle(text, most)
    if len(text) <= most:
        assert cut == text
        return
    head, left_out, tail = re.split(r"\[\.\.\. ([\d,]+) characters left out \.\.\.\]\n", cut)
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head) + int(left_out) + len(tail) == len(text)
    assert len(head) + len(tail) <= most
    assert tail
