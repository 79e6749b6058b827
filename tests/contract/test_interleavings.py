"""Every order in which two writers can meet: each update is there exactly once, and history is one line."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.records import add_task, counted
from tests.contract.scheduler import Choose, every_choice, run_together
from tests.fakes.clock import FakeClock
from tests.fakes.memory_branch import MemoryBranch

Writer = Callable[[MetadataBranch], None]


def writer(name: str, updates: int, project: str) -> Writer:
    """Somebody who records so many operations in a project."""

    def write(branch: MetadataBranch) -> None:
        store = MetadataStore(branch, clock=FakeClock())
        for number in range(updates):
            store.update(project, add_task(f"{name} {number}"))

    return write


def meet(writers: Sequence[Writer], updates: int, choose: Choose, *, begun: bool, lost_answers: int) -> None:
    """One meeting of writers, and what has to hold after each."""
    branch = MemoryBranch()
    if begun:
        writer("before", 1, "a")(branch)
    moves = run_together(branch, writers, choose, lost_answers=lost_answers)
    found = counted(MetadataStore(branch))
    assert len(found) == len(writers) * updates + begun, moves
    assert set(found.values()) == {1}, moves
    history = branch.history()
    assert [commit.parent for commit in history] == [*(commit.id for commit in history[1:]), None], moves
    assert len(history) == len(found), moves


def test_choices_are_all_there_and_each_once() -> None:
    seen: list[tuple[int, ...]] = []

    def run(choose: Choose) -> None:
        first = choose(2)
        seen.append((first, choose(3)) if first else (first,))

    assert every_choice(run) == 4
    assert seen == [(0,), (1, 0), (1, 1), (1, 2)]


def test_what_a_writer_raises_comes_out() -> None:
    def fail(branch: MetadataBranch) -> None:
        branch.read()
        raise LookupError("in a writer")

    with pytest.raises(LookupError):
        run_together(MemoryBranch(), [fail, fail], lambda _: 0)


@pytest.mark.parametrize("begun", [True, False], ids=["begun", "first write"])
@pytest.mark.parametrize("projects", [("a", "a"), ("a", "b")], ids=["one project", "two projects"])
@pytest.mark.parametrize(
    ("updates", "lost_answers", "orders"),
    [(1, 0, 6), (2, 0, 226), (1, 1, 246)],
    ids=["one update", "two updates", "one update, one answer lost"],
)
def test_in_every_order_of_two_writers_each_update_is_there_once(
    projects: tuple[str, str], updates: int, lost_answers: int, orders: int, *, begun: bool
) -> None:
    """All orders of their reads and commits; an answer is lost at any commit, which arrives at any later move.

    The numbers of orders are those of a store that reads once and commits once for each try.
    """
    writers = [writer("left", updates, projects[0]), writer("right", updates, projects[1])]

    def run(choose: Choose) -> None:
        meet(writers, updates, choose, begun=begun, lost_answers=lost_answers)

    assert every_choice(run) == orders


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_in_any_order_of_more_writers_with_more_lost_answers_each_update_is_there_once(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 4))
    writers = [writer(str(number), 2, "ab"[number % 2]) for number in range(count)]

    def choose(width: int) -> int:
        return data.draw(st.integers(0, width - 1))

    meet(writers, 2, choose, begun=data.draw(st.booleans()), lost_answers=data.draw(st.integers(0, 4)))
