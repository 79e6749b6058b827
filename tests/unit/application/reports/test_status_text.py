from textwrap import dedent

import pytest

from claudestep.application.reports.status_text import next_sentence, render
from claudestep.domain.chain import Decision, Start, Wait
from claudestep.domain.errors import ClaudeStepError, ConfigurationError
from claudestep.domain.reasons import Reason
from tests.unit.application.reports.examples import START, STATUS, report, status
from tests.unit.builders import lines, project, step
from tests.unit.golden import golden


def test_people_read_a_paragraph_a_project() -> None:
    assert render(STATUS, with_steps=False) == dedent("""\
        auth: 1 of 4 done (25 %), $0.50 + 1 unknown
          Nothing more can begin until a pull request is merged. (step 2 in review as #102)
          set aside: step 4 failed (claudestep retry auth 4, or skip)

        old: its document cannot be read
          projects/old.json on the metadata branch cannot be read: not JSON. Mend it.
        """)


def test_people_read_the_steps_when_they_ask_for_them() -> None:
    text = render(STATUS, with_steps=True)
    assert text == golden("status.txt", text.encode()).decode()


def test_there_is_a_sentence_when_there_is_no_project() -> None:
    assert render(report(), with_steps=False) == (
        "There is no project: no claude-step/*/spec.md on main.\nBegin with: claudestep init my-refactor\n"
    )


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


def test_a_step_never_steers_the_terminal() -> None:
    hostile = project(step(1, "\x1b[2Jwiped", failure_reason="\x1b[31m"))
    text = render(report(status(hostile, Wait(Reason.ALL_STEPS_DONE))), with_steps=True)
    assert "\x1b" not in text
