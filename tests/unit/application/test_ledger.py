from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.application.ledger import Ledger
from claudestep.domain.ai_tasks import AITask, CostTotal
from tests.unit.builders import NOW, task


@dataclass
class Disk:
    """What was noted, every time."""

    noted: list[tuple[AITask, ...]] = field(default_factory=list)

    def ledger(self, run_id: int = 0) -> Ledger:
        return Ledger("c1", run_id, save=self.noted.append)


@pytest.fixture
def disk() -> Disk:
    return Disk()


def test_nothing_is_noted_before_anything_was_used(disk: Disk) -> None:
    ledger = disk.ledger()
    assert (ledger.tasks, ledger.cost, disk.noted) == ((), CostTotal(), [])


def test_an_operation_stands_there_with_an_unknown_cost_from_its_begin_on(disk: Disk) -> None:
    """ "a crash after it does not lose the cost"; "unknown cost is `null`, never 0"."""
    disk.ledger().begin("PRCreation", "opus", NOW)
    assert disk.noted == [(task(None, id="c1-1", model="opus"),)]


def test_the_true_figures_take_the_place_of_the_unknown_cost(disk: Disk) -> None:
    ledger = disk.ledger()
    ledger.begin("PRCreation", "opus", NOW)
    ledger.end((task(0.5, model="opus-4"),))
    assert disk.noted[-1] == ledger.tasks == (task(0.5, id="c1-1", model="opus-4"),)


def test_an_operation_that_used_nothing_is_none(disk: Disk) -> None:
    ledger = disk.ledger()
    ledger.begin("PRCreation", "opus", NOW)
    ledger.end(())
    assert disk.noted[-1] == ledger.tasks == ()


def test_nothing_is_noted_for_a_command_that_used_nothing(disk: Disk) -> None:
    disk.ledger().end(())
    assert disk.noted == []


def test_operations_are_numbered_in_their_order(disk: Disk) -> None:
    ledger = disk.ledger()
    ledger.end((task(0.1), task(0.2, type="Other")))
    ledger.end(())
    ledger.begin("PRSummary", "opus", NOW)
    ledger.end((task(0.3, type="PRSummary"),))
    assert [(one.id, one.type) for one in ledger.tasks] == [
        ("c1-1", "PRCreation"),
        ("c1-2", "Other"),
        ("c1-3", "PRSummary"),
    ]
    assert ledger.cost.usd == pytest.approx(0.6)


def test_a_number_is_given_again_only_when_its_operation_used_nothing(disk: Disk) -> None:
    ledger = disk.ledger()
    ledger.begin("PRCreation", "opus", NOW)
    ledger.end(())
    ledger.begin("PRCreation", "opus", NOW)
    assert [one.id for one in ledger.tasks] == ["c1-1"]


def test_the_run_of_the_workflow_is_noted_unless_the_agent_names_one(disk: Disk) -> None:
    ledger = disk.ledger(run_id=99)
    ledger.begin("PRCreation", "opus", NOW)
    assert [one.workflow_run_id for one in ledger.tasks] == [99]
    ledger.end((task(0.1), task(0.2, workflow_run_id=7)))
    assert [one.workflow_run_id for one in ledger.tasks] == [99, 7]


def test_an_id_that_an_agent_makes_up_does_not_count(disk: Disk) -> None:
    ledger = disk.ledger()
    ledger.end((task(0.1, id="c2-1"),))
    assert [one.id for one in ledger.tasks] == ["c1-1"]


def test_what_was_spent_before_is_without_the_operation_that_goes_on(disk: Disk) -> None:
    ledger = disk.ledger()
    ledger.end((task(0.5),))
    ledger.begin("PRSummary", "opus", NOW)
    assert ledger.spent_before == CostTotal(0.5)
    assert ledger.cost == CostTotal(0.5, 1)


@pytest.mark.parametrize(
    ("used", "limit", "left"),
    [
        ((), 2.0, 2.0),
        ((task(0.5), task(0.25)), 2.0, 1.25),
        ((task(2.0),), 2.0, 0.0),
        ((task(3.0),), 2.0, 0.0),
        ((task(None),), 2.0, 0.0),
        ((task(0.5), task(None)), 2.0, 0.0),
        ((task(3.0),), None, None),
        ((task(None),), None, None),
    ],
)
def test_what_is_left_of_a_limit_is_nothing_after_an_unknown_cost(
    disk: Disk, used: tuple[AITask, ...], limit: float | None, left: float | None
) -> None:
    ledger = disk.ledger()
    ledger.end(used)
    assert ledger.left(limit) == left


def _operations() -> st.SearchStrategy[list[tuple[bool, tuple[AITask, ...]]]]:
    used = st.lists(st.sampled_from([task(0.5), task(None), task(0.25, type="Other")]), max_size=2).map(tuple)
    return st.lists(st.tuples(st.booleans(), used), max_size=4)


@given(_operations())
@settings(deadline=None)
def test_whenever_a_run_dies_at_most_the_operation_that_goes_on_has_lost_its_cost(
    operations: list[tuple[bool, tuple[AITask, ...]]],
) -> None:
    disk = Disk()
    ledger = disk.ledger()
    before: tuple[AITask, ...] = ()
    for is_paid, used in operations:
        if is_paid:
            ledger.begin("PRCreation", "m", NOW)
            assert disk.noted[-1] == (*before, task(None, id=f"c1-{len(before) + 1}"))
        ledger.end(used)
        before = (*before, *(replace(one, id=f"c1-{n}") for n, one in enumerate(used, start=len(before) + 1)))
        assert ledger.tasks == before
        assert (disk.noted[-1] if disk.noted else ()) == before
