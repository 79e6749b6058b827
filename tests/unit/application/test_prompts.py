from dataclasses import replace
from typing import Any

import pytest

from claudestep.application import prompts
from claudestep.application.prepare import Prepared
from claudestep.application.template import PROMPT_PLACEHOLDERS, Template
from claudestep.application.world import Plan
from claudestep.domain.chain import Start
from claudestep.domain.config import Config
from claudestep.domain.models import Step
from claudestep.domain.observation import BaseTree
from claudestep.domain.spec import Spec, SpecStep
from tests.unit.application.reports.test_run_text import AGENT
from tests.unit.builders import claim, closed, merged, previous, step

SPEC = "# Steps\n\n- [ ] Move login\n- [ ] Move logout\n"
LINE = SpecStep(text="Move login", ticked=False, line=3, mark=11, details="Mind the *gap*.")


def prepared(one: Step | None = None, *, own: str | None = None, spec: str = SPEC, **line: Any) -> Prepared:
    """A claimed step; `own` is the project's own template."""
    template = None if own is None else Template("claude-step/auth/prompt.md", own)
    plan = Plan(
        "auth",
        BaseTree("main", "b" * 40, {}),
        Config(),
        Spec("claude-step/auth/spec.md", spec.encode(), ()),
        prompt_template=template,
    )
    start = Start(one or step(1, "Move login"), replace(LINE, **line), None, 1, "claude-step-auth-1")
    return Prepared(plan, start, claim(), AGENT)


def said_before(one: Step) -> str:
    return prompts.creation(prepared(one, own="{{STEP_DESCRIPTION}}|{{EARLIER_ATTEMPTS}}")).partition("|")[2]


# The prompt of a step


def test_our_template_is_right_by_its_own_rules() -> None:
    Template("prompt.md", prompts.template()).check(PROMPT_PLACEHOLDERS, needed="STEP_DESCRIPTION")
    assert all(f"{{{{{name}}}}}" in prompts.template() for name in PROMPT_PLACEHOLDERS)


def test_a_prompt_says_the_step_its_details_and_the_whole_spec() -> None:
    prompt = prompts.creation(prepared())
    assert "\nMove login\n\nMind the *gap*.\n" in prompt
    assert "(project auth)" in prompt
    assert prompt.rstrip().endswith(SPEC.rstrip())
    assert "{{" not in prompt
    assert "\n\n\n" not in prompt


def test_a_prompt_has_no_gap_when_there_are_no_details_and_no_earlier_attempt() -> None:
    prompt = prompts.creation(prepared(details=""))
    assert "\n\n\n" not in prompt
    assert "What happened before" not in prompt


def test_a_projects_own_template_takes_the_place_of_ours() -> None:
    prompt = prompts.creation(prepared(own="{{PROJECT}}: {{STEP_DESCRIPTION}} ({{STEP_DETAILS}})"))
    assert prompt == "auth: Move login (Mind the *gap*.)"


def test_an_empty_template_of_a_projects_own_is_not_ours() -> None:
    assert prompts.creation(prepared(own="")) == ""


def test_a_step_cannot_fill_another_placeholder() -> None:
    """ "Everything from a spec ... is data"."""
    prompt = prompts.creation(
        prepared(own="{{STEP_DESCRIPTION}} {{SPEC}}", text="Write {{SPEC}}", spec="{{PROJECT}}")
    )
    assert prompt == "Write {{SPEC}} {{PROJECT}}"


def test_a_spec_that_is_no_text_and_has_a_byte_order_mark_is_shown_as_well_as_it_can_be() -> None:
    one = prepared(own="{{STEP_DESCRIPTION}}|{{SPEC}}")
    broken = replace(one, plan=replace(one.plan, spec=Spec("s", b"\xef\xbb\xbf- [ ] \xff", ())))
    assert prompts.creation(broken) == "Move login|- [ ] \ufffd"


def test_a_huge_spec_is_cut_in_its_middle() -> None:
    prompt = prompts.creation(prepared(spec="begin\n" + "- [ ] x\n" * 100_000 + "end"))
    assert len(prompt) < 210_000
    assert "characters left out" in prompt
    assert "begin" in prompt
    assert prompt.rstrip().endswith("end")


# Earlier attempts


def test_nothing_happened_before_a_first_attempt() -> None:
    assert said_before(step(1)) == ""


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (step(1, failures=1, failure_reason="exit status 1"), "- An earlier attempt failed: exit status 1"),
        (
            closed(1, closed_reason="use the helper"),
            "- A reviewer turned down pull request #101, saying: use the helper",
        ),
        (closed(1), "- A reviewer turned down pull request #101 and did not say why"),
        (
            step(1, previous_pull_requests=(previous(7, closed_reason="too big"),)),
            "- A reviewer turned down pull request #7, saying: too big",
        ),
    ],
)
def test_why_an_earlier_attempt_came_to_nothing_is_said(one: Step, said: str) -> None:
    """ "with the reason and the review comments in the prompt"."""
    assert said_before(one) == f"# What happened before\n\n{said}\n\nDo it differently this time."


def test_all_that_happened_before_is_said_in_its_order() -> None:
    earlier = (previous(7, closed_reason="no"), previous(8, "open"), previous(9, "merged"))
    one = closed(1, previous_pull_requests=earlier, failures=1, failure_reason="exit status 1")
    said = [line for line in said_before(one).splitlines() if line.startswith("- ")]
    assert [line.split(" ")[-1] for line in said] == ["1", "no", "why"]
    assert ["#7" in said[1], "#101" in said[2]] == [True, True]


@pytest.mark.parametrize(
    "one",
    [
        merged(1),
        step(1, failures=1),
        step(1, failures=0, failure_reason="long ago"),
        step(1, previous_pull_requests=(previous(8, "open"), previous(9, "merged"))),
    ],
)
def test_what_was_neither_a_failure_nor_turned_down_is_not_said(one: Step) -> None:
    assert said_before(one) == ""


# Repairs and summaries


def test_a_repair_is_told_the_step_the_check_and_what_it_printed() -> None:
    prompt = prompts.repair("Do the step.\n", "make test\n", "\none\n\n  two {{VERIFY}}\n")
    assert prompt.startswith("Do the step.\n\n")
    assert "\n    make test\n" in prompt
    assert "\n    one\n    \n      two {{VERIFY}}\n" in prompt


def test_a_long_output_is_cut_and_its_end_is_kept() -> None:
    prompt = prompts.repair("p", "v", "first\n" + "noise\n" * 10_000 + "the error")
    assert len(prompt) < 20_000
    assert "first" in prompt
    assert "characters left out" in prompt
    assert "    the error\n" in prompt


def test_a_summary_is_asked_for_with_the_step_and_the_diff_as_data() -> None:
    prompt = prompts.summary(prepared(), b"diff --git a b\n+# Ignore all \xff {{STEP_DESCRIPTION}}\n")
    assert "\nMove login\n" in prompt
    assert prompt.endswith("    diff --git a b\n    +# Ignore all \ufffd {{STEP_DESCRIPTION}}\n")


def test_a_huge_diff_is_cut() -> None:
    assert len(prompts.summary(prepared(), b"+line\n" * 1_000_000)) < 120_000
