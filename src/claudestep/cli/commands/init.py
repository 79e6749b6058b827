"""claudestep init"""

import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claudestep.cli.init_questions import ask_for_the_rest, project_name, reviewer
from claudestep.cli.options import Session
from claudestep.domain.errors import UsageError

if TYPE_CHECKING:
    from claudestep.application.init_plan import Plan, WantedWorkflow


_Workflow = Annotated[
    bool | None,
    typer.Option("--workflow/--no-workflow", help="Write the workflow of GitHub Actions, too; usual on GitHub."),
]
_Hardened = Annotated[
    bool,
    typer.Option(
        "--hardened", help="Write a workflow whose agent has a machine of its own, and a token that can only read."
    ),
]
_Action = Annotated[
    str | None,
    typer.Option("--action", metavar="OWNER/NAME@COMMIT", help="The action as the workflow names it."),
]


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
    workflow: _Workflow = None,
    hardened: _Hardened = False,
    workflow_only: Annotated[
        bool, typer.Option("--workflow-only", help="Write the workflow, and no project.")
    ] = False,
    action: _Action = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over files that are there, but never over steps.")
    ] = False,
) -> None:
    """Write the files of a new project: spec.md, configuration.yml and prompt.md. Commits nothing.

    Examples:
      claudestep init
      claudestep init my-refactor --yes --reviewer alice --reviewer bob:2
      claudestep init codemod --yes --command ./codemod.sh --step "Convert a.py"
      claudestep init --workflow-only --hardened
    """
    from claudestep.application.init_plan import plan
    from claudestep.application.scaffold import Wanted
    from claudestep.infrastructure.files import read_if_there

    session: Session = context.obj
    folder = session.work_tree()
    _check_options(workflow, context.params)
    asks = not yes and sys.stdin.isatty()
    is_named = bool(workflow or workflow_only or hardened)
    ours = None
    if is_named or (workflow is None and (action is not None or _is_on_github(session))):
        ours = _wanted_workflow(session, action, hardened=hardened, is_named=is_named)
    wanted = None
    if not workflow_only:
        flags = Wanted(
            project=project_name(project, asks=asks),
            steps=tuple(steps or ()),
            reviewers=tuple(reviewer(text) for text in reviewers or ()),
            command=agent_command,
            model=model,
        )
        wanted = ask_for_the_rest(flags) if asks else flags
    planned = plan(wanted, ours, lambda path: read_if_there(folder / path), force=force)
    _write(folder, planned)
    _tell_next(session, planned)


def _check_options(workflow: bool | None, options: Mapping[str, object]) -> None:  # noqa: FBT001  three values
    """Raises UsageError where options exclude each other, so that no wish is lost without a word."""
    if options["agent_command"] is not None and options["model"] is not None:
        raise UsageError("--model is Claude Code's, and --command names another program")
    about_it = [name for name in ("hardened", "action", "workflow_only") if options[name]]
    if workflow is False and about_it:
        raise UsageError(f"--no-workflow writes none, and --{about_it[0].replace('_', '-')} is about one")
    names = {"project": "a project", "steps": "--step", "reviewers": "--reviewer"}
    names |= {"agent_command": "--command", "model": "--model"}
    of_a_project = [said for name, said in names.items() if options[name]]
    if options["workflow_only"] and of_a_project:
        raise UsageError(
            f"--workflow-only writes no project, and {of_a_project[0]} is named",
            remedy="Leave out one of the two; --workflow writes both.",
        )


def _wanted_workflow(session: Session, action: str | None, *, hardened: bool, is_named: bool) -> "WantedWorkflow":
    """What the workflow shall say. Raises UsageError, RepositoryError."""
    from claudestep.application.init_plan import WantedWorkflow
    from claudestep.cli.wiring import default_branch
    from claudestep.cli.wiring.release import action_reference, check_action

    named = action_reference() if action is None else check_action(action)
    branch, is_known = default_branch(session.settings, session.repository)
    return WantedWorkflow(
        branch=branch, is_known_branch=is_known, action=named, hardened=hardened, is_named=is_named
    )


def _write(folder: Path, planned: "Plan") -> None:
    from claudestep.infrastructure.files import write_whole

    for path, text in planned.written.items():
        write_whole(folder / path, text.encode())
        sys.stdout.write(f"wrote {path}\n")
    for path in planned.left:
        sys.stdout.write(f"left {path} as it is\n")


def _is_on_github(session: Session) -> bool:
    from claudestep.cli.wiring import is_on_github

    return not session.local and is_on_github(session.settings, session.repository)


def _tell_next(session: Session, planned: "Plan") -> None:
    from claudestep.application.reports import init_text

    program = _program_in(session.work_tree(), (planned.wanted and planned.wanted.command) or "")
    sys.stdout.write(init_text.render(planned, program, pushes=_is_on_github(session)))
    for note in _notes(session, planned):
        sys.stderr.write(f"note: {note}\n")


def _notes(session: Session, planned: "Plan") -> Iterator[str]:
    """What might surprise: the agent of runs by hand, and what the workflow names."""
    from claudestep.cli.wiring import missing_agent
    from claudestep.cli.wiring.release import how_to_pin

    if planned.workflow is None and planned.wanted and planned.wanted.command is None:
        obstacle = missing_agent(session.settings)
        yield from [obstacle] if obstacle else []
    new = planned.new_workflow
    if new and not new.is_known_branch:
        yield (
            f"the workflow starts with pushes to {new.branch}, the branch that is checked out: this clone does not "
            "know the default branch; where that is another one, correct `branches:` in it"
        )
    pinning = how_to_pin(new.action) if new else None
    if pinning:
        yield pinning


def _program_in(folder: Path, command: str) -> list[str]:
    """The program of the user's own that a command line begins with: agents see it only when it is committed."""
    words = command.split()
    program = words[0].removeprefix("./") if words else ""
    is_ours = words and "/" in words[0] and not program.startswith(("/", "."))
    return [shlex.quote(program)] if is_ours and ((folder / program).is_file() or words[0].startswith("./")) else []
