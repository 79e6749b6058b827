import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.domain.spec import Spec, SpecStep, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("a b", "a b"),
        ("  a \t b\n c ", "a b c"),
        ("a\u00a0b", "a b"),
        ("", ""),
        (" \n", ""),
        (r"replace \d+", r"replace \d+"),
    ],
)
def test_white_space_is_folded_to_one_space(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_ticking_replaces_the_byte_at_the_mark_and_no_other() -> None:
    content = "é - [ ] a".encode()
    spec = Spec("spec.md", content, (SpecStep(text="a", ticked=False, line=1, mark=6),))
    assert spec.tick(spec.steps[0]) == "é - [x] a".encode()
