"""What Slack is told."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.application.outcome import Cost, Outcome, of_nothing
from claudestep.application.reports.slack import Message, render, render_statistics
from claudestep.domain.statistics import summarize
from tests.fakes.slack import problem_of
from tests.unit.application.reports.examples import STATISTICS
from tests.unit.builders import NOW, project, step
from tests.unit.golden import golden

RUN = "https://github.com/octo-org/shop/actions/runs/7?a=1&b=2"
PULL = "https://github.com/octo-org/shop/pull/7"
HOSTILE = "<!channel> <@U123> @here <https://evil.example|safe> `x` *b* & :tada: http://evil.example \x1b[31m\u202e"
_LINK = re.compile(r"<(https?://[^|<>\s]+)\|([^|<>]+)>")
_OUR_WORDS = re.compile(r"Pull request #([0-9]+|\?)|Failed|workflow run|what it printed")


def opened(**values: Any) -> Outcome:
    found: dict[str, Any] = {
        "outcome": "opened", "reason": "opened", "message": "pull request #7 is open: 2 files", "project": "auth",
        "step_index": 3, "step_description": "Move login", "reviewer": "alice", "pr_number": 7, "pr_url": PULL,
        "size": "2 files, +10 -3", "done": 2, "total": 12, "costs": (cost(0.25),),
    }  # fmt: skip
    return Outcome(**found | values)


def failed(**values: Any) -> Outcome:
    found: dict[str, Any] = {
        "outcome": "failed", "reason": "step_failed", "message": "the tests fail", "project": "logging",
        "remedy": "Look at them.", "step_index": 1, "step_description": "Move logs", "costs": (cost(None),),
    }  # fmt: skip
    return Outcome(**found | values)


def cost(usd: float | None, model: str = "big", tokens: int | None = 1200) -> Cost:
    return Cost(type="PRCreation", model=model, tokens_input=tokens, tokens_output=30, cost_usd=usd)


def message(*outcomes: Outcome, url: str = RUN) -> Message:
    found = render(outcomes, url)
    assert found is not None
    return found


def as_json(found: Mapping[str, object]) -> bytes:
    return (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode()


def texts(found: Any) -> Iterator[tuple[str, str]]:
    """Every text of a message, with its type."""
    if isinstance(found, dict):
        if isinstance(found.get("text"), str):
            yield found.get("type", "fallback"), found["text"]
        for value in found.values():
            yield from texts(value)
    if isinstance(found, (list, tuple)):
        for value in found:
            yield from texts(value)


def shown(found: Message) -> str:
    return "\n".join(text for _, text in texts(found))


# What is told


def test_one_message_tells_all_that_was_opened_and_all_that_failed() -> None:
    found = message(opened(), of_nothing("no_project", "no project is meant"), failed())
    assert as_json(found) == golden("slack_run.json", as_json(found))
    assert not problem_of(found)


def test_the_statistics_are_totals_and_a_line_a_project() -> None:
    found = render_statistics(STATISTICS)
    assert found is not None
    assert as_json(found) == golden("slack_statistics.json", as_json(found))
    assert not problem_of(found)


def test_nothing_is_told_when_nothing_happened() -> None:
    assert render([], RUN) is None
    assert render([of_nothing("no_project", "none"), of_nothing("all_steps_done", "all done")], RUN) is None
    assert render_statistics(summarize([], NOW)) is None


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        ([opened()], "ClaudeStep: 1 new pull request: auth"),
        ([failed()], "ClaudeStep: 1 failure: logging"),
        ([opened(), opened(step_index=4)], "ClaudeStep: 2 new pull requests: auth"),
        ([opened(), failed(), failed()], "ClaudeStep: 1 new pull request, 2 failures"),
        ([failed(project="")], "ClaudeStep: 1 failure"),
    ],
)
def test_the_text_says_in_a_line_what_there_is(outcomes: list[Outcome], text: str) -> None:
    assert message(*outcomes)["text"] == text


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ((cost(0.25),), "Cost: $0.2500 (big; 1,200 tokens in, 30 out)"),
        ((cost(None),), "Cost: unknown (big; 1,200 tokens in, 30 out)"),
        (
            (cost(0.25), cost(None, "small", None)),
            "Cost: $0.2500 + 1 unknown (big, small; unknown tokens in, 60 out)",
        ),
        ((cost(0.0),), "Cost: $0.0000 (big; 1,200 tokens in, 30 out)"),
    ],
)
def test_the_cost_is_told_and_an_unknown_one_is_unknown(costs: tuple[Cost, ...], said: str) -> None:
    assert said in shown(message(opened(costs=costs)))


def test_no_cost_is_told_when_no_ai_was_used() -> None:
    assert "Cost" not in shown(message(opened(costs=())))


def test_outside_of_a_workflow_and_without_an_address_there_is_no_link() -> None:
    found = message(opened(pr_url=""), failed(), url="")
    assert "<" not in shown(found)
    assert "Pull request #7: *auth*" in shown(found)
    assert not problem_of(found)


# What is too long


def test_what_does_not_fit_is_counted_and_failures_come_first() -> None:
    found = message(*(opened() for _ in range(200)), failed())
    blocks: Any = found["blocks"]
    assert not problem_of(found)
    assert "Failed" in blocks[1]["text"]["text"]
    left = 201 - (len(blocks) - 2)
    assert left > 100
    assert blocks[-1]["elements"][0]["text"].endswith(f"; {left} more did not fit into this message")


def test_a_long_reason_is_cut_and_the_link_stays() -> None:
    found = message(failed(message="x" * 10_000, remedy="y" * 10_000))
    assert not problem_of(found)
    assert "x…" in shown(found)
    assert "|what it printed>" in shown(found)


def test_projects_that_do_not_fit_are_counted() -> None:
    found = render_statistics(summarize([project(step(1), name=f"p-{n}") for n in range(2_000)], NOW))
    assert found is not None
    assert not problem_of(found)
    lines = [
        line for kind, text in texts(found) if kind == "plain_text" for line in text.splitlines() if "p-" in line
    ]
    assert len(lines) > 50
    assert f"; {2_000 - len(lines)} more projects did not fit" in shown(found)


# Text from outside

_TEXT = st.text(max_size=40) | st.text("<>&|!@#*_~`:/\\ \n\x00\x1b\u202eabc", max_size=60) | st.just(HOSTILE)
_LONG = _TEXT | st.text('&<>"x@', min_size=900, max_size=1_100).map(lambda text: text * 4)


@st.composite
def _outcomes(draw: st.DrawFn) -> Outcome:
    make: Callable[..., Outcome] = draw(st.sampled_from([opened, failed]))
    return make(
        message=draw(_LONG), remedy=draw(_LONG), project=draw(_TEXT), step_description=draw(_LONG),
        reviewer=draw(_TEXT), pr_url=draw(_TEXT | st.just(PULL)), size=draw(_TEXT),
        notes=tuple(draw(st.lists(_TEXT, max_size=3))),
        costs=(cost(draw(st.none() | st.floats(0, 9)), draw(_TEXT)),),
    )  # fmt: skip


@given(st.lists(_outcomes(), min_size=1, max_size=12), _TEXT | st.just(RUN))
@settings(deadline=None, max_examples=150)
def test_no_text_calls_anybody_makes_a_link_or_breaks_a_limit(found: list[Outcome], url: str) -> None:
    """Outside of links with words of our own there is no `<` and no `>`, and every `&` is an entity."""
    told = message(*found, url=url)
    assert not problem_of(told)
    for kind, text in texts(told):
        links = _LINK.findall(text)
        addresses = {given.replace("&", "&amp;") for given in (url, *(one.pr_url for one in found))}
        assert all(address in addresses and _OUR_WORDS.fullmatch(words) for address, words in links)
        bare = _LINK.sub("", text) if kind == "mrkdwn" else text
        assert "<" not in bare
        assert ">" not in bare
        assert re.sub("&(amp|lt|gt);", "", bare).count("&") == 0
        assert not re.search(r"@(?=\w)", bare)
        assert bare.replace("\u200b", "").isprintable()


@pytest.mark.parametrize("field", ["message", "remedy", "project", "step_description", "reviewer", "pr_url"])
def test_hostile_text_is_shown_as_text(field: str) -> None:
    found = message(failed(**{field: HOSTILE}), opened(**{field: HOSTILE}))
    said = shown(found)
    for bad in ("<!", "<@", "@here", "<https://evil", "\x1b", "\u202e"):
        assert bad not in said
    foreign = [text for kind, text in texts(found) if "evil" in text and kind != "plain_text"]
    assert not foreign, "text from outside stands in plain text alone"


def test_what_looks_like_a_token_is_taken_out() -> None:
    token = f"ghp_{'x7Xq2v' * 6}"
    assert token not in shown(message(failed(message=f"git said {token}", remedy=token, step_description=token)))


def test_only_an_address_that_can_end_nothing_becomes_a_link() -> None:
    for bad in (
        "javascript:alert(1)",
        "https://x/>y",
        "https://x/|y",
        "https://x/ y",
        "https://x/\n",
        "//x",
        "x" * 9,
    ):
        assert "Pull request #7: *auth*" in shown(message(opened(pr_url=bad), url="")), bad
    assert f"<{RUN.replace('&', '&amp;')}|Pull request #7>" in shown(message(opened(pr_url=RUN), url=""))
