import pytest

from claudestep.domain.text import printable, shortened


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
