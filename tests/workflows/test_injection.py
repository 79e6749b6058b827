"""Hostile texts through the shipped workflow: nothing is executed, forged or leaked.

One step whose line joins the worst texts, an agent and a summary that say them, and every input of the action and
every text of an event that somebody else may choose. Every run asserts, besides, that no secret is to be read.
"""

import json
from pathlib import Path

import pytest

from claudestep.application.reports import outcome_outputs
from claudestep.infrastructure.hosting import record_block
from tests.fakes.messages_api import Scenario, Turn
from tests.workflows.chain import ACTION, MODEL, Chain, configuration, errors, plays, project, set_chain, shipped, spec
from tests.workflows.conftest import SetStage
from tests.workflows.hostile import BRANCHES, PROJECTS, TEXTS, Case
from tests.workflows.innocence import claims_of, headings, made, problems_of, records
from tests.workflows.journal import Done
from tests.workflows.runner import API_KEY

WORST = [
    case.text
    for case in TEXTS
    if case.name.split(": ")[0] in ("shell", "expression", "command", "file", "markdown", "calling", "terminal", "git")
    and case.in_spec
]
"""On lines of their own in what the model says, and on one line of the spec."""
SAID = "\n".join(WORST)
NAMES = {
    *outcome_outputs.NAMES, "claimed", "claims", "needs_claude_code", "prompt", "kept_patches",
}  # fmt: skip


def _in_place(text: str, place: Path) -> str:
    return text.replace("MARKER", str(place / "WAS_EXECUTED"))


def _nothing_happened(done: Done, chain: Chain, place: Path) -> None:
    """Nothing was executed, no command was taken for one, and no output is another's."""
    assert not made(place / "WAS_EXECUTED", chain.stage.remote.path), done
    said = [(one.level, one.message) for one in done.annotations if "forged" in one.message[:6] or one.title]
    assert said == []
    ours = ("prepare", "agent", "finalize", "python", "other-python", "install")
    for step in done.journal.steps:
        if step.ids and step.ids[-1] in ours:
            assert "666" not in (step.outputs.get("pr_number"), step.outputs.get("claimed"))
            assert step.outputs.keys() <= NAMES | {"found", "path", "key", "claude_key"}, step.outputs.keys()
    assert chain.stage.remote.git("ls-tree", "-r", "--name-only", "main").count("WAS_EXECUTED") == 0


def _hostile_agent(place: Path) -> Scenario:
    said = _in_place(SAID, place)
    wrote = Turn(text=said, tool="Write", input={"file_path": "file.txt", "content": said[:2_000]})
    keys = f"{said}\n{API_KEY}"
    answer = {"what_changed": keys[-1_900:], "how_to_review": [said[:1_900], "[x](https://evil.example)"], "risks": ["```"]}
    return plays((wrote, Turn(text=keys)))._replace_summary(answer)  # type: ignore[attr-defined,no-any-return]
