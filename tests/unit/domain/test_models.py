import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from claudestep.domain.ai_tasks import CostTotal, ModelUsage, group_costs
from claudestep.domain.models import Progress, Step
from tests.unit.builders import (
    NOW,
    at,
    claim,
    claimed,
    closed,
    done,
    in_review,
    merged,
    previous,
    project,
    step,
    task,
)

NAIVE = datetime(2025, 1, 15, 10, 30)  # noqa: DTZ001  what these tests are about


@pytest.mark.parametrize(
    "make",
    [
        lambda: project(last_updated=NAIVE),
        lambda: project(created_at=NAIVE),
        lambda: step(created_at=NAIVE),
        lambda: step(merged_at=NAIVE),
        lambda: step(closed_at=NAIVE),
        lambda: step(completed_at=NAIVE),
        lambda: step(orphaned_at=NAIVE),
        lambda: task(created_at=NAIVE),
        lambda: claim(until=NAIVE),
        lambda: previous(101, created_at=NAIVE),
        lambda: previous(101, merged_at=NAIVE),
        lambda: previous(101, closed_at=NAIVE),
    ],
)
def test_a_value_is_refused_when_one_of_its_times_is_naive(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        make()


def test_a_value_takes_a_time_of_any_zone_when_it_names_the_zone() -> None:
    eastern = datetime(2025, 1, 15, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert step(created_at=eastern).created_at == NOW.astimezone(UTC)


@pytest.mark.parametrize("amount", [-0.01, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "make",
    [
        task,
        lambda amount: task(duration_seconds=amount),
        lambda amount: ModelUsage(cost_usd=amount),
        lambda amount: claim(reserved_usd=amount),
    ],
)
def test_an_amount_is_refused_when_it_is_negative_or_no_number(
    make: Callable[[float], object], amount: float
) -> None:
    with pytest.raises(ValueError, match="has to be 0 or more"):
        make(amount)


@pytest.mark.parametrize("name", ["tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write"])
def test_tokens_are_refused_when_they_are_negative(name: str) -> None:
    values: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match=name):
        task(**values)
    with pytest.raises(ValueError, match=name):
        ModelUsage(**values)


@pytest.mark.parametrize("number", [0, -1])
def test_a_step_is_refused_when_its_number_is_below_one(number: int) -> None:
    with pytest.raises(ValueError, match="numbered from 1"):
        step(number)


@pytest.mark.parametrize("name", ["attempts", "failures"])
def test_a_step_is_refused_when_a_count_is_negative(name: str) -> None:
    values: dict[str, Any] = {name: -1}
    with pytest.raises(ValueError, match=name):
        step(**values)


def test_a_project_is_refused_when_a_number_stands_there_twice() -> None:
    with pytest.raises(ValueError, match="`step_index` 2 stands there twice"):
        project(step(1), step(2, "a"), step(2, "b"))


@pytest.mark.parametrize(
    ("costs", "total"),
    [
        ([], CostTotal(0.0, 0)),
        ([0.5, 0.25], CostTotal(0.75, 0)),
        ([None], CostTotal(0.0, 1)),
        ([0.5, None, None], CostTotal(0.5, 2)),
        ([0.0], CostTotal(0.0, 0)),
        ([0.1] * 10, CostTotal(1.0, 0)),
    ],
)
def test_a_total_counts_unknown_costs_apart_and_never_as_zero(costs: list[float | None], total: CostTotal) -> None:
    assert CostTotal.of(costs) == total


def test_totals_add_up_when_each_has_unknowns() -> None:
    assert CostTotal(0.5, 1) + CostTotal(0.25, 2) == CostTotal(0.75, 3)


def test_costs_are_grouped_dearest_first_and_by_name_when_equal() -> None:
    grouped = group_costs([("b", 1.0), ("a", 1.0), ("c", 2.0), ("b", None), ("d", None)])
    assert list(grouped.items()) == [
        ("c", CostTotal(2.0, 0)),
        ("a", CostTotal(1.0, 0)),
        ("b", CostTotal(1.0, 1)),
        ("d", CostTotal(0.0, 1)),
    ]


def test_a_task_is_split_by_model_when_it_used_several() -> None:
    usage = {"big": ModelUsage(cost_usd=0.3), "small": ModelUsage()}
    assert task(0.3, model="big", usage_by_model=usage).costs() == [("big", 0.3), ("small", None)]
    assert task(0.3, model="big").costs() == [("big", 0.3)]


@pytest.mark.parametrize(
    ("which", "begun"),
    [
        (step(), False),
        (step(reviewer="alice"), False),
        (step(orphaned_at=NOW), False),
        (step(attempts=1), True),
        (step(pr_number=5), True),
        (step(ai_tasks=(task(),)), True),
        (step(claim=claim()), True),
        (step(completed_at=NOW), True),
    ],
)
def test_a_step_has_begun_when_anything_ever_happened_for_it(which: Step, *, begun: bool) -> None:
    assert which.begun is begun


@pytest.mark.parametrize(
    ("which", "busy"),
    [
        (step(), False),
        (in_review(), True),
        (claimed(), True),
        (merged(), False),
        (closed(), False),
        (done(), False),
    ],
)
def test_a_step_is_busy_when_somebody_works_on_it_or_reviews_it(which: Step, *, busy: bool) -> None:
    assert which.busy is busy


def test_open_pull_requests_are_those_of_earlier_attempts_too() -> None:
    earlier = (previous(7, "open", reviewer="bob"), previous(8, "closed"), previous(9, "merged"))
    both = in_review(1, reviewer="alice", previous_pull_requests=earlier)
    assert [(p.pr_number, p.reviewer) for p in both.open_pull_requests()] == [(7, "bob"), (101, "alice")]
    assert closed(1).open_pull_requests() == []


@pytest.mark.parametrize(
    ("done_steps", "total", "percent"), [(0, 0, 0), (0, 3, 0), (1, 3, 33), (2, 3, 66), (199, 200, 99), (3, 3, 100)]
)
def test_progress_is_a_hundred_only_when_everything_is_done(done_steps: int, total: int, percent: int) -> None:
    assert Progress(done_steps, total).percent == percent


def test_progress_leaves_out_lines_that_are_gone_but_their_cost_stays() -> None:
    """Orphans: "their cost counted, ..., left out of progress"."""
    known = project(
        done(1, ai_tasks=(task(0.5),)),
        step(2),
        done(3, orphaned_at=NOW, ai_tasks=(task(0.25), task(None))),
    )
    assert known.progress == Progress(1, 2)
    assert known.cost == CostTotal(0.75, 1)
    assert [one.cost_usd for one in known.ai_tasks] == [0.5, 0.25, None]


def test_a_project_sums_its_costs_by_model_and_by_type() -> None:
    known = project(
        step(1, ai_tasks=(task(0.5, model="big"), task(0.25, model="small", type="PRSummary"))),
        step(2, ai_tasks=(task(None, model="big"),)),
    )
    assert known.cost_by_model() == {"big": CostTotal(0.5, 1), "small": CostTotal(0.25, 0)}
    assert known.cost_by_type() == {"PRCreation": CostTotal(0.5, 1), "PRSummary": CostTotal(0.25, 0)}


def test_a_step_takes_the_place_of_the_one_with_its_number() -> None:
    known = project(step(2), step(1))
    assert known.with_step(done(1)) == project(step(2), done(1))


def test_a_project_stays_the_same_value_when_nothing_differs() -> None:
    known = project(step(1))
    assert known.with_step(step(1)) is known
    assert known.with_step(step(9)) is known


def test_a_step_is_found_by_its_number() -> None:
    known = project(step(2, "two"), step(1, "one"))
    assert known.find(1) == step(1, "one")
    assert known.find(3) is None


def test_a_value_is_changed_by_replacing_it() -> None:
    assert replace(step(1), completed_at=at(-1)) == done(1)
