from dataclasses import replace
from textwrap import dedent

import pytest

from claudestep.application.reports.status_text import next_sentence, render
from claudestep.domain.chain import Decision, Start, Wait
from claudestep.domain.errors import ClaudeStepError, ConfigurationError
from claudestep.domain.reasons import Reason
from tests.unit.application.reports.examples import START, STATUS, report, status
from tests.unit.builders import at, claimed, done, in_review, lines, project, step
from tests.unit.golden import golden


def test_people_read_a_paragraph_a_project() -> None:
    assert render(STATUS, with_steps=False) == dedent("""\
        auth: 1 of 4 done (25 %), 1 in review, $0.50 + 1 unknown
          Nothing more can begin until a pull request is merged. (step 2 in review as #102)
          set aside: step 4 failed (claudestep retry auth 4, or skip)

        old: its document cannot be read
          projects/old.json on the metadata branch cannot be read: not JSON. Mend it.
        """)


def test_people_read_the_steps_when_they_ask_for_them() -> None:
    text = render(STATUS, with_steps=True)
    assert text == golden("status.txt", text.encode()).decode()


def test_there_is_a_sentence_when_there_is_no_project() -> None:
    assert render(replace(report(), hint="Commit it."), with_steps=False) == (
        "There is no project: no claude-step/*/spec.md on main.\nCommit it.\n"
    )


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_steps_fit_into_the_terminal(width: int) -> None:
    widest = max(map(len, render(STATUS, with_steps=True, width=width).splitlines()[4:10]))
    assert widest == min(width, len("   4  failed                                        ") + 60)


def test_a_narrow_terminal_leaves_something_of_each_step() -> None:
    assert f"  {'x' * 19}…\n" in render(STATUS, with_steps=True, width=10)


REWORDED = (
    in_review(1, "Move login", orphaned_at=at(-1)),
    step(2, "Move the login", waits_for=(1,)),
    step(3, "Move logout"),
)


def test_a_step_that_waits_for_its_old_wording_names_its_pull_request() -> None:
    text = render(report(status(project(*REWORDED), START)), with_steps=False)
    assert (
        "  waits: step 2, perhaps a new wording of what is in review as #101: merge that, or claudestep close 101\n"
    ) in text


def test_a_step_that_waits_for_one_of_several_old_wordings_names_them_all() -> None:
    known = project(*REWORDED, in_review(4, "Move it", orphaned_at=at(-1)))
    assert "in review as #101, #104: merge that, or claudestep close NUMBER\n" in render(
        report(status(known, START)), with_steps=False
    )


def test_a_step_may_wait_for_an_old_wording_that_has_no_pull_request_yet() -> None:
    known = project(replace(claimed(1, "Move login"), orphaned_at=at(-1)), *REWORDED[1:])
    assert "  waits: step 2, perhaps a new wording of what is being worked on\n" in render(
        report(status(known, START)), with_steps=False
    )


def test_nothing_is_said_twice_of_new_wordings() -> None:
    text = render(report(status(project(*REWORDED), Wait(Reason.REWORDED_IN_REVIEW))), with_steps=False)
    assert "waits: " not in text


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (START, "Step 2 can begin for alice: Move logout"),
        (Start(step(2, "Move"), lines("Move")[0], None, 1, "b"), "Step 2 can begin: Move"),
        (Wait(Reason.ALL_STEPS_DONE), "All steps are done."),
        (ConfigurationError("c.yml", 3, "unknown key 'x'"), "c.yml:3: unknown key 'x'"),
    ],
)
def test_what_comes_next_is_said_in_a_sentence(decision: Decision | ClaudeStepError, sentence: str) -> None:
    assert next_sentence(decision) == sentence


def test_what_is_done_is_not_said_to_have_failed() -> None:
    known = project(done(1, "Move login", failures=2, failure_reason="nothing to do"))
    text = render(report(status(known, Wait(Reason.ALL_STEPS_DONE))), with_steps=True)
    assert "Move login" in text
    assert "nothing to do" not in text


def test_a_step_never_steers_the_terminal() -> None:
    hostile = project(step(1, "\x1b[2Jwiped", failure_reason="\x1b[31m"))
    text = render(report(status(hostile, Wait(Reason.ALL_STEPS_DONE))), with_steps=True)
    assert "\x1b" not in text
