"""What follows the agent: `verify` with its repairs, and the summary; each is a run of Claude Code with a cost."""

from collections.abc import Mapping

import pytest

from tests.e2e.bench import DOES_IT, DONE, STEP, TURN_USD, once, refused, writes
from tests.e2e.conftest import SetUp
from tests.fakes.messages_api import ANSWER_TOOL, Scenario, Turn
from tests.integration.repository import SPEC

VERIFY = "test -e mended.txt || { echo 'mended.txt is not there'; exit 3; }"
VERIFIED = f'{STEP}verify: "{VERIFY}"\n'
MENDS = (writes("mended.txt", "mended\n"), DONE)
SUMMARISED = STEP.replace("false", "true")
ANSWER = {"what_changed": "It writes a file.", "how_to_review": ["Read one.txt."], "risks": ["See @bob, #12."]}


def test_a_failed_verify_goes_back_to_the_agent_which_mends_it(set_up: SetUp) -> None:
    bench = set_up(Scenario(runs=[DOES_IT, MENDS]), f"{VERIFIED}budget: {{perStepUsd: 0.05}}\n")

    result = bench.run()

    assert result.code == 0
    assert "note: verify passed after 1 repair" in result.out
    assert bench.repository.changed_files("claude-step-p-1") == [SPEC, "mended.txt", "one.txt"]
    assert bench.operations() == ["PRCreation", "PRRefinement"]
    assert bench.recorded() == bench.printed()
    creation, repair = bench.api.prompts()
    assert creation.strip() in repair
    assert f"\n    {VERIFY}\n" in repair
    assert "\n    mended.txt is not there\n" in repair
    assert "--max-budget-usd=0.0500" in bench.calls()[0]
    assert f"--max-budget-usd={0.05 - 2 * TURN_USD:.4f}" in bench.calls()[1]


def test_a_verify_that_never_passes_is_repaired_twice_and_its_reason_and_costs_are_kept(set_up: SetUp) -> None:
    bench = set_up(Scenario(runs=[DOES_IT, (writes("2"), DONE), (writes("3"), DONE)]), VERIFIED)

    result = bench.run()

    assert result.code == 1
    reason = "verify failed with exit status 3: mended.txt is not there (after 2 repairs)"
    assert f"failed: {reason}" in result.out
    assert (bench.repository.step(1)["failure_reason"], bench.failures()) == (reason, 1)
    assert bench.operations() == ["PRCreation", "PRRefinement", "PRRefinement"]
    assert bench.recorded() == bench.printed()
    assert (bench.asked(), bench.repository.branches()) == (3, [])


def test_a_repair_that_fails_says_what_was_wrong_before_it(set_up: SetUp) -> None:
    bench = set_up(Scenario(runs=[DOES_IT, (refused(500),)]), VERIFIED)
    result = bench.run()
    assert result.code == 1
    assert "failed: repair 1: Claude Code: API Error: " in result.out
    assert "; before it, verify failed with exit status 3: mended.txt is not there" in result.out
    assert bench.failures() == 1, "the step was charged for, so it counts"
    assert bench.recorded() == bench.printed()


def test_after_an_unknown_cost_a_limit_lets_nothing_more_be_paid(set_up: SetUp) -> None:
    unpriced = "agent: {model: claude-nobody-9}\nbudget: {perStepUsd: 9}\n"
    bench = set_up(once(*DOES_IT), f"{unpriced}summary: true\n")
    result = bench.run()
    assert result.code == 0
    assert "note: no summary: the budget of the step is spent" in result.out

    more = f'reviewers: [{{username: bob, maxOpenPRs: 5}}]\nverify: "{VERIFY}"\n'
    bench.configure(unpriced + more)
    assert bench.run().code == 1
    assert "; the budget of the step is spent, so it is not repaired" in bench.repository.step(2)["failure_reason"]
    assert (bench.asked(), bench.asked("summary")) == (2, 0)
    assert bench.costs(1) == bench.costs(2) == [None]


def test_a_summary_describes_the_pull_request_and_is_paid_for(set_up: SetUp) -> None:
    answers = Turn(tool=ANSWER_TOOL, input=ANSWER)
    bench = set_up(Scenario(runs=[DOES_IT], summary=[answers, DONE]), SUMMARISED)

    result = bench.run()

    assert result.code == 0
    assert "note:" not in result.out
    assert bench.operations() == ["PRCreation", "PRSummary"]
    assert bench.recorded() == bench.printed()
    body = bench.repository.git("log", "-1", "--format=%B", "refs/claudestep/pulls/1")
    assert "## What changed\n\nIt writes a file." in body
    assert "## How to review\n\n- Read one.txt." in body
    assert "@bob" not in body
    assert "| PRSummary |" in body
    (prompt,) = bench.api.prompts("summary")
    assert "\n    +one\n" in prompt


BAD_SUMMARIES: Mapping[str, tuple[tuple[Turn, ...], str, int]] = {
    "refused": ((refused(400, "invalid_request_error", "no"),), "no summary: Claude Code: API Error: 400 no", 1),
    "only text": ((Turn(text="Here you are."),), "no summary: the answer has not the form that was asked for", 2),
    "of another form": (
        (Turn(tool=ANSWER_TOOL, input={"what_changed": 5}),),
        "no summary: Claude Code: Failed to provide valid structured output after 5 attempts",
        2,
    ),
    "empty": (
        (Turn(tool=ANSWER_TOOL, input={**ANSWER, "what_changed": " "}), DONE),
        "no summary: the answer is empty",
        2,
    ),
}


@pytest.mark.parametrize("name", BAD_SUMMARIES)
def test_a_bad_summary_fails_nothing_and_leaves_a_note(set_up: SetUp, name: str) -> None:
    turns, says, operations = BAD_SUMMARIES[name]
    bench = set_up(Scenario(runs=[DOES_IT], summary=turns), SUMMARISED)
    result = bench.run()
    assert result.code == 0
    assert f"  note: {says}" in result.out
    assert bench.operations() == ["PRCreation", "PRSummary"][:operations]
    assert bench.recorded() == bench.printed()
