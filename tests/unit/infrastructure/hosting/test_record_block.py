import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.domain.observation import StepRecord
from claudestep.infrastructure.hosting import record_block
from tests.unit.strategies import ai_tasks

RECORD = StepRecord(project="p", step_index=3, step_description="Add auth", reviewer="alice", base_branch="main")


def block(json: str) -> str:
    return f"<!-- claudestep:record {json} -->"


@given(
    st.builds(
        StepRecord,
        project=st.text(),
        step_index=st.integers(1, 10**9),
        step_description=st.text(),
        reviewer=st.none() | st.text(),
        base_branch=st.text(),
        ai_tasks=st.lists(ai_tasks(), max_size=3).map(tuple),
    )
)
def test_a_record_is_what_it_was_when_it_is_written_and_read(record: StepRecord) -> None:
    written = record_block.write(record)
    assert record_block.read(f"Summary.\n\n{written}\n\nMore.") == record
    assert "\n" not in written


@pytest.mark.parametrize("text", ["-->", "--!>", '"} -->', "<!-- claudestep:record {} -->", "a > b", "\n\n# Title"])
def test_nothing_in_a_record_ends_its_comment(text: str) -> None:
    written = record_block.write(StepRecord(project="p", step_index=1, step_description=text))
    assert written.count(">") == 1
    assert written.endswith(" -->")
    found = record_block.read(written)
    assert found is not None
    assert found.step_description == text


def test_a_record_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    json = '{"project":"p","step_index":3,"step_description":"a","schema_version":"1.4","later":{"x":[1]}}'
    assert record_block.read(block(json)) == StepRecord(project="p", step_index=3, step_description="a")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Just words.",
        "<!-- claudestep:record -->",
        block("{"),
        block("{}"),
        block("[]"),
        block('{"project":"p"}'),
        block('{"project":1,"step_index":1,"step_description":"a"}'),
        block('{"project":"p","step_index":"1","step_description":"a"}'),
        block('{"project":"p","step_index":1,"step_description":null}'),
        "claudestep:record " + '{"project":"p","step_index":1,"step_description":"a"}',
        "<!-- other:record " + '{"project":"p","step_index":1,"step_description":"a"} -->',
    ],
)
def test_a_body_has_no_record_when_what_is_there_does_not_fit(body: str) -> None:
    """ "Everything in it is data from outside: what does not fit is no record"."""
    assert record_block.read(body) is None


@pytest.mark.parametrize(
    "body",
    [
        block('{"project":"p","step_index":1,"step_description":"a","x":' + "[" * 5000 + "]" * 5000 + "}"),
        block('{"project":"p","step_index":1,"step_description":"\udc80"}'),
    ],
)
def test_a_body_has_no_record_when_it_is_hostile(body: str) -> None:
    assert record_block.read(body) is None


def test_the_first_record_counts_when_there_are_several() -> None:
    other = StepRecord(project="q", step_index=1, step_description="b")
    assert record_block.read(record_block.write(RECORD) + record_block.write(other)) == RECORD
