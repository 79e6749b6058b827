"""claudestep run"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from claudestep.cli import errors
from claudestep.cli.options import BaseBranch, Session
from claudestep.domain.errors import ClaudeStepError, UsageError
from claudestep.domain.text import printable

if TYPE_CHECKING:
    from claudestep.application.backend import Backend
    from claudestep.application.run import Options


def command(  # noqa: PLR0913  one parameter an option
    context: typer.Context,
    project: Annotated[str | None, typer.Argument(help="The folder below claude-step/.")] = None,
    *,
    all_projects: Annotated[bool, typer.Option("--all", help="Every project of the repository.")] = False,
    max_steps: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many steps at the most, in each project.")
    ] = 1,
    auto_merge: Annotated[bool, typer.Option("--auto-merge", help="Merge each pull request at once.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen and write nothing.")] = False,
    base_branch: BaseBranch = None,
) -> None:
    """Do the next step of a project and open a pull request for it.

    Examples:
      claudestep run my-refactor
      claudestep run my-refactor --auto-merge --max-steps 20
      claudestep run --all --dry-run
    """
    from claudestep.application.run import Options

    session: Session = context.obj
    backend = session.connect(base_branch, project)
    names = _names(backend, project, all_projects=all_projects)
    options = Options(max_steps=max_steps, auto_merge=auto_merge)
    if dry_run:
        raise typer.Exit(_preview(backend, names))
    raise typer.Exit(max(_run_each(session, backend, names, options)))


def _names(backend: "Backend", project: str | None, *, all_projects: bool) -> list[str]:
    """The projects that are meant. Raises UsageError."""
    from claudestep.domain.naming import check_project_name, spec_path

    if (project is None) != all_projects:
        raise UsageError("name a project or say --all, and not both", remedy="claudestep run --help")
    if project is not None:
        return [check_project_name(project)]
    world = backend.see_to_write()
    if not world.plans:
        branch = world.observation.default_branch
        raise UsageError(
            f"there is no claude-step/*/spec.md on {branch}",
            remedy=backend.host.spec_hint(spec_path("*")),
        )
    return list(world.plans)


def _preview(backend: "Backend", names: list[str]) -> int:
    """Say what a run would do, and return the exit code that it would begin with."""
    from claudestep.application import run
    from claudestep.application.reports import run_text

    code = errors.OK
    for name, found in run.preview(backend, names):
        if isinstance(found, ClaudeStepError):
            errors.tell(found)
            code = max(code, errors.exit_code(found))
        else:
            sys.stdout.write(printable(run_text.preview(name, found)))
    return code


def _run_each(session: Session, backend: "Backend", names: list[str], options: "Options") -> Iterator[int]:
    """Run the projects one after the other; none after one whose branch was refused as every branch would be."""
    for number, name in enumerate(names, start=1):
        code, refused = _run_one(session, backend, name, options)
        yield code
        if refused and number < len(names):
            left = ", ".join(names[number:])
            sys.stdout.write(printable(f"not begun, for their branches would be refused, too: {left}\n"))
            return


def _run_one(session: Session, backend: "Backend", name: str, options: "Options") -> tuple[int, bool]:
    """Run one project, tell its errors, and return its exit code, and whether the work of every step is refused."""
    from claudestep.application import run
    from claudestep.application.ending import Failed
    from claudestep.cli.teller import Teller
    from claudestep.domain.chain import Wait
    from claudestep.domain.reasons import Reason

    try:
        teller = Teller(name, live=session.settings.interactive)
        outcomes = run.run(backend, name, options, teller.listener())
    except ClaudeStepError as error:
        errors.tell(error)
        return errors.exit_code(error), False
    last = outcomes[-1]
    if isinstance(last, Wait):
        return errors.FAILED if last.reason is Reason.METADATA_BROKEN else errors.OK, False
    stuck = isinstance(last, Failed) or last.not_merged
    refused = isinstance(last, Failed) and last.refused
    return errors.FAILED if stuck else errors.OK, refused
