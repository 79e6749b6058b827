from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.domain.ai_tasks import CostTotal
from claudestep.domain.budget import Account
from claudestep.domain.config import Budget
from tests.unit.builders import claimed, done, project, step, task

FREE = Account(budget=Budget(), spent=CostTotal(), reserved=0.0)


def account(
    project_usd: float | None = None, per_step_usd: float | None = None, *, usd: float = 0.0, unknown: int = 0
) -> Account:
    """The account of a project that has paid one step, where anything was spent."""
    budget = Budget(per_step_usd=per_step_usd, project_usd=project_usd)
    return replace(FREE, budget=budget, spent=CostTotal(usd, unknown), average=usd or None)


# What the document says


def test_what_was_spent_is_the_cost_of_all_steps_the_removed_ones_too() -> None:
    """ "old records become orphans ...: reported, their cost counted"."""
    known = project(
        done(1, ai_tasks=(task(0.5), task(0.25))), step(2, orphaned_at=task().created_at, ai_tasks=(task(1.0),))
    )
    found = Account.of(known, Budget())
    assert found.spent == CostTotal(1.75)
    assert found.average == 1.75, "what was spent for nothing is part of what a delivered step costs"


def test_claims_reserve_what_they_may_still_cost() -> None:
    """ "Budget = spent + what claims reserve"."""
    known = project(claimed(1, reserved_usd=2.0), claimed(2, reserved_usd=0.5), claimed(3), step(4))
    assert Account.of(known, Budget()).reserved == 2.5


def test_a_step_without_ai_was_not_paid() -> None:
    assert Account.of(project(done(1), done(2, ai_tasks=(task(1.0),))), Budget()).average == 1.0


def test_a_step_that_was_paid_twice_is_one_step() -> None:
    known = project(done(1, ai_tasks=(task(1.0), task(2.0))))
    assert Account.of(known, Budget()).average == 3.0


def test_a_step_whose_cost_is_not_known_says_nothing_about_the_average() -> None:
    known = project(done(1, ai_tasks=(task(1.0),)), done(2, ai_tasks=(task(0.5), task(None))))
    assert Account.of(known, Budget()).average == 1.0
    assert Account.of(project(done(2, ai_tasks=(task(None),))), Budget()).average is None


# What is left


def test_nothing_limits_a_project_without_a_budget() -> None:
    spendthrift = account(usd=1e6, unknown=3)
    assert (spendthrift.left, spendthrift.limit, spendthrift.obstacle) == (None, None, None)


def test_what_is_left_is_the_budget_without_what_is_spent_and_reserved() -> None:
    assert replace(account(10.0, usd=2.5), reserved=1.5).left == 6.0


def test_an_unknown_cost_counts_as_the_most_that_it_can_have_been() -> None:
    """ "an unknown cost counts as `perStepUsd`"."""
    assert account(10.0, 2.0, usd=1.0, unknown=3).left == 3.0


@pytest.mark.parametrize(
    ("found", "limit"),
    [
        (account(None, 2.0), 2.0),
        (account(None, 2.0, usd=50.0), 2.0),
        (account(10.0, None), 10.0),
        (account(10.0, None, usd=4.0), 6.0),
        (account(10.0, 2.0, usd=4.0), 2.0),
        (account(10.0, 2.0, usd=8.5), 1.5),
    ],
)
def test_an_attempt_may_cost_what_its_step_may_and_never_more_than_is_left(found: Account, limit: float) -> None:
    assert found.limit == limit


# What stands in the way


def test_the_last_attempt_may_take_all_that_is_left() -> None:
    assert account(10.0, 2.0, usd=8.0).obstacle is None


@pytest.mark.parametrize(
    ("found", "obstacle"),
    [
        (account(10.0, usd=10.0), "$10.00 of $10.00 are spent"),
        (account(10.0, usd=12.5), "$12.50 of $10.00 are spent"),
        (account(10.0, 2.0, usd=10.0), "$10.00 of $10.00 are spent"),
        (account(10.0, 2.0, usd=8.5), "$8.50 of $10.00 are spent; the next step may cost $2.00"),
        (
            account(10.0, 2.0, usd=5.0, unknown=2),
            "$5.00 + 2 unknown of $10.00 are spent; the next step may cost $2.00",
        ),
        (account(1.0, 2.0), "$0.00 of $1.00 are spent; the next step may cost $2.00"),
        (replace(account(10.0), reserved=10.0), "$0.00 of $10.00 are spent and $10.00 are reserved"),
        (replace(account(10.0, usd=4.0), reserved=6.0), "$4.00 of $10.00 are spent and $6.00 are reserved"),
        (
            replace(account(10.0, 2.0, usd=4.0), reserved=5.0),
            "$4.00 of $10.00 are spent and $5.00 are reserved; the next step may cost $2.00",
        ),
        (
            replace(account(10.0, usd=8.0), average=4.0),
            "$8.00 of $10.00 are spent; the next step may cost $4.00",
        ),
    ],
)
def test_no_step_is_paid_that_the_budget_does_not_reach_for(found: Account, obstacle: str) -> None:
    assert found.obstacle == obstacle


def test_the_average_is_what_a_step_may_cost_when_nobody_said_it() -> None:
    assert replace(account(10.0, usd=8.0), average=2.0).obstacle is None


def test_an_unknown_cost_blocks_when_nobody_said_what_it_can_have_been() -> None:
    """ "or blocks when there is none"."""
    assert account(10.0, usd=1.0, unknown=2).obstacle == (
        "$1.00 + 2 unknown are spent; set budget.perStepUsd, which an unknown cost then counts as"
    )
    assert account(10.0, 2.0, usd=1.0, unknown=2).obstacle is None
    assert account(None, None, unknown=2).obstacle is None


@given(
    st.sampled_from([None, 0.5, 2.0]),
    st.integers(0, 12).map(float),
    st.integers(0, 3),
    st.integers(0, 4).map(float),
)
@settings(deadline=None)
def test_a_step_that_is_begun_never_takes_the_project_over_its_budget(
    per_step: float | None, usd: float, unknown: int, reserved: float
) -> None:
    found = replace(account(10.0, per_step, usd=usd, unknown=unknown), reserved=reserved)
    if found.obstacle is None:
        assert found.limit is not None
        assert found.limit > 0
        assert usd + unknown * (per_step or 0.0) + reserved + found.limit <= 10.0


# What the rest would cost


@pytest.mark.parametrize(
    ("found", "steps_left"), [(FREE, 3), (account(usd=0.0, unknown=1), 3), (account(usd=1.0), 0)]
)
def test_nothing_is_foretold_when_nothing_is_known_or_nothing_is_left(found: Account, steps_left: int) -> None:
    assert found.forecast(steps_left) is None


def test_the_rest_is_foretold_at_the_average() -> None:
    found = replace(account(usd=3.0), average=1.5)
    said = found.forecast(4)
    assert said is not None
    assert "$1.50 a step" in said
    assert "4 steps left would cost about $6.00" in said
