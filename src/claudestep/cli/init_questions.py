"""What `init` is told by options and by answers to its questions."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from claudestep.domain.errors import UsageError

if TYPE_CHECKING:
    from claudestep.application.scaffold import Wanted
    from claudestep.domain.config import Reviewer


def project_name(project: str | None, *, asks: bool) -> str:
    """The name that was given, or asked for. Raises UsageError where there is none, or none that is possible."""
    from claudestep.domain.naming import check_project_name

    if project is None and not asks:
        raise UsageError(
            "name the project",
            remedy="For example: claudestep init my-refactor --yes (the workflow alone: --workflow-only)",
        )
    question = "Name of the project (a folder below claude-step/)"
    return check_project_name(str(typer.prompt(question)) if project is None else project)


def ask_for_the_rest(wanted: "Wanted") -> "Wanted":
    """Ask for what no option said; who names a model has said what does the steps."""
    command, reviewers = wanted.command, wanted.reviewers
    if command is None and wanted.model is None:
        answer = typer.prompt(
            "What does a step? A command line; empty: Claude Code", default="", show_default=False
        )
        command = answer.strip() or None
    if not reviewers:
        reviewers = tuple(map(reviewer, _ask_reviewers()))
    return replace(wanted, command=command, reviewers=reviewers)


def reviewer(text: str) -> "Reviewer":
    """`alice`, or `alice:2` for room for two. Raises UsageError."""
    from claudestep.domain.config import Reviewer
    from claudestep.infrastructure.config_keys import USERNAME

    name, _, room = text.removeprefix("@").partition(":")
    if not re.match(USERNAME, name) or (room and not (room.isdecimal() and int(room))):
        raise UsageError(f"reviewer {text!r}: a user name, or a name and a number, such as alice:2")
    return Reviewer(name, int(room or 1))


def _ask_reviewers() -> list[str]:
    """Ask until the answer can be understood."""
    question = "Who reviews? Such as: alice bob:2 (room for two); empty: nobody in particular"
    while True:
        answer: str = typer.prompt(question, default="", show_default=False)
        names = [name for name in re.split(r"[\s,]+", answer) if name]
        try:
            for name in names:
                reviewer(name)
        except UsageError as error:
            typer.echo(str(error))
        else:
            return names
