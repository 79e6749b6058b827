from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from claudestep.application.ending import Failed, Opened
from claudestep.application.prepare import Prepared
from claudestep.application.reports import run_text
from claudestep.application.world import Plan
from claudestep.domain.ai_tasks import CostTotal
from claudestep.domain.chain import Start, Wait
from claudestep.domain.config import Config
from claudestep.domain.observation import BaseTree
from claudestep.domain.reasons import Reason
from claudestep.infrastructure.agent.runner import Agent, AgentResult, AgentTask, Progress
from tests.unit.builders import claim, lines, pull, step


class Codemod:
    """An agent that is only named here."""

    name = "command"
    model = None

    def obstacle(self) -> str | None:
        return None

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        raise NotImplementedError


AGENT: Agent = Codemod()
START = Start(step(3, "Move login"), lines("Move login")[0], None, 1, "claude-step-auth-3")
PREPARED = Prepared(
    Plan("auth", BaseTree("main", "b" * 40, {}), Config(), None), START, claim(branch=START.branch), AGENT
)
OPENED = Opened(PREPARED, pull(7, branch=START.branch), CostTotal(), "2 files, +12 -9")


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (START, "auth: step 3: Move login\n"),
        (replace(START, reviewer="alice"), "auth: step 3, for alice: Move login\n"),
        (replace(START, attempt=2), "auth: step 3, attempt 2: Move login\n"),
        (replace(START, step=step(3, "x" * 500)), f"auth: step 3: {'x' * 99}…\n"),
    ],
)
def test_the_step_that_is_begun_is_named(start: Start, said: str) -> None:
    assert run_text.started(replace(PREPARED, start=start)) == said


def test_a_preview_says_what_would_happen() -> None:
    assert run_text.preview("auth", PREPARED) == dedent("""\
        auth: step 3: Move login
          would run the command agent and open a pull request from claude-step-auth-3
        """)


def test_a_reason_is_told_when_nothing_is_begun() -> None:
    wait = Wait(Reason.ALL_STEPS_DONE)
    assert run_text.preview("auth", wait) == run_text.finished("auth", wait) == "auth: All steps are done.\n"


def test_a_pull_request_is_told_with_what_to_do_about_it() -> None:
    assert run_text.finished("auth", OPENED) == (
        "  pull request #7 from claude-step-auth-3: 2 files, +12 -9\n"
        "  its text:  git show --no-patch refs/claudestep/pulls/7\n"
        "  review it: git diff main...claude-step-auth-3\n"
        "  merge it:  git switch main && git merge claude-step-auth-3\n"
    )


@pytest.mark.parametrize(
    ("cost", "said"), [(CostTotal(0.5), ", $0.50"), (CostTotal(0.0, 1), ", $0.00 + 1 unknown"), (CostTotal(), "")]
)
def test_the_cost_is_told_when_there_is_one(cost: CostTotal, said: str) -> None:
    first_line = run_text.finished("auth", replace(OPENED, cost=cost)).splitlines()[0]
    assert first_line == f"  pull request #7 from claude-step-auth-3: 2 files, +12 -9{said}"


def test_a_merge_is_told() -> None:
    merged = replace(OPENED, merge_commit="m" * 40)
    assert run_text.finished("auth", merged).endswith("+12 -9, merged into main\n")


def test_why_it_was_not_merged_is_told() -> None:
    left_open = replace(OPENED, not_merged="main has uncommitted changes.")
    assert run_text.finished("auth", left_open).endswith("\n  not merged: main has uncommitted changes.\n")


def test_a_failure_is_told_with_the_last_that_was_printed_and_where_the_work_is() -> None:
    failed = Failed(PREPARED, "exit status 1", "one\ntwo\n\n", Path("/kept/c1.patch"))
    assert run_text.finished("auth", failed) == (
        "  failed: exit status 1\n"
        "  failure 1 of 2: the next run tries again\n"
        "  the last that it printed:\n"
        "    one\n"
        "    two\n"
        "  the work is kept: git apply /kept/c1.patch\n"
    )


def test_a_failure_is_the_last_one_when_it_was_tried_often_enough() -> None:
    again = replace(PREPARED, start=replace(START, step=step(3, failures=1)))
    assert run_text.finished("auth", Failed(again, "exit status 1")) == (
        "  failed: exit status 1\n  failure 2 of 2: set aside, and the next run goes on without it; "
        "to try it again: claudestep retry auth 3\n"
    )


def test_a_failure_that_is_not_the_steps_does_not_count() -> None:
    failed = Failed(PREPARED, "no such program", counts=False)
    assert run_text.finished("auth", failed) == (
        "  failed: no such program\n"
        "  the step is not to blame, so this does not count: mend that, or try again later\n"
    )


def test_a_failure_that_nobody_can_judge_yet_is_left_to_the_next_run() -> None:
    failed = Failed(PREPARED, "no answer", counts=None)
    assert run_text.finished("auth", failed) == (
        "  failed: no answer\n"
        "  whether this counts as a failure is seen by the next run: not if anything was published\n"
    )


def test_what_was_printed_is_not_told_twice_when_it_is_the_reason() -> None:
    failed = Failed(PREPARED, "exit status 1: no such file", "no such file\n")
    assert "printed" not in run_text.finished("auth", failed)


def test_only_the_end_of_a_long_output_is_told() -> None:
    output = "\n".join(f"line {number}" for number in range(100))
    told = run_text.finished("auth", Failed(PREPARED, "failed", output)).splitlines()
    assert [line.strip() for line in told[-20:]] == [f"line {number}" for number in range(80, 100)]
    assert "line 79" not in "".join(told)
