import pytest

from claudestep.domain.chain import Wait
from claudestep.domain.reasons import Reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence_for_the_user(reason: Reason) -> None:
    """ "Every reason has a sentence for the user"."""
    assert reason.sentence[0].isupper()
    assert reason.sentence.endswith(".")
    assert str(Wait(reason)) == reason.sentence
    assert str(Wait(reason, "step 1")) == f"{reason.sentence} (step 1)"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_can_be_done_about_it(reason: Reason) -> None:
    remedy = reason.remedy("my-project")
    assert remedy[0].isupper()
    assert "{" not in remedy
    assert "project}" not in remedy


def test_no_two_reasons_say_the_same() -> None:
    assert len({reason.sentence for reason in Reason}) == len(Reason)


def test_a_remedy_names_the_project() -> None:
    assert "claudestep retry my-project STEP" in Reason.STEPS_FAILED.remedy("my-project")
    assert "claude-step/my-project/spec.md" in Reason.SPEC_MISSING.remedy("my-project")
