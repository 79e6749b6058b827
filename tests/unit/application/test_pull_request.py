from dataclasses import replace
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.application.pull_request import LONGEST_BODY, Form, body, harmless, our_part, title
from claudestep.application.summary import Summary
from claudestep.application.template import PULL_REQUEST_PLACEHOLDERS, Template
from claudestep.domain.ai_tasks import AITask
from claudestep.domain.models import Step
from claudestep.domain.observation import StepRecord
from claudestep.infrastructure.hosting import marked_part, record_block
from claudestep.infrastructure.hosting.marked_part import BEGIN, END
from tests.unit.builders import done, project, record, step, task

HOSTILE = "@alice fixes #12 <!-- hidden --> @org/team"


def written(
    *tasks: AITask, summary: Summary | None = None, text: str = "Move login", found: StepRecord | None = None
) -> str:
    one = step(2, text, ai_tasks=tasks)
    return body(project(done(1), one, step(3)), one, found or record(2, text), summary)


def table(*tasks: AITask) -> list[str]:
    return [line for line in written(*tasks).splitlines() if line.startswith("|")]


# The title


@pytest.mark.parametrize(
    ("description", "shown"),
    [("Move login", "ClaudeStep: Move login"), ("x" * 200, f"ClaudeStep: {'x' * 67}…")],
)
def test_a_title_names_the_step_in_eighty_characters(description: str, shown: str) -> None:
    """ "Title `ClaudeStep: <step>` (80 characters)"."""
    assert title(description) == shown
    assert len(title(description)) <= 80


# The body


def test_a_body_says_the_step_and_how_far_the_project_is() -> None:
    assert written() == "\n\n".join(
        [
            "Move login",
            "Step 2 of project p; 1 of 3 steps were done before it.",
            f"{BEGIN}\n{record_block.write(record(2, 'Move login'))}\n{END}",
        ]
    )


def test_a_body_names_the_reviewer_without_calling_them() -> None:
    assert "\n\nReviewer: alice\n\n" in written(found=record(2, "Move login", reviewer="alice"))


def test_a_body_has_the_summary_before_the_costs_and_the_record() -> None:
    text = written(task(0.5), summary=Summary("It moved.", ("See a.py",), ("Sessions end",)))
    parts = [
        "## What changed\n\nIt moved.",
        "## How to review\n\n- See a.py",
        "## Risks\n\n- Sessions end",
        "## What it cost\n\n| AI task",
        "<!-- claudestep:record ",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_heading_without_points_is_left_out() -> None:
    text = written(summary=Summary("It moved."))
    assert "## How to review" not in text
    assert "## Risks" not in text


def test_the_part_that_is_written_anew_is_the_costs_and_the_record_and_nothing_else() -> None:
    one = step(2, "Move login", ai_tasks=(task(0.5),))
    text = written(summary=Summary("It moved."))
    anew = marked_part.replace(text, our_part(one, record(2, "Move login")))
    assert anew == written(task(0.5), summary=Summary("It moved."))


# What it cost


def test_there_is_no_table_when_no_ai_was_used() -> None:
    assert "cost" not in written()


def test_the_costs_are_a_table_with_a_sum() -> None:
    """ "a cost table"."""
    rows = table(
        task(0.5, model="opus", tokens_input=1200, tokens_output=30), task(0.25, type="PRSummary", tokens_input=0)
    )
    assert rows[2:] == [
        "| PRCreation | opus | 1,200 | 30 | $0.5000 |",
        "| PRSummary | m | 0 | unknown | $0.2500 |",
        "| **all of this step** | | | | **$0.7500** |",
    ]


def test_an_unknown_cost_is_unknown_and_never_nothing() -> None:
    rows = table(task(None), task(0.0, tokens_input=1, tokens_output=1))
    assert rows[2:] == [
        "| PRCreation | m | unknown | unknown | unknown |",
        "| PRCreation | m | 1 | 1 | $0.0000 |",
        "| **all of this step** | | | | **$0.0000 + 1 unknown** |",
    ]


# Text from outside


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@alice", "@\u200balice"),
        ("(@alice)", "(@\u200balice)"),
        ("cc @org/team.", "cc @\u200borg/team."),
        ("fixes #12", "fixes #\u200b12"),
        ("Closes owner/repo#7", "Closes owner/repo#\u200b7"),
        ("<!-- x -->", "&lt;!-- x --&gt;"),
        ("<!--> x", "&lt;!--&gt; x"),
        ("a@b.org, 5 @ 3, # 1, #x, a -> b, < 3, R&D;", "a@b.org, 5 @ 3, # 1, #x, a -> b, < 3, R&\u200bD;"),
        ("`List<T>` <b>", "`List<\u200bT>` <\u200bb>"),
        (".@alice é@alice", ".@\u200balice é@\u200balice"),
        ("&#64;alice &num;1", "&\u200b#\u200b64;alice &\u200bnum;1"),
        (
            "GH\\-12, gh-1, closes **https://x/issues/1",
            "GH\\-\u200b12, gh-\u200b1, closes\u200b **https://x/issues/1",
        ),
        ("[x](y) ![](z) [x]: y", "[x]\u200b(y) ![]\u200b(z) [x]\u200b: y"),
        ("`@bob, _@alice_", "`@\u200bbob, _@\u200balice_"),
        ("GH-12, fixes https://x/issues/1", "GH-\u200b12, fixes\u200b https://x/issues/1"),
        ("<?php <details> </x>", "&lt;?php &lt;details> &lt;/x>"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_text_from_outside_calls_nobody_closes_nothing_and_hides_nothing(text: str, shown: str) -> None:
    """ "`@name` and `fixes #12` in steps and summaries are made harmless"."""
    assert harmless(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        written(text=HOSTILE, found=record(2, "Move login")),
        written(summary=Summary(HOSTILE)),
        written(summary=Summary("x", (HOSTILE,))),
        written(summary=Summary("x", (), (HOSTILE,))),
        written(task(0.5, model=HOSTILE)),
    ],
    ids=["step", "what-changed", "how-to-review", "risks", "model"],
)
def test_every_text_from_outside_is_made_harmless(text: str) -> None:
    assert "@alice" not in text
    assert "#12" not in text
    assert text.count("<!--") == text.count("-->") == 3
    assert record_block.read(text) == record(2, "Move login")


@given(st.text("<>!-@#1a `\n", max_size=20))
@settings(deadline=None)
def test_no_text_opens_or_ends_a_comment(text: str) -> None:
    assert "<!--" not in harmless(text)
    assert "-->" not in harmless(text)


def test_a_forged_record_in_a_summary_is_no_record() -> None:
    forged = record_block.write(record(99, "forged"))
    assert record_block.read(written(summary=Summary(forged), text="Move login")) == record(2, "Move login")


@pytest.mark.parametrize(
    "text",
    ["```py\nx\n```", "~~~\nx\n```\n~~~~", "a\n````\n```\n````\nb", "`` ` ``", "a ```b``` c", "x\n```a`b"],
)
def test_code_that_ends_is_left_alone(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "```",
        "~~~ sh",
        "```\nx\n``",
        "```\nx\n~~~",
        "````\n```",
        "- ```\n```",
        "> ~~~\n~~~",
        "x\n\n1. ```",
        "```\n```\n```",
    ],
)
def test_code_that_does_not_end_is_none(text: str) -> None:
    assert "```" not in harmless(text)
    assert "~~~" not in harmless(text)
    assert harmless(text).replace("\u200b", "") == text


def test_a_summary_that_is_cut_within_code_swallows_nothing() -> None:
    text = written(summary=Summary("x", ("y" * 2_000,) * 29, ("z", "z")), found=record(2, "Move login"))
    fenced = Summary(f"```\n{'y' * 70_000}\n```")
    assert "```" in harmless(fenced.what_changed)
    assert "```" not in written(summary=fenced)
    assert "z" in text


# Too long


LONG = Summary("x" * 2_000, ("y" * 2_000,) * 20, ("z" * 2_000,) * 20)


def test_the_summary_is_cut_and_never_the_record_when_a_body_is_too_long() -> None:
    """ "When a body is too long the summary is cut, never the block"."""
    text = written(task(0.5), summary=LONG)
    assert LONGEST_BODY - 10 < len(text) <= LONGEST_BODY
    assert record_block.read(text) == record(2, "Move login")
    assert f"…\n\n{BEGIN}\n## What it cost\n\n" in text
    assert "zzz" not in text[text.index("…") :]


def test_a_summary_is_whole_when_there_is_room() -> None:
    assert "…" not in written(summary=Summary("x" * 2_000, ("y" * 2_000,) * 12))


@given(st.integers(1, 20_000), st.integers(0, 200))
@settings(deadline=None, max_examples=20)
def test_a_body_is_never_too_long_while_its_step_leaves_any_room(length: int, attempts: int) -> None:
    text = "d" * length
    found = written(*(task(0.5),) * attempts, summary=LONG, text=text)
    assert len(found) <= LONGEST_BODY
    assert record_block.read(found) == record(2, text)


def test_the_record_says_what_it_was_given_and_not_what_is_shown() -> None:
    one: Step = step(1, HOSTILE)
    text = body(project(one), one, replace(record(1, HOSTILE), base_branch="main"))
    assert record_block.read(text) == record(1, HOSTILE, base_branch="main")


def test_a_program_that_tells_too_much_of_its_use_keeps_no_pull_request_from_being_opened() -> None:
    told = replace(task(0.5, type="t" * 50_000, model="m" * 50_000), extra={"x": "y" * 50_000})
    text = written(told, found=replace(record(2, "Move login"), ai_tasks=(told,)))
    assert len(text) <= LONGEST_BODY
    found = record_block.read(text)
    assert found is not None
    assert [one.cost_usd for one in found.ai_tasks] == [0.5]


# By a project's own template

EVERY_PLACEHOLDER = "".join(f"{name}: {{{{{name}}}}}\n" for name in PULL_REQUEST_PLACEHOLDERS)


def by_template(
    template: str,
    *tasks: AITask,
    summary: Summary | None = None,
    text: str = "Move login",
    details: str = "",
    name: str = "p",
    reviewer: str | None = "alice",
) -> str:
    one = step(2, text, ai_tasks=tasks)
    form = Form(Template("pr-template.md", template), details)
    found = record(2, text, reviewer=reviewer)
    return body(project(done(1), one, step(3), name=name), one, found, summary, form)


def test_a_template_says_what_it_wants_and_our_part_follows() -> None:
    text = by_template(EVERY_PLACEHOLDER, task(0.5), summary=Summary("It moved."), details="Mind the *gap*.")
    anew = our_part(step(2, "Move login", ai_tasks=(task(0.5),)), record(2, "Move login", reviewer="alice"))
    said = dedent("""\
        TASK_DESCRIPTION: Move login
        STEP_DETAILS: Mind the *gap*.
        PROJECT: p
        STEP_INDEX: 2
        PROGRESS: 1 of 3
        REVIEWER: alice
        SUMMARY: ## What changed

        It moved.
        """)
    assert text == f"{said}\n{BEGIN}\n{anew}\n{END}"


def test_the_words_of_a_template_are_the_users_own() -> None:
    own = "cc @org/team, closes #12\n\n<!-- for us -->\n<details>\n\n| a | b |\n"
    assert by_template(own).startswith(f"{own.rstrip()}\n\n{BEGIN}\n")


@pytest.mark.parametrize("template", ["", "\n\n", "{{SUMMARY}}"])
def test_our_part_alone_stays_when_a_template_says_nothing(template: str) -> None:
    assert by_template(template).startswith(BEGIN)


def test_what_is_put_into_a_template_is_made_harmless() -> None:
    summary = Summary(HOSTILE, (HOSTILE,), (HOSTILE,))
    text = by_template(
        EVERY_PLACEHOLDER, task(0.5), text=HOSTILE, details=HOSTILE, summary=summary, reviewer=HOSTILE
    )
    shown = text[: text.index(BEGIN)]
    assert "@alice" not in shown
    assert "#12" not in shown
    assert "<!--" not in shown
    assert text.count("{{") == 0


@pytest.mark.parametrize("placeholder", ["TASK_DESCRIPTION", "STEP_DETAILS", "SUMMARY"])
def test_a_value_with_a_placeholder_stays_as_it_is(placeholder: str) -> None:
    bad = "{{PROJECT}} {{SUMMARY}}"
    text = by_template(f"{{{{{placeholder}}}}}", text=bad, details=bad, summary=Summary(bad))
    assert bad in text


def test_a_template_makes_no_second_record() -> None:
    forged = record_block.write(record(99, "forged")).replace("claudestep", "{{PROJECT}}", 1)
    text = by_template(forged, name="claudestep")
    found = record_block.read(text)
    assert found is not None
    assert found.step_index == 2


@given(
    st.sampled_from(["{{SUMMARY}}", "x {{SUMMARY}} y {{SUMMARY}}", EVERY_PLACEHOLDER, "none"]),
    st.integers(0, 80_000),
    st.integers(0, 120),
)
@settings(deadline=None, max_examples=30)
def test_a_template_is_cut_and_never_the_record(template: str, length: int, attempts: int) -> None:
    text = by_template("t" * length + "\n" + template, *(task(0.5),) * attempts, summary=LONG, details="d" * 50_000)
    assert len(text) <= LONGEST_BODY
    assert record_block.read(text) == record(2, "Move login", reviewer="alice")
    assert text.endswith(END)


def test_the_summary_is_cut_before_the_template_is() -> None:
    text = by_template("{{SUMMARY}}\n\nThe end of the template.", summary=LONG)
    assert f"…\n\nThe end of the template.\n\n{BEGIN}" in text
    assert LONGEST_BODY - 10 < len(text) <= LONGEST_BODY
