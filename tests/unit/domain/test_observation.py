import pytest

from claudestep.domain.observation import Questions


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
