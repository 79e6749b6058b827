from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.domain.chain import StepState, step_states
from claudestep.domain.config import Config
from claudestep.domain.models import Project, PullKey, PullRequestState, Step
from claudestep.domain.naming import parse_step_branch
from claudestep.domain.observation import PullRequest
from claudestep.domain.reconcile import infer_states, next_state, open_questions, reconcile
from tests.unit.builders import (
    NOW,
    at,
    bound,
    claimed,
    closed,
    done,
    in_review,
    merged,
    previous,
    project,
    pull,
    record,
    step,
)

STATES: tuple[PullRequestState, ...] = ("open", "merged", "closed")


def seen(*pulls: PullRequest) -> dict[PullKey, PullRequest]:
    return {one.key: one for one in pulls}


def reconciled(known: Step, *pulls: PullRequest) -> Step:
    (after,) = reconcile(project(known), seen(*pulls)).steps
    return after


# States and times


@pytest.mark.parametrize(
    ("recorded", "closed_at", "shown", "updated_at", "expected"),
    [
        (None, None, "open", at(0), "open"),
        ("open", None, "open", at(0), "open"),
        ("open", None, "merged", at(0), "merged"),
        ("open", None, "closed", at(0), "closed"),
        ("open", None, "closed", at(-99), "closed"),
        # "`merged` is final"
        ("merged", None, "open", at(99), "merged"),
        ("merged", None, "closed", at(99), "merged"),
        # "`closed` becomes `open` only by a later update"
        ("closed", at(0), "open", at(-1), "closed"),
        ("closed", at(0), "open", at(0), "open"),
        ("closed", at(0), "open", at(1), "open"),
        ("closed", None, "open", at(0), "open"),
        # "and may go straight to `merged`"
        ("closed", at(0), "merged", at(-1), "merged"),
        ("closed", at(0), "merged", at(1), "merged"),
        ("closed", at(0), "closed", at(1), "closed"),
    ],
)
def test_the_next_state_follows_from_the_recorded_one_and_the_hosts(
    recorded: PullRequestState | None,
    closed_at: datetime | None,
    shown: PullRequestState,
    updated_at: datetime,
    expected: PullRequestState,
) -> None:
    assert next_state(recorded, closed_at, pull(state=shown, updated_at=updated_at)) == expected


def test_a_merge_is_recorded_with_its_time() -> None:
    after = reconciled(in_review(1), pull(101, "merged", merged_at=at(-3), updated_at=at(-1)))
    assert after == in_review(1, pr_state="merged", merged_at=at(-3))


def test_a_closing_is_recorded_with_its_time() -> None:
    after = reconciled(in_review(1), pull(101, "closed", closed_at=at(-3), updated_at=at(-1)))
    assert after == in_review(1, pr_state="closed", closed_at=at(-3))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("merged", in_review(1, pr_state="merged", merged_at=at(-1))),
        ("closed", in_review(1, pr_state="closed", closed_at=at(-1))),
    ],
)
def test_the_time_is_that_of_the_update_when_the_host_names_none(state: PullRequestState, expected: Step) -> None:
    assert reconciled(in_review(1), pull(101, state, updated_at=at(-1))) == expected


def test_a_closed_pull_request_has_no_closing_time_when_it_is_open_again() -> None:
    assert reconciled(closed(1), pull(101, "open", updated_at=at(-1))) == in_review(1)


def test_a_closed_pull_request_stays_closed_when_the_view_is_older_than_the_closing() -> None:
    assert reconciled(closed(1), pull(101, "open", updated_at=at(-3))) == closed(1)


def test_a_merged_pull_request_has_no_closing_time_when_it_was_closed_before() -> None:
    after = reconciled(closed(1), pull(101, "merged", merged_at=at(-9)))
    assert after == in_review(1, pr_state="merged", merged_at=at(-9))


@pytest.mark.parametrize("known", [in_review(1), merged(1), closed(1), step(1), claimed(1), done(1)])
def test_a_pull_request_that_is_not_found_changes_nothing(known: Step) -> None:
    """ "not found is reported and changes nothing"."""
    before = project(known)
    assert reconcile(before, {}) is before
    assert reconcile(before, seen(pull(999, "merged"))) is before


@pytest.mark.parametrize("state", ["merged", "closed"])
def test_a_pull_request_changes_nothing_when_its_branch_is_another(state: PullRequestState) -> None:
    """ "a pull request belongs to a record only if number *and* branch agree"."""
    before = project(in_review(1, previous_pull_requests=(previous(107, "open"),)))
    foreign = seen(pull(101, state, branch="feature"), pull(107, state, branch="feature"))
    assert reconcile(before, foreign) is before


def test_a_reviewer_is_the_one_whom_the_host_names() -> None:
    known = in_review(1, reviewer="alice")
    assert reconciled(known, pull(101, reviewer="bob")).reviewer == "bob"
    assert reconciled(known, pull(101, reviewer=None)).reviewer == "alice"


def test_earlier_attempts_are_reconciled_too() -> None:
    known = in_review(2, previous_pull_requests=(previous(107, "open"), previous(108, "open"), previous(109)))
    after = reconciled(
        known, pull(107, "merged", merged_at=at(-3)), pull(108, "closed", closed_at=at(-2)), pull(109, "merged")
    )
    assert after.previous_pull_requests == (
        previous(107, "merged", merged_at=at(-3)),
        previous(108, "closed", closed_at=at(-2)),
        previous(109, "merged", merged_at=at(-1)),
    )


def test_a_merged_step_is_not_done_while_its_box_is_not_ticked() -> None:
    """ "spec.md on the base branch says what is done"."""
    after = reconcile(project(in_review(1)), seen(pull(101, "merged")))
    assert after.steps[0].completed_at is None
    assert step_states(after, Config()) == {1: StepState.UNTICKED}


def test_a_missing_time_is_filled_in_when_the_host_names_it() -> None:
    """ "reconcile: states, times, reviewers". The seed's own example is merged and has no `merged_at`."""
    after = reconciled(in_review(1, pr_state="merged"), pull(101, "merged", merged_at=at(-3)))
    assert after.merged_at == at(-3)


@given(
    st.sampled_from([step(1), in_review(1), merged(1), closed(1), claimed(1)]),
    st.lists(
        st.builds(
            pull,
            st.sampled_from([101, 102, 201]),
            st.sampled_from(STATES),
            branch=st.sampled_from(["claude-step-p-1", "claude-step-p-1.2", "claude-step-p-4", "x"]),
            updated_at=st.integers(-4, 4).map(at),
            record=st.sampled_from([None, record(1), record(4), record(1, project="q")]),
            inferred=st.booleans(),
        ),
        max_size=3,
        unique_by=lambda one: one.number,
    ),
)
@settings(deadline=None, max_examples=200)
def test_reconciling_twice_is_reconciling_once_and_a_merge_stays_one(known: Step, pulls: list[PullRequest]) -> None:
    once = reconcile(project(known), seen(*pulls))
    assert reconcile(once, seen(*pulls)) is once
    assert known.pr_state != "merged" or "merged" in states_of(once, 101)
    assert {one.number for one in pulls if one.state == "open"} >= newly_open(project(known), once)


def states_of(known: Project, number: int) -> list[str | None]:
    found = [(s.pr_number, s.pr_state) for s in known.steps]
    found += [(p.pr_number, p.pr_state) for s in known.steps for p in s.previous_pull_requests]
    return [state for pr_number, state in found if pr_number == number]


def newly_open(before: Project, after: Project) -> set[int]:
    def is_open(known: Project) -> set[int]:
        return {one.pr_number for s in known.steps for one in s.open_pull_requests()}

    return is_open(after) - is_open(before)


# Lost pull requests


def lost(number: int, branch: str, text: str, state: PullRequestState = "open", **values: object) -> PullRequest:
    named = parse_step_branch(branch)
    index = named.step_index if named else 1
    return pull(number, state, branch=branch, record=record(index, text, reviewer="alice"), **values)


def test_a_lost_pull_request_is_adopted_by_its_step() -> None:
    """ "each pull request carries its own record"."""
    after = reconcile(project(step(1, "a")), seen(lost(101, "claude-step-p-1", "a", title="T")))
    assert after == project(in_review(1, "a", reviewer="alice", head_commit="h" * 40))


def test_a_lost_pull_request_is_adopted_with_the_reviewer_whom_the_host_names() -> None:
    after = reconcile(project(step(1, "a")), seen(lost(101, "claude-step-p-1", "a", reviewer="bob")))
    assert after.steps[0].reviewer == "bob"


def test_lost_pull_requests_make_a_document_again_when_all_of_it_is_gone() -> None:
    """ "It can be rebuilt"."""
    after = reconcile(
        project(),
        seen(
            lost(101, "claude-step-p-3", "c", "merged", merged_at=at(-3)),
            lost(102, "claude-step-p-1", "a", "closed", closed_at=at(-4)),
            lost(103, "claude-step-p-1.2", "a"),
        ),
    )
    assert {s.step_index: (s.step_description, s.pr_number, s.pr_state, s.attempts) for s in after.steps} == {
        1: ("a", 103, "open", 2),
        3: ("c", 101, "merged", 1),
    }
    (first,) = (s for s in after.steps if s.step_index == 1)
    assert [p.pr_number for p in first.previous_pull_requests] == [102]


def test_a_lost_pull_request_finds_its_step_by_text_when_the_number_was_another() -> None:
    after = reconcile(project(step(1, "b"), step(2, "a")), seen(lost(101, "claude-step-p-1", "a")))
    assert [(s.step_index, s.pr_number) for s in after.steps] == [(1, None), (2, 101)]


def test_a_lost_pull_request_takes_the_step_of_its_number_when_several_have_its_text() -> None:
    after = reconcile(project(step(1, "a"), step(2, "a")), seen(lost(101, "claude-step-p-2", "a")))
    assert [(s.step_index, s.pr_number) for s in after.steps] == [(1, None), (2, 101)]


def test_a_lost_pull_request_gets_a_free_number_when_its_number_is_another_steps() -> None:
    after = reconcile(project(step(1, "b"), step(2, "c")), seen(lost(101, "claude-step-p-1", "a")))
    assert [(s.step_index, s.step_description, s.pr_number) for s in after.steps] == [
        (1, "b", None),
        (2, "c", None),
        (3, "a", 101),
    ]


def test_a_lost_attempt_counts_so_that_its_branch_is_never_used_again() -> None:
    """ "So a branch name belongs to one claim"."""
    after = reconcile(project(step(1, "a", attempts=1)), seen(lost(101, "claude-step-p-1.3", "a", "closed")))
    assert after.steps[0].attempts == 3


@pytest.mark.parametrize(
    "stray",
    [
        pull(101, record=None),
        pull(101, branch="feature", record=record(1)),
        pull(101, branch="claude-step-q-1", record=record(1)),
        pull(101, record=record(1, project="q")),
        pull(101, branch="claude-step-p-api-1", record=record(1)),
        pull(101, branch="claude-step-p-api-1", record=record(1, project="p-api")),
    ],
)
def test_a_pull_request_is_not_adopted_when_it_is_not_surely_of_this_project(stray: PullRequest) -> None:
    """ "only from a ... pull request of the same repository whose branch fits it"."""
    before = project(step(1))
    assert reconcile(before, seen(stray)) is before


def test_a_pull_request_is_not_adopted_while_its_claim_is_there() -> None:
    before = project(claimed(1, "a"))
    assert reconcile(before, seen(lost(101, "claude-step-p-1", "a"))) is before


def test_a_pull_request_is_not_adopted_when_an_earlier_attempt_has_it() -> None:
    earlier = previous(7, branch_name="claude-step-p-1", closed_at=at(-9))
    before = project(in_review(1, "a", previous_pull_requests=(earlier,)))
    assert reconcile(before, seen(lost(7, "claude-step-p-1", "a", "closed"))) == before


def test_a_lost_earlier_attempt_goes_to_the_previous_ones_when_a_later_one_is_known() -> None:
    """The current pull request is that of the last attempt; a step in review must not look closed."""
    second = in_review(1, "a", branch_name="claude-step-p-1.2", attempts=2)
    after = reconcile(project(second), seen(lost(7, "claude-step-p-1", "a", "closed", closed_at=at(-9))))
    assert after.steps[0].pr_number == 101
    assert [p.pr_number for p in after.steps[0].previous_pull_requests] == [7]
    assert step_states(after, Config()) == {1: StepState.IN_REVIEW}


# States that the host infers: "merged = its head is in the base branch, or, ... its box is ticked there (a
# squash merge); closed = branch gone and box unticked"


def local(number: int, state: PullRequestState) -> PullRequest:
    return pull(number, state, inferred=True, updated_at=NOW)


@pytest.mark.parametrize("state", STATES)
def test_an_inferred_state_is_merged_when_the_box_is_ticked(state: PullRequestState) -> None:
    known = bound(reconcile(project(in_review(1, "a")), seen(local(101, state))), "[x] a")
    after = infer_states(known, seen(local(101, state)), NOW)
    assert (after.steps[0].pr_state, after.steps[0].merged_at) == ("merged", NOW)


@pytest.mark.parametrize("state", STATES)
def test_an_inferred_state_is_the_hosts_when_the_box_is_not_ticked(state: PullRequestState) -> None:
    known = bound(reconcile(project(in_review(1, "a")), seen(local(101, state))), "a")
    after = infer_states(known, seen(local(101, state)), NOW)
    expected = {"open": in_review(1, "a"), "merged": replace(in_review(1, "a"), pr_state="merged", merged_at=NOW)}
    assert after.steps[0] == expected.get(state, in_review(1, "a", pr_state="closed", closed_at=NOW))


def test_a_branch_that_is_gone_decides_nothing_before_the_boxes_are_known() -> None:
    assert reconciled(in_review(1), local(101, "closed")) == in_review(1)


def test_a_branch_that_is_gone_closes_an_earlier_attempt_at_once() -> None:
    known = in_review(2, previous_pull_requests=(previous(101, "open"),))
    assert reconciled(known, local(101, "closed")).previous_pull_requests[0].pr_state == "closed"


def test_a_branch_that_is_gone_closes_the_pull_request_of_a_removed_line() -> None:
    known = bound(project(in_review(1, "a"), step(2, "b")), "b")
    after = infer_states(known, seen(local(101, "closed")), NOW)
    assert after.steps[0].pr_state == "closed"


@pytest.mark.parametrize("known", [merged(1, "a"), closed(1, "a"), step(1, "a")])
@pytest.mark.parametrize("line", ["a", "[x] a"])
def test_nothing_is_inferred_when_the_pull_request_is_not_recorded_open(known: Step, line: str) -> None:
    before = bound(project(known), line)
    assert infer_states(before, seen(local(101, "closed")), NOW) is before.project


def test_nothing_is_inferred_when_the_host_keeps_states_itself() -> None:
    before = bound(project(in_review(1, "a")), "[x] a")
    assert infer_states(before, seen(pull(101, "open")), NOW) is before.project


def test_nothing_is_inferred_when_the_branch_is_another() -> None:
    before = bound(project(in_review(1, "a", branch_name="claude-step-p-1.2")), "[x] a")
    assert infer_states(before, seen(local(101, "closed")), NOW) is before.project


# The reviewer


@pytest.mark.parametrize(
    ("assignees", "expected"),
    [
        (("bob",), "bob"),
        (("bob", "Alice"), "alice"),
        (("carol", "bob"), "carol"),
        ((), "alice"),
    ],
)
def test_the_reviewer_is_the_recorded_one_of_several_assignees_else_the_first(
    assignees: tuple[str, ...], expected: str
) -> None:
    known = in_review(1, reviewer="alice")
    assert reconciled(known, pull(101, assignees=assignees)) == replace(known, reviewer=expected)


# One number, two pull requests: with a team that moves to another host they begin anew


def test_a_pull_request_is_adopted_when_its_number_is_that_of_one_from_another_host() -> None:
    old = in_review(1, "a", pr_number=1, pr_state="closed", closed_at=at(-9))
    after = reconcile(project(old), seen(lost(1, "claude-step-p-1.2", "a"))).steps[0]
    assert (after.pr_number, after.branch_name, after.pr_state) == (1, "claude-step-p-1.2", "open")
    assert [p.branch_name for p in after.previous_pull_requests] == ["claude-step-p-1"]


def test_each_of_a_number_is_reconciled_with_what_is_seen_of_its_own_branch() -> None:
    earlier = previous(1, "open", branch_name="claude-step-p-1")
    known = in_review(1, "a", pr_number=1, branch_name="claude-step-p-1.2", previous_pull_requests=(earlier,))
    after = reconciled(known, pull(1, "merged", branch="claude-step-p-1.2"))
    assert (after.pr_state, after.previous_pull_requests) == ("merged", (earlier,))


def test_a_record_that_lacks_its_branch_is_not_recorded_once_more() -> None:
    before = project(in_review(1, "a", branch_name=None))
    assert reconcile(before, seen(lost(101, "claude-step-p-1", "a"))) is before
    assert not asked(pull(101), of=before.steps[0])


# What has to be asked


def asked(*pulls: PullRequest, of: Step) -> frozenset[int]:
    return open_questions([project(of)], pulls)


def test_nothing_is_asked_when_everything_that_is_recorded_open_was_seen() -> None:
    assert not asked(pull(101), of=in_review(1))


def test_what_is_recorded_open_and_was_not_seen_is_asked_after_also_of_earlier_attempts() -> None:
    earlier = previous(90, "open")
    assert asked(of=in_review(1, previous_pull_requests=(earlier, previous(91, "closed")))) == {90, 101}


@pytest.mark.parametrize("known", [merged(1), closed(1), step(1), claimed(1)])
def test_what_is_over_or_has_not_begun_is_not_asked_after(known: Step) -> None:
    assert not asked(of=known)


def test_a_pull_request_of_ours_that_no_record_knows_is_asked_for_its_own() -> None:
    assert asked(pull(102), of=in_review(1)) == {101, 102}
    assert asked(pull(101), pull(102, record=record(2)), of=in_review(1)) == frozenset()
    assert asked(pull(101), pull(102, branch="somebody-elses"), of=in_review(1)) == frozenset()
    assert asked(pull(102), of=closed(1, pr_number=102)) == {102}


def test_what_is_recorded_open_is_asked_after_when_its_number_is_another_branchs() -> None:
    assert asked(pull(101, branch="renamed"), of=in_review(1)) == {101}


def test_the_pull_request_of_a_claim_is_not_asked_for_its_record() -> None:
    assert not asked(pull(101), of=claimed(1, stage="publishing"))


# Merged elsewhere


def test_a_pull_request_that_was_retargeted_and_merged_leaves_its_step_unticked() -> None:
    after = reconciled(in_review(1), pull(101, "merged", base_branch="next", merged_at=at(-1)))
    assert step_states(project(after), Config()) == {1: StepState.UNTICKED}
