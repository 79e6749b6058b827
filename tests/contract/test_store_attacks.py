"""Attempts to make the store lose, double or spoil a record, or to stop it for good."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.checks import MOST
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.models import Project, Step
from claudestep.infrastructure.metadata import codec
from claudestep.infrastructure.metadata.store import Change, MetadataStore
from tests.contract.records import WHEN, add_task, counted, task
from tests.fakes.clock import FakeClock
from tests.fakes.memory_branch import MemoryBranch

GOOD = {"schema_version": "1.0", "project": "b", "steps": [{"step_index": 1, "step_description": "One"}]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
STEP_KEYS = tuple(Step.__dataclass_fields__)
TASK_KEYS = tuple(AITask.__dataclass_fields__)


@pytest.fixture
def memory() -> MemoryBranch:
    """A branch with the project `a`, which has the record `1`."""
    branch = MemoryBranch()
    new_store(branch).update("a", add_task("1"))
    return branch


@pytest.fixture
def store(memory: MemoryBranch) -> MetadataStore:
    return new_store(memory)


def new_store(branch: MemoryBranch) -> MetadataStore:
    return MetadataStore(branch, clock=FakeClock())


# Documents that somebody else wrote


def assert_it_blocks_at_most_itself(data: bytes) -> None:
    """The document of project `b` can be read and written, or neither; `a` can be written in any case."""
    branch = MemoryBranch()
    store = new_store(branch)
    store.update("a", add_task("1"))
    branch.move("By hand", {"projects/b.json": data})
    documents = store.all()
    assert "b" in documents.projects or "b" in documents.broken
    store.update("a", add_task("2"))
    assert store.raw("b") == data
    if "b" in documents.projects:
        store.update("b", lambda project: replace(project, steps=()))
        assert store.get("b").value.steps == ()
    else:
        with pytest.raises(ClaudeStepError, match=r"projects/b\.json"):
            store.update("b", add_task("3"))
        assert store.raw("b") == data


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*GOOD, "created_at", "last_updated", "extra"]), JSON)
def test_whatever_a_key_of_a_project_holds_it_blocks_its_own_project_at_most(key: str, value: object) -> None:
    assert_it_blocks_at_most_itself(json.dumps(GOOD | {key: value}).encode())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(STEP_KEYS), JSON, st.sampled_from(TASK_KEYS), JSON)
@example("claim", {"owner": None}, "usage_by_model", {"m": None})
def test_whatever_a_key_of_a_step_holds_it_blocks_its_own_project_at_most(
    key: str, value: object, task_key: str, task_value: object
) -> None:
    ai_task = {"type": "T", "model": "m", "cost_usd": 1, "created_at": "2025-01-15T10:30:00Z", task_key: task_value}
    step = {"step_index": 1, "step_description": "One", "ai_tasks": [ai_task], key: value}
    assert_it_blocks_at_most_itself(json.dumps(GOOD | {"steps": [step]}).encode())


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
@example("[" * 100_000)
@example('{"schema_version": "1.0", "project": "b", "x": ' + "[" * 900 + "]" * 900 + "}")
@example('{"schema_version": "1.0", "project": "b", "x": "\\ud800"}')
@example('{"schema_version": "1.0", "project": "b", "x": 1e999}')
@example("\ufeff" + json.dumps(GOOD))
def test_whatever_text_a_document_is_it_blocks_its_own_project_at_most(text: str) -> None:
    assert_it_blocks_at_most_itself(text.encode())


def test_bytes_that_are_no_text_block_their_own_project_at_most() -> None:
    assert_it_blocks_at_most_itself(b'{"schema_version": "1.0", "project": "b", "x": "\xff"}')


def test_a_very_long_version_blocks_its_own_project_at_most() -> None:
    assert_it_blocks_at_most_itself(b'{"schema_version": "%s.0", "project": "b"}' % (b"1" * 5000))


# What callers hand in


@pytest.mark.parametrize("name", ["b/c", "b c", ".b", "b.lock", ""])
def test_a_transaction_makes_no_document_whose_name_cannot_be_a_project_s(store: MetadataStore, name: str) -> None:
    with pytest.raises((ClaudeStepError, ValueError)):
        store.transact(lambda *_: Change({name: Project(project=name)}, "Write", None))
    assert store.list() == ["a"]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param({"schema_version": "2.0"}, id="newer major version"),
        pytest.param({"schema_version": "one"}, id="no version"),
        pytest.param({"extra": {"steps": "none"}}, id="an unknown key with a known name"),
        pytest.param({"extra": {"project": "a"}}, id="another name among the unknown keys"),
    ],
)
def test_the_store_writes_nothing_that_it_could_not_read_again(
    store: MetadataStore, spoil: dict[str, object]
) -> None:
    before = store.raw("a")
    with pytest.raises((ClaudeStepError, ValueError)):
        store.update("a", lambda project: replace(project, **spoil))  # type: ignore[arg-type]
    assert store.raw("a") == before


def test_a_change_of_one_value_to_another_that_python_calls_equal_is_written(store: MetadataStore) -> None:
    store.update("a", lambda project: replace(project, extra={"later": 1}))
    store.update("a", lambda project: replace(project, extra={"later": True}))
    assert json.loads(store.raw("a"))["later"] is True


def test_an_update_returns_the_project_as_it_stands_on_the_branch(store: MetadataStore) -> None:
    assert store.update("b", add_task("2")) == store.get("b").value


def test_a_change_that_cannot_be_written_as_json_writes_nothing(store: MetadataStore) -> None:
    before = store.raw("a")
    for value in ("\ud800", object(), {(1, 2): 3}):
        with pytest.raises((ClaudeStepError, ValueError, TypeError)):
            store.update("a", lambda project, value=value: replace(project, extra={"later": value}))  # type: ignore[misc]
    assert store.raw("a") == before


def test_costs_that_no_number_can_hold_together_are_no_costs(memory: MemoryBranch, store: MetadataStore) -> None:
    with pytest.raises(ValueError, match="cost_usd"):
        with_costs("b", 1e308)
    data = codec.encode(with_costs("b", 0.25)).replace(b"0.25", b"1e308")
    memory.move("By hand", {"projects/b.json": data})
    assert set(store.all().broken) == {"b"}
    store.put("c", with_costs("c", MOST, MOST), expected=None)
    assert store.get("c").value.cost.usd == 2.0 * MOST


def with_costs(name: str, *costs: float) -> Project:
    tasks = tuple(task(str(number), cost=cost) for number, cost in enumerate(costs))
    step = Step(step_index=1, step_description="One", created_at=WHEN, ai_tasks=tasks)
    return Project(project=name, steps=(step,))


# The branch


def test_a_readme_without_markers_does_not_lock_us_out_when_the_last_project_goes(
    memory: MemoryBranch, store: MetadataStore
) -> None:
    memory.move("By hand", {"README.md": b"# Ours\n"})
    store.delete("a", expected=store.get("a").version)
    store.update("a", add_task("2"))
    assert counted(store) == {"2": 1}
