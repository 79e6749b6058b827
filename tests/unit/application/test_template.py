import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.application.template import (
    PULL_REQUEST_PLACEHOLDERS,
    Template,
    fill,
    read_template,
    without_our_marks,
)
from claudestep.domain.errors import UsageError

PATH = "claude-step/p/prompt.md"
KNOWN = ("PROJECT", "STEP", "DETAILS")


def wrong(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        Template(PATH, text).check(KNOWN, needed="STEP")
    return caught.value


# Reading and checking


def test_a_template_is_the_text_of_its_file_without_a_byte_order_mark() -> None:
    assert read_template(PATH, "\ufeffDo {{STEP}} größer".encode()) == Template(PATH, "Do {{STEP}} größer")


def test_a_template_that_is_no_text_is_named() -> None:
    with pytest.raises(UsageError, match=f"{PATH}: it is not text in UTF-8"):
        read_template(PATH, b"\xff{{STEP}}")


@pytest.mark.parametrize(
    "text", ["{{STEP}}", "# {{PROJECT}}\n\n{{STEP}} {{STEP}}", "{{STEP}} {{ OTHER }} {X} {{}} ${{ x }}"]
)
def test_a_template_is_right_when_it_names_the_step_and_nothing_unknown(text: str) -> None:
    Template(PATH, text).check(KNOWN, needed="STEP")


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ("{{STPE}}", 1, "{{STPE}}"),
        ("{{STEP}}\n\nand {{PROJECT}} {{OTHER}}\n{{THIRD}}", 3, "{{OTHER}}"),
        ("{{STEP}}\r\n{{STEP_}}", 2, "{{STEP_}}"),
    ],
)
def test_an_unknown_placeholder_is_named_with_file_and_line(text: str, line: int, name: str) -> None:
    error = wrong(text)
    assert str(error) == f"{PATH}:{line}: unknown placeholder {name}"
    assert error.remedy == "Known: {{PROJECT}}, {{STEP}}, {{DETAILS}}"


@pytest.mark.parametrize("text", ["", "Do it.", "{{PROJECT}}", "{STEP}", "{{step}}"])
def test_a_template_that_does_not_name_the_step_is_refused(text: str) -> None:
    error = wrong(text)
    assert str(error).startswith(f"{PATH}: ")
    assert "{{STEP}}" in error.remedy


# Filling


def test_every_placeholder_gets_its_value_wherever_it_stands() -> None:
    assert fill("{{A}} and {{B}}, {{A}}{{B}}", {"A": "one", "B": "two"}) == "one and two, onetwo"


def test_what_is_no_known_placeholder_stays() -> None:
    text = "{{OTHER}} {A} {{a}} {{{A}}}"
    assert fill(text, {"A": "x"}) == "{{OTHER}} {A} {{a}} {x}"


def test_a_placeholder_inside_a_value_stays() -> None:
    values = {"A": "{{B}}", "B": "{{A}} \\1 \\g<0>"}
    assert fill("{{A}}|{{B}}", values) == "{{B}}|{{A}} \\1 \\g<0>"


@pytest.mark.parametrize("text", ["one\n\n{{A}}\n\ntwo", "one\n\n{{A}}\n\n{{A}}\n\n\ntwo"])
def test_the_lines_of_an_empty_value_are_closed_up(text: str) -> None:
    assert fill(text, {"A": ""}) == "one\n\ntwo"


def test_the_blank_lines_of_a_value_stay() -> None:
    assert fill("{{A}}\n\n{{B}}\n\nend", {"A": "1\n\n\n\n2", "B": ""}) == "1\n\n\n\n2\n\nend"


@given(st.text(max_size=30), st.text("{}ABC\n ", max_size=30))
@settings(deadline=None)
def test_a_value_arrives_as_it_is_whatever_it_holds(first: str, second: str) -> None:
    values = {"A": first or "x", "B": second or "y"}
    assert fill("<{{A}}|{{B}}>", values) == f"<{values['A']}|{values['B']}>"


# Of a pull request


@pytest.mark.parametrize(
    "text",
    ["", "No step is named.", "@team {{TASK_DESCRIPTION}}\n\n<!-- a comment -->\n```\n{{SUMMARY}}\n```\t\r\n",
     "".join(f"{{{{{name}}}}}" for name in PULL_REQUEST_PLACEHOLDERS)],
)  # fmt: skip
def test_the_template_of_a_pull_request_may_say_anything(text: str) -> None:
    Template("pr-template.md", text).check_for_pull_requests()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{STEP_DESCRIPTION}}", "pr-template.md:1: unknown placeholder {{STEP_DESCRIPTION}}"),
        ("a\n{{SUMARY}}", "pr-template.md:2: unknown placeholder {{SUMARY}}"),
        ("a\n\n<!-- claudestep:begin -->", "pr-template.md:3: a comment that ClaudeStep itself writes"),
        ("<!--claudestep:record {}-->", "pr-template.md:1: a comment that ClaudeStep itself writes"),
        ("a\nb\x00c", "pr-template.md:2: a control character"),
        ("a\x1b[31m", "pr-template.md:1: a control character"),
    ],
)
def test_what_can_be_no_text_of_a_pull_request_is_named_with_file_and_line(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Template("pr-template.md", text).check_for_pull_requests()
    assert str(caught.value) == said
    assert caught.value.remedy


def test_a_comment_that_placeholders_made_is_none_of_ours() -> None:
    assert (
        without_our_marks("<!-- claudestep:record {} --> <!-- x -->") == "<!-- claudestep :record {} --> <!-- x -->"
    )
