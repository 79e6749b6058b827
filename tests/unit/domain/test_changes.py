from dataclasses import replace
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.domain.changes import (
    LONGEST_REASON,
    GiveClaim,
    LeaveToOthers,
    RecordClosing,
    RecordPullRequest,
    RecordTasks,
    ReleaseClaim,
    RetryStep,
    SkipStep,
    StartPublishing,
    Takeover,
    claimed_step,
    with_pull_request,
)
from claudestep.domain.models import Owner, Project, PullKey, Step
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
    pull,
    step,
    task,
)


class Change(Protocol):
    def apply(self, project: Project) -> Project: ...


# GiveClaim


def test_a_claim_is_given_and_the_attempt_is_counted() -> None:
    """ "`attempts` counts the claims ever given for a step and is never reset"."""
    given_claim = claim("c1")
    after = GiveClaim(1, 3, given_claim).apply(project(step(1, attempts=2), step(2)))
    assert after == project(step(1, attempts=3, claim=given_claim), step(2))


def test_a_claim_is_not_given_when_the_step_has_one() -> None:
    """ "No step ever has two live claims"."""
    before = project(claimed(1, claim_id="c1"))
    assert GiveClaim(1, 2, claim("c2")).apply(before) is before


def test_a_claim_is_not_given_when_the_step_is_not_there() -> None:
    before = project(step(1))
    assert GiveClaim(2, 1, claim()).apply(before) is before


def test_attempts_do_not_go_down_when_an_old_claim_is_given() -> None:
    after = GiveClaim(1, 1, claim()).apply(project(step(1, attempts=4)))
    assert after.steps[0].attempts == 4


# RecordTasks


def test_tasks_are_recorded_behind_those_that_are_there() -> None:
    first, second, third = (task(id=f"c1-{n}") for n in (1, 2, 3))
    after = RecordTasks(1, (second, third)).apply(project(step(1, ai_tasks=(first,))))
    assert after.steps[0].ai_tasks == (first, second, third)


def test_a_task_is_recorded_once_when_its_id_is_there() -> None:
    known = task(0.5, id="c1-1")
    before = project(step(1, ai_tasks=(known,)))
    assert RecordTasks(1, (replace(known, cost_usd=0.7),)).apply(before) is before


def test_a_task_without_an_id_is_recorded_once_when_an_equal_one_is_there() -> None:
    before = project(step(1, ai_tasks=(task(0.5),)))
    assert RecordTasks(1, (task(0.5),)).apply(before) is before
    assert len(RecordTasks(1, (task(0.7),)).apply(before).steps[0].ai_tasks) == 2


def test_the_true_cost_takes_the_place_of_an_unknown_one() -> None:
    """ "the true figure replaces the null if it turns up"."""
    unknown, other, known = task(None, id="c1-1"), task(0.1, id="c1-2"), task(0.5, id="c1-1", model="big")
    after = RecordTasks(1, (known,)).apply(project(step(1, ai_tasks=(unknown, other))))
    assert after.steps[0].ai_tasks == (known, other)


def test_an_unknown_cost_does_not_take_the_place_of_a_true_one() -> None:
    before = project(step(1, ai_tasks=(task(0.5, id="c1-1"),)))
    assert RecordTasks(1, (task(None, id="c1-1"),)).apply(before) is before


def test_a_cost_of_nothing_is_a_known_cost() -> None:
    before = project(step(1, ai_tasks=(task(0.0, id="c1-1"),)))
    assert RecordTasks(1, (task(0.5, id="c1-1"),)).apply(before) is before
    unknown = project(step(1, ai_tasks=(task(None, id="c1-1"),)))
    assert RecordTasks(1, (task(0.0, id="c1-1"),)).apply(unknown) == before


# StartPublishing


def test_a_claim_publishes_from_now_on_and_never_for_a_shorter_time() -> None:
    before = project(claimed(1, until=at(0.5)))
    later = StartPublishing("c1", at(1)).apply(before)
    assert later == project(claimed(1, stage="publishing", until=at(1)))
    assert StartPublishing("c1", at(0.1)).apply(later) == later


def test_a_claim_has_a_new_owner_and_a_new_end_when_somebody_takes_it_over() -> None:
    owner = Owner(host="here", pid=9)
    dead = claim("c1", stage="publishing", until=at(1))
    after = StartPublishing("c1", at(0.25), Takeover(dead, owner)).apply(project(step(1, claim=dead)))
    assert after == project(step(1, claim=replace(dead, until=at(0.25), owner=owner)))


@pytest.mark.parametrize("now", [{"owner": Owner(host="there", pid=7)}, {"until": at(2)}], ids=["taken", "alive"])
def test_a_claim_is_taken_over_only_as_it_was_seen(now: dict[str, Any]) -> None:
    """ "Of several runs one opens it"; the other two are who was quicker, and who was not dead after all."""
    dead = claim("c1", stage="publishing", until=at(1))
    before = project(step(1, claim=replace(dead, **now)))
    assert StartPublishing("c1", at(3), Takeover(dead, Owner(host="here"))).apply(before) is before


# ReleaseClaim


def test_a_claim_ends_without_a_failure_when_none_is_named() -> None:
    after = ReleaseClaim("c1").apply(project(claimed(1)))
    assert after == project(step(1, attempts=1))


def test_a_claim_ends_with_one_failure_and_its_reason_when_one_is_named() -> None:
    after = ReleaseClaim("c1", "the tests fail").apply(project(replace(claimed(1), failures=1)))
    assert after == project(step(1, attempts=1, failures=2, failure_reason="the tests fail"))


def test_a_reason_is_cut_when_it_is_long() -> None:
    after = ReleaseClaim("c1", "x" * 10_000).apply(project(claimed(1)))
    assert after.steps[0].failure_reason == "x" * LONGEST_REASON


def test_a_claim_that_publishes_is_left_alone_when_only_a_working_one_was_meant() -> None:
    publishing = project(claimed(1, stage="publishing"))
    release = ReleaseClaim("c1", "broke off", only_while_working=True)
    assert release.apply(publishing) == publishing
    assert release.apply(project(claimed(1))).steps[0].claim is None


# RecordPullRequest


def test_a_pull_request_is_recorded_and_the_claim_ends() -> None:
    before = project(replace(claimed(1, reviewer="alice", stage="publishing"), failures=1, failure_reason="first"))
    after = RecordPullRequest("c1", 1, pull(101, title="T")).apply(before)
    assert after == project(in_review(1, reviewer="alice", head_commit="h" * 40, failures=1, failure_reason=None))


def test_refused_work_is_no_failure_of_its_step() -> None:
    released = ReleaseClaim("c1", "no branches here", refused_at=at(1)).apply(project(claimed(1)))
    assert released == project(step(1, attempts=1, refused_at=at(1), failure_reason="no branches here"))
    assert RetryStep(1).apply(released) == project(step(1, attempts=1))
    assert RecordPullRequest("c9", 1, pull(101)).apply(released).steps[0].refused_at == at(1)
    claimed_again = GiveClaim(1, 2, claim("c2")).apply(released)
    assert RecordPullRequest("c2", 1, pull(101)).apply(claimed_again).steps[0].refused_at is None


def test_a_pull_request_has_the_reviewer_that_the_host_names_before_the_claims() -> None:
    before = project(claimed(1, reviewer="alice"))
    after = RecordPullRequest("c1", 1, pull(101, reviewer="bob")).apply(before)
    assert after.steps[0].reviewer == "bob"


def test_a_pull_request_is_recorded_when_the_claim_is_gone() -> None:
    """ "Nothing is lost": a pull request that is there is recorded, whatever became of its claim."""
    after = RecordPullRequest("c1", 1, pull(101)).apply(project(step(1, attempts=1)))
    assert after == project(in_review(1, head_commit="h" * 40))


def test_a_pull_request_ends_no_claim_but_its_own() -> None:
    before = project(claimed(1, claim_id="c2"))
    after = RecordPullRequest("c1", 1, pull(101)).apply(before)
    assert after.steps[0].claim == claim("c2")
    assert after.steps[0].pr_number == 101


def test_the_pull_request_before_goes_to_the_previous_ones() -> None:
    earliest = previous(7, reviewer="bob")
    before = closed(1, reviewer="alice", previous_pull_requests=(earliest,))
    after = with_pull_request(before, pull(201, branch="claude-step-p-1.2", reviewer="carol"))
    assert after.previous_pull_requests == (
        earliest,
        previous(101, reviewer="alice", created_at=at(-5), closed_at=at(-2)),
    )
    assert (after.pr_number, after.branch_name, after.pr_state) == (201, "claude-step-p-1.2", "open")
    assert (after.reviewer, after.closed_at, after.head_commit) == ("carol", None, "h" * 40)


@pytest.mark.parametrize("number", [101, 7])
def test_a_pull_request_is_not_recorded_again_when_the_step_has_it(number: int) -> None:
    before = closed(1, previous_pull_requests=(previous(7),))
    assert with_pull_request(before, pull(number)) is before


def test_a_pull_request_is_another_one_when_its_branch_is_another() -> None:
    """With a team that moves from one host to another the numbers begin anew."""
    after = with_pull_request(closed(1), pull(101, branch="claude-step-p-1.2"))
    assert [p.key for p in after.pull_requests()] == [(101, "claude-step-p-1"), (101, "claude-step-p-1.2")]


def test_the_pull_request_before_is_kept_when_its_state_was_not_recorded() -> None:
    """`pr_state` is optional in a document; "no interleaving ... loses ... a record"."""
    after = with_pull_request(step(1, pr_number=7, branch_name="claude-step-p-1"), pull(201))
    assert [p.pr_number for p in after.previous_pull_requests] == [7]


# All of them


@pytest.mark.parametrize(
    "change",
    [
        StartPublishing("c9", at(1)),
        ReleaseClaim("c9"),
        ReleaseClaim("c9", "failed"),
        RecordTasks(9, (task(),)),
        RecordTasks(1, ()),
        RecordPullRequest("c9", 9, pull(101)),
        GiveClaim(9, 1, claim()),
        RetryStep(9),
        SkipStep(9, at(1)),
        RecordClosing(PullKey(999, "claude-step-p-2"), at(0), "no"),
        RecordClosing(PullKey(102, "another-branch"), at(0), "no"),
    ],
)
def test_a_change_alters_nothing_when_what_it_is_about_is_not_there(change: Change) -> None:
    before = project(claimed(1), in_review(2), done(3))
    assert change.apply(before) is before


@pytest.mark.parametrize("claim_id", ["", "c", "c11"])
def test_a_claim_is_found_by_its_whole_id(claim_id: str) -> None:
    assert claimed_step(project(claimed(1, claim_id="c1")), claim_id) is None


def test_a_claim_is_found_on_whatever_step_it_is() -> None:
    known = project(step(1), claimed(5, claim_id="c1"))
    assert claimed_step(known, "c1") == known.steps[1]


def _steps() -> st.SearchStrategy[Step]:
    some_tasks = (task(None, id="c1-1"), task(0.5))
    return st.sampled_from(
        [
            step(1),
            claimed(1),
            claimed(1, stage="publishing", until=at(2)),
            replace(claimed(1), ai_tasks=some_tasks, failures=1, failure_reason="once"),
            in_review(1, ai_tasks=some_tasks),
            merged(1),
            closed(1, previous_pull_requests=(previous(7), previous(8))),
            closed(1, closed_reason="no", failures=2, failure_reason="once"),
            replace(closed(1), claim=claim("c1", branch="claude-step-p-1.2")),
            replace(claimed(1), pr_number=7, ai_tasks=some_tasks, skipped_at=at(-1)),
        ]
    )


def _changes() -> st.SearchStrategy[Change]:
    ids = st.sampled_from(["c1", "c2"])
    numbers = st.sampled_from([1, 2])
    tasks = st.builds(
        task,
        st.sampled_from([None, 0.0, 0.5]),
        id=st.sampled_from([None, "c1-1", "c1-2"]),
        model=st.sampled_from("mn"),
    )
    takeovers = [
        Takeover(claim(name, until=at(when)), Owner(host="here")) for name in ("c1", "c2") for when in (1, 2)
    ]
    pulls = st.builds(pull, st.sampled_from([101, 102, 7]), st.sampled_from(["open", "merged", "closed"]))
    return st.one_of(
        st.builds(GiveClaim, numbers, st.integers(1, 3), st.builds(claim, ids)),
        st.builds(RecordTasks, numbers, st.lists(tasks, max_size=4).map(tuple)),
        st.builds(StartPublishing, ids, st.sampled_from([at(0.5), at(3)]), st.sampled_from([None, *takeovers])),
        st.builds(ReleaseClaim, ids, st.sampled_from([None, "failed"]), only_while_working=st.booleans()),
        st.builds(RecordPullRequest, ids, numbers, pulls),
        st.builds(RetryStep, numbers),
        st.builds(SkipStep, numbers, st.sampled_from([at(0.5), at(3)])),
        st.builds(
            RecordClosing,
            st.sampled_from([pull(number).key for number in (101, 102, 7)]),
            st.sampled_from([None, at(0.5)]),
            st.sampled_from([None, "", "no", "x" * 600]),
        ),
    )


@given(_steps(), _changes())
@settings(deadline=None, max_examples=300)
def test_a_change_applied_twice_is_the_change_applied_once(known: Step, change: Change) -> None:
    """ "pure, idempotent `apply`"; "a change that alters nothing" is the project itself."""
    once = change.apply(project(known, step(2)))
    assert change.apply(once) is once


def test_a_claim_that_publishes_is_left_to_others_at_once_and_never_later_than_it_would_end() -> None:
    before = project(claimed(1, stage="publishing", until=at(1)))
    assert LeaveToOthers("c1", NOW).apply(before) == project(claimed(1, stage="publishing", until=NOW))
    assert LeaveToOthers("c1", at(2)).apply(before) == before
    assert LeaveToOthers("c2", NOW).apply(before) == before


def test_a_claim_under_which_an_agent_works_is_not_left_to_others() -> None:
    before = project(claimed(1, until=at(1)))
    assert LeaveToOthers("c1", NOW).apply(before) == before
