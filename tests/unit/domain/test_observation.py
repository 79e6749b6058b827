import pytest

from claudestep.domain.observation import Answers, BaseTree, Observation, Questions, Snapshot
from tests.unit.builders import NOW, head, pull


@pytest.mark.parametrize(
    ("questions", "anything"),
    [
        (Questions(), False),
        (Questions(bases=frozenset({"develop"})), True),
        (Questions(heads=frozenset({"claude-step-p-1"})), True),
    ],
)
def test_there_is_something_to_look_up_when_a_question_is_left(questions: Questions, *, anything: bool) -> None:
    """ "one more request, only when there are any"."""
    assert bool(questions) is anything


def test_answers_are_added_and_the_later_sight_of_a_pull_request_counts() -> None:
    main, other = BaseTree("main", "1" * 40, {}), BaseTree("other", "2" * 40, {})
    seen = Observation(
        now=NOW,
        snapshot=Snapshot(None, {}),
        default_branch="main",
        bases={"main": main},
        pull_requests=(pull(102), pull(101)),
    )
    answers = Answers(bases={"other": other}, heads={"b": head()}, pull_requests=(pull(101, "merged"), pull(90)))

    whole = seen.with_answers(answers)

    assert whole.bases == {"main": main, "other": other}
    assert whole.heads == {"b": head()}
    assert whole.pull_requests == (pull(90), pull(101, "merged"), pull(102))


def test_a_branch_after_a_commit_has_the_files_as_they_were_written() -> None:
    before = Snapshot("1" * 40, {"a": b"old", "b": b"kept", "c": b"gone"})
    assert before.after("2" * 40, {"a": b"new", "c": None, "d": None}) == Snapshot(
        "2" * 40, {"a": b"new", "b": b"kept"}
    )
