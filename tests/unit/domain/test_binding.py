from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claudestep.domain.binding import bind, forget_ended_reviews
from claudestep.domain.chain import StepState, step_states
from claudestep.domain.config import Config
from claudestep.domain.models import Project, Step
from claudestep.domain.reconcile import infer_states
from tests.unit.builders import (
    NOW,
    at,
    bound,
    claimed,
    closed,
    done,
    in_review,
    lines,
    merged,
    numbers,
    orphans,
    project,
    pull,
    step,
    task,
)


def described(outcome: Project) -> list[tuple[int, str]]:
    return [(s.step_index, s.step_description) for s in outcome.steps]


def begun(*numbers: int) -> Project:
    """A project with begun steps of these numbers; the text of each is its number."""
    return project(*(closed(number, str(number)) for number in numbers))


# Rule 1: "A line is bound to a record by exact text (whitespace folded)".


def test_lines_are_numbered_in_their_order_when_the_project_is_new() -> None:
    outcome = bound(project(), "a", "b", "c")
    assert described(outcome.project) == [(1, "a"), (2, "b"), (3, "c")]
    assert numbers(outcome) == {"a": 1, "b": 2, "c": 3}


def test_a_line_keeps_its_number_when_it_moves() -> None:
    """ "Moving lines changes nothing"."""
    before = bound(project(), "a", "b", "c").project
    outcome = bound(before, "c", "a", "b")
    assert numbers(outcome) == {"a": 1, "b": 2, "c": 3}
    assert [s.step_index for s in outcome.project.steps] == [3, 1, 2]


@pytest.mark.parametrize(("recorded", "line"), [("a  b", "a b"), ("a b", "a \t b "), (" a b", "a\u00a0b")])
def test_a_line_keeps_its_number_when_only_its_white_space_changes(recorded: str, line: str) -> None:
    before = project(in_review(1, recorded), in_review(2, "c"))
    assert bound(before, line, "c").project is before


def test_a_line_keeps_its_number_when_lines_come_and_go_around_it() -> None:
    before = bound(project(), "a", "b").project
    assert numbers(bound(before, "new", "newer", "b", "last")) == {"new": 3, "newer": 4, "b": 2, "last": 5}
    assert numbers(bound(before, "b")) == {"b": 2}


def test_a_line_is_another_one_when_its_case_or_its_beginning_differs() -> None:
    """A number is never found by a part of the text: "Add auth" is not "Add auth tests"."""
    outcome = bound(project(closed(1, "Add auth")), "Add auth tests", "add auth")
    assert numbers(outcome) == {"Add auth tests": 2, "add auth": 3}
    assert orphans(outcome) == [1]


@pytest.mark.parametrize("text", [r"Replace \d+", "[a-z]*", "$1", "%s {x}", "a | b", "ünï 🚀", "same", "x" * 5000])
def test_a_line_is_found_again_whatever_stands_in_it(text: str) -> None:
    assert numbers(bound(begun(1), "1", text)) == {"1": 1, text: 2}
    assert numbers(bound(project(closed(7, text)), text)) == {text: 7}


def test_equal_lines_pair_in_their_order() -> None:
    """ "equal lines pair in order"."""
    before = project(in_review(1, "a"), step(2, "a"), in_review(3, "a"))
    outcome = bound(before, "a", "a", "a")
    assert list(outcome.lines) == [1, 2, 3]
    assert outcome.project is before


def test_equal_lines_pair_ticked_ones_with_completed_records_first() -> None:
    before = project(step(1, "a"), done(2, "a"))
    outcome = bound(before, "[x] a", "a")
    assert {n: line.line for n, line in outcome.lines.items()} == {2: 1, 1: 2}
    assert [s.step_index for s in outcome.project.steps] == [2, 1]


def test_equal_lines_pair_a_ticked_one_with_a_merged_record_before_the_tick_was_seen() -> None:
    outcome = bound(project(step(1, "a"), merged(2, "a")), "a", "[x] a")
    assert {n: line.line for n, line in outcome.lines.items()} == {1: 1, 2: 2}


def test_equal_lines_leave_a_ticked_one_over_when_there_are_fewer_records() -> None:
    """A ticked line needs no record: the open one keeps what was begun for it."""
    outcome = bound(project(in_review(1, "a")), "[x] a", "a")
    assert {n: line.line for n, line in outcome.lines.items()} == {2: 1, 1: 2}


def test_equal_lines_pair_with_what_is_alive_before_what_was_removed() -> None:
    before = project(closed(1, "a", orphaned_at=at(-9)), step(2, "a"))
    outcome = bound(before, "a")
    assert list(outcome.lines) == [2]
    assert orphans(outcome) == [1]


def test_an_orphan_is_none_any_more_when_its_line_returns() -> None:
    """ "`orphaned_at`, cleared when the line returns"."""
    before = project(step(1, "a"), closed(2, "b", orphaned_at=at(-9), ai_tasks=(task(),)))
    outcome = bound(before, "a", "b")
    assert outcome.project == project(step(1, "a"), closed(2, "b", ai_tasks=(task(),)))


# Rule 2: "a run of changed lines between the same bound neighbours pairs in order with as many unbound
# records, if none of those has begun".


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["a", "b", "c"], ["a", "B", "c"], {"a": 1, "B": 2, "c": 3}),
        (["a", "b", "c"], ["A", "b", "c"], {"A": 1, "b": 2, "c": 3}),
        (["a", "b", "c"], ["a", "b", "C"], {"a": 1, "b": 2, "C": 3}),
        (["a", "b", "c", "d"], ["a", "B", "C", "d"], {"a": 1, "B": 2, "C": 3, "d": 4}),
        (["a", "b"], ["A", "B"], {"A": 1, "B": 2}),
        (["a", "b", "c"], ["A", "b", "C"], {"A": 1, "b": 2, "C": 3}),
    ],
)
def test_reworded_lines_keep_their_numbers_when_there_are_as_many_as_before(
    before: list[str], after: list[str], expected: dict[str, int]
) -> None:
    outcome = bound(bound(project(), *before).project, *after)
    assert numbers(outcome) == expected
    assert orphans(outcome) == []
    assert described(outcome.project) == [(n, text) for text, n in expected.items()]


@pytest.mark.parametrize(
    ("before", "after", "expected", "gone"),
    [
        (["a", "b", "c"], ["a", "B", "B2", "c"], {"a": 1, "B": 4, "B2": 5, "c": 3}, [2]),
        (["a", "b", "b2", "c"], ["a", "B", "c"], {"a": 1, "B": 5, "c": 4}, [2, 3]),
        (["a", "b"], ["a", "b", "c"], {"a": 1, "b": 2, "c": 3}, []),
    ],
)
def test_reworded_lines_are_new_when_there_are_not_as_many_as_before(
    before: list[str], after: list[str], expected: dict[str, int], gone: list[int]
) -> None:
    outcome = bound(bound(project(), *before).project, *after)
    assert numbers(outcome) == expected
    assert orphans(outcome) == gone


@pytest.mark.parametrize(
    "has_begun",
    [
        closed(2, "b"),
        merged(2, "b"),
        in_review(2, "b"),
        claimed(2, "b"),
        done(2, "b"),
        step(2, "b", attempts=1),
        step(2, "b", ai_tasks=(task(None),)),
    ],
)
def test_a_reworded_line_is_new_when_its_record_has_begun(has_begun: Step) -> None:
    outcome = bound(project(step(1, "a"), has_begun, step(3, "c")), "a", "B", "c")
    assert numbers(outcome) == {"a": 1, "B": 4, "c": 3}
    assert orphans(outcome) == [2]


def test_reworded_lines_are_all_new_when_one_of_their_records_has_begun() -> None:
    outcome = bound(project(step(1, "a"), closed(2, "b")), "A", "B")
    assert numbers(outcome) == {"A": 3, "B": 4}
    assert orphans(outcome) == [1, 2]


def test_a_reworded_line_does_not_take_the_number_of_an_orphan() -> None:
    before = project(step(1, "a"), step(2, "b", orphaned_at=at(-9)), step(3, "c"))
    outcome = bound(before, "a", "B", "c")
    assert numbers(outcome) == {"a": 1, "B": 4, "c": 3}


def test_a_reworded_line_and_a_new_one_get_two_numbers_when_the_line_between_them_moved() -> None:
    before = bound(project(), "a", "b", "c").project
    outcome = bound(before, "new", "c", "a", "newer")
    assert sorted(outcome.lines) == [1, 2, 3, 4]


# Rule 3: "new lines get the next free index, old records become orphans".


def test_a_number_is_not_given_again_when_its_line_is_gone() -> None:
    before = bound(begun(1, 2, 3), "1", "2").project
    outcome = bound(before, "1", "2", "new")
    assert numbers(outcome) == {"1": 1, "2": 2, "new": 4}


def test_a_line_that_is_gone_leaves_an_orphan_with_all_that_it_cost() -> None:
    cost = (task(0.5),)
    outcome = bound(project(closed(1, "a", ai_tasks=cost), step(2, "b")), "b")
    assert outcome.project == project(closed(1, "a", ai_tasks=cost, orphaned_at=NOW), step(2, "b"))


def test_an_orphan_keeps_the_time_at_which_it_became_one() -> None:
    once = bound(begun(1, 2), "1").project
    again = bind(once, lines("1"), at(5)).project
    assert again is once
    assert [s.orphaned_at for s in again.steps] == [None, NOW]


def test_an_orphan_stands_behind_the_record_that_it_stood_behind() -> None:
    outcome = bound(begun(1, 2, 3, 4, 5), "4", "3")
    assert orphans(outcome) == [1, 2, 5]
    assert [s.step_index for s in outcome.project.steps] == [1, 2, 4, 5, 3]


# "A new line in the gap of an orphan with an open pull request or a claim is not begun until that ends".


@pytest.mark.parametrize("busy", [in_review(2, "b"), claimed(2, "b")])
def test_a_new_line_waits_when_it_may_be_the_rewording_of_a_step_that_is_busy(busy: Step) -> None:
    outcome = bound(project(step(1, "a"), busy, step(3, "c")), "a", "B", "c", "d")
    states = step_states(outcome.project, Config())
    assert numbers(outcome) == {"a": 1, "B": 4, "c": 3, "d": 5}
    assert states[4] is StepState.REWORDED
    assert [states[n] for n in (1, 3, 5)] == [StepState.READY] * 3


@pytest.mark.parametrize(
    "over", [merged(2, "b"), closed(2, "b"), replace(claimed(2, "b"), claim=None), done(2, "b")]
)
def test_a_new_line_waits_no_longer_when_the_step_that_it_may_reword_is_not_busy(over: Step) -> None:
    outcome = bound(project(step(1, "a"), over, step(3, "c")), "a", "B", "c")
    assert step_states(outcome.project, Config())[4] is StepState.READY


def test_a_new_line_waits_through_later_runs_until_the_review_ends() -> None:
    waiting = bound(project(step(1, "a"), in_review(2, "b")), "a", "B").project
    later = bound(waiting, "a", "B").project
    assert step_states(later, Config())[3] is StepState.REWORDED
    over = bound(later.with_step(closed(2, "b", orphaned_at=NOW)), "a", "B").project
    assert step_states(over, Config())[3] is StepState.READY


def test_a_new_line_waits_no_longer_in_the_very_run_that_sees_the_review_end() -> None:
    """ "... is not begun until that ends". A local host's branch is gone: `infer_states` closes the review."""
    waiting = bound(project(step(1, "a"), in_review(2, "b")), "a", "B").project
    gone = pull(102, "closed", inferred=True)
    after = infer_states(bound(waiting, "a", "B"), {gone.key: gone}, NOW)
    assert step_states(after, Config()) == {1: StepState.READY, 2: StepState.REMOVED, 3: StepState.READY}


def test_a_new_line_waits_no_longer_when_the_line_in_review_returns() -> None:
    waiting = bound(project(step(1, "a"), in_review(2, "b")), "a", "B").project
    assert step_states(bound(waiting, "a", "b", "B").project, Config())[3] is StepState.READY


def test_reviews_that_have_ended_are_forgotten_and_others_are_not() -> None:
    waiting = step(1, waits_for=(2, 3, 4, 5, 9))
    others = (
        in_review(2, orphaned_at=at(-1)),
        closed(3, orphaned_at=at(-1)),
        in_review(4),
        replace(claimed(5), orphaned_at=at(-1)),
    )
    after = forget_ended_reviews(project(waiting, *others))
    assert after == project(step(1, waits_for=(2, 5)), *others)
    assert forget_ended_reviews(after) is after


# "`completed_at` (when a run first saw the box ticked on the base branch)".


def test_a_step_is_complete_from_when_its_box_was_first_seen_ticked() -> None:
    once = bound(project(step(1, "a")), "[x] a").project
    assert once == project(step(1, "a", completed_at=NOW))
    assert bind(once, lines("[x] a"), at(5)).project is once


def test_a_step_is_not_complete_any_more_when_its_box_is_unticked() -> None:
    outcome = bound(project(merged(1, "a", completed_at=at(-1))), "a")
    assert outcome.project == project(merged(1, "a"))


def test_a_new_line_is_complete_at_once_when_it_is_ticked() -> None:
    """ "Ticked by hand without a pull request: done"."""
    assert bound(project(), "[x] a").project == project(step(1, "a", completed_at=NOW))


def test_an_orphan_stays_complete() -> None:
    outcome = bound(project(done(1, "a"), step(2, "b")), "b")
    assert outcome.project.steps[0].completed_at == at(-1)


# Idempotence, and numbers for life, through any edits.


@dataclass(frozen=True)
class Insert:
    position: int
    text: str

    def __call__(self, written: list[str]) -> list[str]:
        at = self.position % (len(written) + 1)
        return written if self.text in written else [*written[:at], self.text, *written[at:]]


@dataclass(frozen=True)
class Remove:
    position: int

    def __call__(self, written: list[str]) -> list[str]:
        at = self.position % (len(written) + 1)
        return [*written[:at], *written[at + 1 :]]


@dataclass(frozen=True)
class Move:
    position: int
    target: int

    def __call__(self, written: list[str]) -> list[str]:
        if not written:
            return written
        at, to = self.position % len(written), self.target % len(written)
        rest = [*written[:at], *written[at + 1 :]]
        return [*rest[:to], written[at], *rest[to:]]


@dataclass(frozen=True)
class Reword:
    position: int
    text: str

    def __call__(self, written: list[str]) -> list[str]:
        if not written or self.text in written:
            return written
        at = self.position % len(written)
        return [*written[:at], self.text, *written[at + 1 :]]


@dataclass(frozen=True)
class Begin:
    """Not an edit of the spec: somebody opens a pull request for a step."""

    position: int

    def open(self, known: Project) -> Project:
        if not known.steps:
            return known
        chosen = known.steps[self.position % len(known.steps)]
        return known.with_step(in_review(chosen.step_index, chosen.step_description))


POSITIONS = st.integers(0, 9)
WORDS = st.sampled_from("abcdefghij")
EDITS = st.one_of(
    st.builds(Insert, POSITIONS, WORDS),
    st.builds(Remove, POSITIONS),
    st.builds(Move, POSITIONS, POSITIONS),
    st.builds(Reword, POSITIONS, WORDS),
    st.builds(Begin, POSITIONS),
)


def texts_to_numbers(known: Project) -> dict[str, int]:
    return {s.step_description: s.step_index for s in known.steps}


def check_numbers(before: Project, written: Sequence[str], after: Project) -> None:
    """What must hold of any rebinding of distinct lines."""
    old, new = texts_to_numbers(before), texts_to_numbers(after)
    assert {text: new[text] for text in written if text in old} == {t: old[t] for t in written if t in old}
    was_there = {s.step_index for s in before.steps}
    is_there = [s.step_index for s in after.steps]
    assert was_there <= set(is_there), "a record is never lost"
    assert all(n > max(was_there, default=0) for n in is_there if n not in was_there), "given twice"
    assert [s.step_description for s in after.steps if s.orphaned_at is None] == list(written)


@given(st.lists(EDITS, max_size=25))
@settings(deadline=None, max_examples=150)
def test_a_line_keeps_its_number_for_life_through_any_sequence_of_edits(
    edits: list[Insert | Remove | Move | Reword | Begin],
) -> None:
    """ "A step keeps its number for life"; no number is given twice; binding twice is binding once."""
    written: list[str] = []
    known = project()
    for edit in edits:
        if isinstance(edit, Begin):
            known = edit.open(known)
        else:
            written = edit(written)
        after = bound(known, *written)
        check_numbers(known, written, after.project)
        assert list(after.lines) == [texts_to_numbers(after.project)[text] for text in written]
        assert bind(after.project, lines(*written), at(1)) == after
        known = after.project


def kinds(number: int, text: str) -> list[Step]:
    return [
        step(number, text),
        done(number, text),
        claimed(number, text),
        in_review(number, text),
        merged(number, text),
        merged(number, text, completed_at=at(-1)),
        closed(number, text),
    ]


@st.composite
def documents(draw: st.DrawFn) -> Project:
    """Records in any order and any state, some of equal text, some removed."""
    order = draw(st.permutations(range(1, draw(st.integers(0, 5)) + 1)))
    found = [draw(st.sampled_from(kinds(number, draw(st.sampled_from("abc"))))) for number in order]
    gone = [draw(st.sampled_from([None, None, at(-9)])) for _ in found]
    return project(*(replace(s, orphaned_at=when) for s, when in zip(found, gone, strict=True)))


WRITTEN = st.lists(st.sampled_from(["a", "b", "c", "d", "[x] a", "[x] b", "[x] d"]), max_size=5)


@given(documents(), WRITTEN)
@example(project(step(1, "a"), step(2, "b"), step(3, "c")), ["new", "c", "a", "newer"])
@example(project(merged(1, "a")), ["a", "a"])
@example(project(done(1, "b"), step(3, "a"), done(2, "b")), ["a", "[x] b"])
@example(project(merged(1, "a", completed_at=at(-1)), merged(2, "a", completed_at=at(-1))), ["a", "[x] a"])
@settings(deadline=None, max_examples=300)
def test_binding_twice_is_binding_once_whatever_the_records_and_the_lines(
    known: Project, written: list[str]
) -> None:
    once = bound(known, *written)
    assert {s.step_index for s in once.project.steps} >= {s.step_index for s in known.steps}
    assert [line.line for line in once.lines.values()] == list(range(1, len(written) + 1))
    assert bind(once.project, lines(*written), at(1)) == once


def test_equal_lines_keep_their_records_when_one_of_two_merged_ones_is_unticked() -> None:
    both = project(merged(1, "a", completed_at=at(-1)), merged(2, "a", completed_at=at(-1)))
    once = bound(both, "a", "[x] a")
    assert bound(once.project, "a", "[x] a") == once


def test_a_merged_step_keeps_its_line_when_an_equal_line_is_added() -> None:
    once = bound(project(merged(1, "a")), "a", "a")
    assert list(once.lines) == [1, 2]
    assert list(bound(once.project, "a", "a").lines) == [1, 2]


def test_a_ticked_line_stays_with_the_living_record_when_its_double_was_removed() -> None:
    once = bound(project(done(1, "b"), step(3, "a"), done(2, "b")), "a", "[x] b")
    assert (list(once.lines), orphans(once)) == ([3, 1], [2])
    again = bound(once.project, "a", "[x] b")
    assert (list(again.lines), orphans(again)) == ([3, 1], [2])
