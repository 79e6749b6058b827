import re
from dataclasses import replace
from textwrap import dedent

import pytest
from hypothesis import given, settings

from claudestep.domain.errors import InvalidSpec
from claudestep.domain.spec import SpecStep
from claudestep.infrastructure.spec_file import read_spec
from tests.unit.strategies import NO_STEPS, WrittenSpec, specs

PATH = "claude-step/p/spec.md"


def steps(text: str) -> tuple[SpecStep, ...]:
    return read_spec(PATH, text.encode()).steps


def texts(text: str) -> list[str]:
    return [step.text for step in steps(text)]


def differing(before: bytes, after: bytes) -> list[int]:
    assert len(before) == len(after)
    return [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]


@pytest.mark.parametrize("marker", ["-", "*", "+", "1.", "1)", "27."])
@pytest.mark.parametrize("space", [" ", "  ", "    ", "\t"])
def test_a_task_item_is_a_step_whatever_its_marker(marker: str, space: str) -> None:
    """ "task items at any depth and with any list marker count"."""
    assert texts(f"{marker}{space}[ ] do it\n") == ["do it"]


@pytest.mark.parametrize(("box", "ticked"), [("[ ]", False), ("[\t]", False), ("[x]", True), ("[X]", True)])
def test_a_box_is_ticked_when_an_x_stands_in_it(box: str, *, ticked: bool) -> None:
    assert [step.ticked for step in steps(f"- {box} do it\n")] == [ticked]


@pytest.mark.parametrize("block", [*NO_STEPS, "", "\n", "\ufeff", "Just words.\n", "# - [ ] heading\n", "- [ ]\n"])
def test_a_box_is_no_step_when_it_is_code_or_a_comment_or_a_quote_or_no_task_item(block: str) -> None:
    """ "boxes in code and comments do not" count; "what is quoted is not meant"."""
    assert steps(block) == ()
    assert texts(f"{block}\n\n# Steps\n\n- [ ] a real one\n") == ["a real one"]


def test_a_fence_inside_a_step_is_its_detail_and_holds_no_steps() -> None:
    text = dedent("""\
        - [ ] Replace the calls

          Like this:

          ```text
          - [ ] not a step
          ```
        - [ ] Next
        """)
    first, second = steps(text)
    assert (first.text, second.text) == ("Replace the calls", "Next")
    assert first.details == "Like this:\n\n```text\n- [ ] not a step\n```"


def test_what_is_nested_below_a_step_belongs_to_it_but_for_other_steps() -> None:
    """ "what is nested under a step belongs to that step's prompt"."""
    text = dedent("""\
        - [ ] outer
          - a note
          - [ ] inner
            its own detail

            and a paragraph
          - another note
        """)
    outer, inner = steps(text)
    assert outer.details == "- a note\n- another note"
    assert (inner.text, inner.details) == ("inner its own detail", "and a paragraph")


def test_steps_come_in_the_order_of_their_lines_with_their_numbers() -> None:
    text = "# Steps\n\n- [ ] a\n  - [x] b\n\n1. [ ] c\n"
    assert [(step.text, step.line, step.ticked) for step in steps(text)] == [
        ("a", 3, False),
        ("b", 4, True),
        ("c", 6, False),
    ]


def test_a_step_that_runs_over_several_lines_is_one_text() -> None:
    assert texts("- [ ] first half\n  second half\nlazy end\n") == ["first half second half lazy end"]


@pytest.mark.parametrize(
    "text",
    [
        r"Replace \d+ by [0-9]+",
        "Add **auth** to `login()` <!-- soon -->",
        "[x] looks ticked",
        "$(rm -rf /) {{x}} %s",
        "ünïcödé 迁移 🚀",
        "a [link](b.md) | pipe",
    ],
)
def test_the_text_of_a_step_stays_as_it_is_written(text: str) -> None:
    content = f"- [ ] {text}\n".encode()
    spec = read_spec(PATH, content)
    assert [step.text for step in spec.steps] == [text]
    assert spec.tick(spec.steps[0]) == f"- [x] {text}\n".encode()


def test_equal_steps_are_each_ticked_where_they_stand() -> None:
    content = b"- [ ] same\n- [ ] same\n- [ ] same again\n"
    spec = read_spec(PATH, content)
    assert spec.tick(spec.steps[1]) == b"- [ ] same\n- [x] same\n- [ ] same again\n"


def test_white_space_between_box_and_text_is_not_part_of_the_text() -> None:
    assert texts("- [ ]   two   spaces\t\n") == ["two spaces"]


@pytest.mark.parametrize("depth", [1, 9, 10, 40, 99])
def test_a_step_is_found_however_deep_it_is_nested(depth: int) -> None:
    """ "task items at any depth"; a Markdown parser has a limit, and ours must not be met."""
    written = "".join(f"{'  ' * level}- [ ] level {level}\n" for level in range(depth))
    assert texts(written) == [f"level {level}" for level in range(depth)]


def test_a_spec_is_refused_with_its_line_when_it_is_not_utf_8() -> None:
    with pytest.raises(InvalidSpec, match=re.escape(f"{PATH}:2: it is not text in UTF-8")) as caught:
        read_spec(PATH, b"- [ ] fine\n- [ ] caf\xe9\n")
    assert caught.value.remedy == "Save it as UTF-8 and commit it."


def test_a_spec_is_refused_with_its_line_when_a_box_cannot_be_placed() -> None:
    """Better no tick than one in the wrong place: here the item's first line is an invisible character."""
    with pytest.raises(InvalidSpec, match=re.escape(f"{PATH}:2: the box of this step cannot be found")):
        steps("- [ ] fine\n- \u00a0\n  [ ] behind a no-break space\n")


@given(specs())
@settings(deadline=None, max_examples=80)
def test_exactly_the_task_items_of_a_spec_are_its_steps(written: WrittenSpec) -> None:
    assert [(step.text, step.ticked) for step in read_spec(PATH, written.content).steps] == written.steps


@given(specs())
@settings(deadline=None, max_examples=80)
def test_ticking_changes_exactly_one_byte_and_rereading_shows_exactly_that_step_ticked(
    written: WrittenSpec,
) -> None:
    """ "Ticking changes exactly one character"."""
    spec = read_spec(PATH, written.content)
    for step in spec.steps:
        if step.ticked:
            continue
        after = spec.tick(step)
        assert differing(written.content, after) == [step.mark]
        expected = tuple(replace(s, ticked=True) if s == step else s for s in spec.steps)
        assert read_spec(PATH, after).steps == expected
