from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.application.summary import Summary, read_summary, schema
from tests.unit.strategies import json_values

NOT_AS_ASKED = "the answer has not the form that was asked for"


def test_a_summary_is_what_the_answer_says() -> None:
    answer = {
        "what_changed": " The login moved. ",
        "how_to_review": ["See a.py\nand  b.py"],
        "risks": ["None known"],
    }
    assert read_summary(answer) == (
        Summary("The login moved.", ("See a.py and b.py",), ("None known",)),
        "",
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"what_changed": "x"},
        {"what_changed": "x", "how_to_review": [], "risks": []},
        {"what_changed": "x", "risks": ["", " \n"], "mood": "good"},
    ],
)
def test_points_may_be_missing_or_empty(answer: Mapping[str, object]) -> None:
    assert read_summary(answer) == (Summary("x"), "")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"what_changed": 1},
        {"what_changed": None},
        {"what_changed": "x", "risks": "none"},
        {"what_changed": "x", "risks": None},
        {"what_changed": "x", "how_to_review": ["a", 1]},
    ],
)
def test_an_answer_of_another_form_is_no_summary_and_is_told(answer: Mapping[str, object] | None) -> None:
    summary, problem = read_summary(answer)
    assert summary is None
    assert problem.startswith(NOT_AS_ASKED)


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_an_empty_answer_is_no_summary(text: str) -> None:
    assert read_summary({"what_changed": text}) == (None, "the answer is empty")


def test_a_summary_is_cut_when_it_is_long() -> None:
    answer = {"what_changed": "x" * 5_000, "how_to_review": ["y" * 5_000] * 50}
    summary, _ = read_summary(answer)
    assert summary is not None
    assert len(summary.what_changed) == 2_000
    assert {len(point) for point in summary.how_to_review} == {2_000}
    assert len(summary.how_to_review) == 12


def test_what_is_asked_for_is_what_is_read() -> None:
    asked = schema()
    example = {"what_changed": "x", "how_to_review": ["y"], "risks": ["z"]}
    assert asked["required"] == list(example)
    assert set(msgspec.convert(asked["properties"], dict[str, object])) == set(example)
    assert asked["additionalProperties"] is False
    assert read_summary(example) == (Summary("x", ("y",), ("z",)), "")
    msgspec.json.encode(asked)


@given(st.dictionaries(st.sampled_from(["what_changed", "how_to_review", "risks", "x"]), json_values()))
@settings(deadline=None)
def test_any_answer_is_a_summary_or_a_problem(answer: dict[str, object]) -> None:
    summary, problem = read_summary(answer)
    assert (summary is None) == bool(problem)
