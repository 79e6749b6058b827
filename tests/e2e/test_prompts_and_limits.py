"""What Claude Code is told as the service sees it, and how often it is paid."""

import pytest

from tests.e2e.bench import DOES_IT, DONE, MODEL, STEP, TURN_USD, once, writes
from tests.e2e.conftest import SetUp
from tests.fakes.messages_api import Scenario, Turn, Usage

SPEC = """\
# Towards the new clock

Why: the old one is wrong at night.

- [ ] Replace `clock()` in the shop

  Only in `shop.py`.

  - see the [notes](notes.md)

- [ ] Remove the old clock
"""
OWN_PROMPT = "Do {{STEP_DESCRIPTION}} of {{PROJECT}} as a haiku.\n"


def test_the_prompt_says_the_step_the_spec_and_what_happened_before(set_up: SetUp) -> None:
    """The first attempt fails, the second is turned down, and the third has a prompt of the project's own."""
    bench = set_up(Scenario(runs=[(DONE,), DOES_IT]), f"{STEP}retryClosed: true\n", spec=SPEC)
    assert bench.run().code == 1
    assert bench.run().code == 0
    assert bench.repository.run("close", "1", "--reason", "Keep the tests as they are.").code == 0
    assert bench.run().code == 0
    assert bench.repository.run("close", "2", "--reason", "No.").code == 0
    bench.repository.write("claude-step/p/prompt.md", OWN_PROMPT)
    bench.configure(f"{STEP}retryClosed: true\nlabels: [x]\n")
    assert bench.run().code == 0

    first, second, third, fourth = bench.api.prompts()
    assert (
        "# The step\n\nReplace `clock()` in the shop\n\nOnly in `shop.py`.\n\n- see the [notes](notes.md)" in first
    )
    assert SPEC.strip() in first
    assert "What happened before" not in first
    assert "# What happened before\n\n- An earlier attempt failed: the agent changed nothing" in second
    assert "- A reviewer turned down pull request #1, saying: Keep the tests as they are.\n" in third
    assert fourth.strip() == "Do Replace `clock()` in the shop of p as a haiku."
    assert not [argv for argv in bench.calls() if "clock" in argv or "haiku" in argv], "the prompt is no argument"
    assert bench.recorded() == bench.printed()


def test_what_claude_code_is_called_with(set_up: SetUp) -> None:
    agent = f"  model: {MODEL}\n  maxTurns: 7\n  allowedTools: ['Bash(make:*)', Bash(ls -l)]\n"
    bench = set_up(once(*DOES_IT), f"agent:\n{agent}summary: false\nbudget: {{perStepUsd: 0.5}}\n")
    assert bench.run().code == 0
    (call,) = bench.calls()
    assert call.partition(" ")[2] == (
        "-p --output-format=stream-json --verbose --no-session-persistence --permission-mode=acceptEdits "
        f"--model={MODEL} --max-budget-usd=0.5000 --max-turns=7 --allowedTools Bash(make:*) Bash(ls -l)"
    )


def test_a_step_that_always_fails_is_paid_as_often_as_it_may_fail_and_no_more(set_up: SetUp) -> None:
    bench = set_up(once(DONE), f"{STEP}maxAttempts: 2\n", spec="- [ ] One\n")
    assert [bench.run().code for _ in range(4)] == [1, 1, 0, 0]
    assert "failed too often" in bench.run().out
    assert (len(bench.api.requests), bench.failures()) == (2, 2)
    assert bench.recorded() == bench.printed()
    assert bench.costs() == [TURN_USD] * 2


def test_a_project_whose_budget_is_spent_pays_for_no_further_step(set_up: SetUp) -> None:
    """A step costs two turns, and the budget reaches for one step and a half."""
    more = f"reviewers: [{{username: bob, maxOpenPRs: 5}}]\nbudget: {{projectUsd: {3 * TURN_USD}}}\n"
    bench = set_up(Scenario(runs=[DOES_IT, (writes("two.txt"), DONE)]), STEP + more)
    assert bench.run().code == 0
    asked = len(bench.api.requests)
    for _ in range(2):
        result = bench.run()
        assert result.code == 0
        assert "The budget of the project does not reach for another step. ($0.02 of $0.03 are spent" in result.out
    assert len(bench.api.requests) == asked
    assert bench.costs() == [pytest.approx(2 * TURN_USD)]


def test_a_rest_of_less_than_a_cent_is_no_money(set_up: SetUp) -> None:
    """The run costs $0.019542 of $0.01956, and its end is no error."""
    limit = "budget: {perStepUsd: 0.01956}\nverify: 'false'\n"
    bench = set_up(once(writes(), Turn(text="Done.", usage=Usage(input=1014))), STEP + limit)
    assert bench.run().code == 1
    assert "the budget of the step is spent, so it is not repaired" in bench.repository.step(1)["failure_reason"]


def test_a_budget_of_less_than_a_cent_is_none(set_up: SetUp) -> None:
    bench = set_up(once(DONE), f"{STEP}budget: {{perStepUsd: 0.005}}\n")
    refused = bench.run()
    assert (refused.code, "budget.perStepUsd" in refused.err) == (2, True)
