"""claudestep init"""

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claudestep.cli.options import Session
from claudestep.domain.errors import UsageError

if TYPE_CHECKING:
    from claudestep.application.scaffold import Wanted
    from claudestep.domain.config import Reviewer


def command(  # noqa: PLR0913  one parameter an option
    context: typer.Context,
    project: Annotated[str | None, typer.Argument(help="The name of the new project.")] = None,
    *,
    steps: Annotated[
        list[str] | None, typer.Option("--step", metavar="TEXT", help="A step; say it once for each.")
    ] = None,
    reviewers: Annotated[
        list[str] | None, typer.Option("--reviewer", metavar="NAME[:N]", help="Who reviews, and room for how many.")
    ] = None,
    agent_command: Annotated[
        str | None, typer.Option("--command", metavar="LINE", help="A program in place of Claude Code.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="ID", help="Claude Code's model.")] = None,
    workflow: Annotated[
        bool | None,
        typer.Option(
            "--workflow/--no-workflow", help="Write the workflow of GitHub Actions, too; usual on GitHub."
        ),
    ] = None,
    hardened: Annotated[
        bool, typer.Option("--hardened", help="Write a workflow whose agent has a job and a token of its own.")
    ] = False,
    action: Annotated[
        str | None,
        typer.Option("--action", metavar="OWNER/NAME@COMMIT", help="The action as the workflow names it."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Write the files of a new project: spec.md, configuration.yml and prompt.md. Commits nothing.

    Examples:
      claudestep init
      claudestep init my-refactor --yes --reviewer alice --reviewer bob:2
      claudestep init codemod --yes --command ./codemod.sh --step "Convert a.py"
    """
    from claudestep.application.scaffold import Wanted
    from claudestep.domain.naming import check_project_name

    session: Session = context.obj
    folder = session.work_tree()
    asks = not yes and sys.stdin.isatty()
    if project is None:
        if not asks:
            raise UsageError("name the project", remedy="For example: claudestep init my-refactor --yes")
        project = str(typer.prompt("Name of the project (a folder below claude-step/)"))
    check_project_name(project)
    if agent_command is not None and model is not None:
        raise UsageError("--model is Claude Code's, and --command names another program")
    if asks and agent_command is None:
        answer = typer.prompt(
            "What does a step? A command line; empty: Claude Code", default="", show_default=False
        )
        agent_command = answer.strip() or None
    if asks and reviewers is None:
        reviewers = _ask_reviewers()
    wanted = Wanted(
        project=project,
        steps=tuple(steps or ()),
        reviewers=tuple(_reviewer(text) for text in reviewers or ()),
        command=agent_command,
        model=model,
    )
    _write(folder, wanted, force=force)
    wants_workflow = hardened or (_is_on_github(session) if workflow is None else workflow)
    if wants_workflow:
        _write_workflow(session, folder, action, hardened=hardened, force=force)
    _tell_next(session, wanted, workflow=wants_workflow)


def _ask_reviewers() -> list[str]:
    """Ask until the answer can be understood."""
    question = "Who reviews? Such as: alice bob:2 (room for two); empty: nobody in particular"
    while True:
        answer: str = typer.prompt(question, default="", show_default=False)
        names = [name for name in re.split(r"[\s,]+", answer) if name]
        try:
            for name in names:
                _reviewer(name)
        except UsageError as error:
            typer.echo(str(error))
        else:
            return names


def _reviewer(text: str) -> "Reviewer":
    """`alice`, or `alice:2` for room for two. Raises UsageError."""
    from claudestep.domain.config import Reviewer
    from claudestep.infrastructure.config_keys import USERNAME

    name, _, room = text.removeprefix("@").partition(":")
    if not re.match(USERNAME, name) or (room and not (room.isdecimal() and int(room))):
        raise UsageError(f"reviewer {text!r}: a user name, or a name and a number, such as alice:2")
    return Reviewer(name, int(room or 1))


def _write(folder: Path, wanted: "Wanted", *, force: bool) -> None:
    """Write all files or none. Raises UsageError where one is there, or would be wrong."""
    from claudestep.application import scaffold
    from claudestep.domain.naming import CONFIGURATION_SCHEMA, configuration_path
    from claudestep.infrastructure.config_file import read_config
    from claudestep.infrastructure.files import write_whole

    files = scaffold.files(wanted)
    configuration = configuration_path(wanted.project)
    read_config(configuration, files[configuration].encode())
    there = [path for path in files if (folder / path).exists() and path != CONFIGURATION_SCHEMA]
    if there and not force:
        raise UsageError(f"{there[0]} is there already", remedy="Name another project, or write over it: --force")
    for path, text in files.items():
        write_whole(folder / path, text.encode())
        sys.stdout.write(f"wrote {path}\n")


def _is_on_github(session: Session) -> bool:
    from claudestep.cli.wiring import is_on_github

    return not session.local and is_on_github(session.settings, session.repository)


def _write_workflow(session: Session, folder: Path, action: str | None, *, hardened: bool, force: bool) -> None:
    """Write the workflow, unless there is one: of several projects it is the same. Raises UsageError."""
    from claudestep.application import scaffold
    from claudestep.cli.wiring import default_branch
    from claudestep.cli.wiring.release import action_reference, check_action
    from claudestep.infrastructure.files import write_whole

    named = check_action(action) if action else action_reference()
    branch = default_branch(session.settings, session.repository)
    for path, text in scaffold.workflow_files(branch, named, hardened=hardened).items():
        if (folder / path).exists() and not force:
            sys.stdout.write(f"left {path} as it is\n")
            continue
        write_whole(folder / path, text.encode())
        sys.stdout.write(f"wrote {path}\n")


def _tell_next(session: Session, wanted: "Wanted", *, workflow: bool) -> None:
    from claudestep.cli.wiring import missing_agent

    name = wanted.project
    push = " && git push" if _is_on_github(session) else ""
    steps = "look over the steps" if wanted.steps else "write the steps"
    more = [".github"] if workflow else []
    files = " ".join(["claude-step", *more, *_program_in(session.work_tree(), wanted.command or "")])
    sys.stdout.write(
        f"Next:\n  1. {steps}: claude-step/{name}/spec.md\n"
        f'  2. git add {files} && git commit -m "Steps of {name}"{push}\n'
        f"  3. {_third(wanted, workflow=workflow)}\n"
    )
    obstacle = missing_agent(session.settings) if wanted.command is None else None
    if obstacle is not None:
        sys.stderr.write(f"note: {obstacle}\n")


def _third(wanted: "Wanted", *, workflow: bool) -> str:
    """What is to be done last: the first run."""
    if not workflow:
        return f"claudestep run {wanted.project} --dry-run, and without --dry-run when that is right"
    key = "gh secret set ANTHROPIC_API_KEY, " if wanted.command is None else ""
    return f"{key}claudestep doctor, and when that is right: gh workflow run claudestep.yml"


def _program_in(folder: Path, command: str) -> list[str]:
    """The program of the user's own that a command line begins with: agents see it only when it is committed."""
    words = command.split()
    program = words[0].removeprefix("./") if words else ""
    is_ours = words and "/" in words[0] and not program.startswith(("/", "."))
    return [shlex.quote(program)] if is_ours and ((folder / program).is_file() or words[0].startswith("./")) else []
