"""claudestep run"""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from claudestep.cli import errors
from claudestep.cli.options import BaseBranch, Session
from claudestep.domain.errors import ClaudeStepError, UsageError

if TYPE_CHECKING:
    from claudestep.application.backend import Backend
    from claudestep.application.prepare import Prepared
    from claudestep.application.run import Listener, Options, StepOutcome
    from claudestep.domain.observation import PullRequest


def command(  # noqa: PLR0913  one parameter an option
    context: typer.Context,
    project: Annotated[str | None, typer.Argument(help="The folder below claude-step/.")] = None,
    *,
    all_projects: Annotated[bool, typer.Option("--all", help="Every project of the repository.")] = False,
    max_steps: Annotated[int, typer.Option(min=1, metavar="N", help="How many steps at the most.")] = 1,
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
    backend = session.connect(base_branch)
    names = _names(backend, project, all_projects=all_projects)
    options = Options(max_steps=max_steps, auto_merge=auto_merge)
    codes = [_run_one(session, backend, name, options, dry_run=dry_run) for name in names]
    raise typer.Exit(max(codes))


def _names(backend: "Backend", project: str | None, *, all_projects: bool) -> list[str]:
    """The projects that are meant. Raises UsageError."""
    from claudestep.domain.naming import check_project_name, spec_path

    if (project is None) != all_projects:
        raise UsageError("name one project, or say --all", remedy="claudestep run --help")
    world = backend.see()
    if project is None:
        if not world.plans:
            branch = world.observation.default_branch
            raise UsageError(
                f"there is no claude-step/*/spec.md on {branch}",
                remedy=backend.host.spec_hint(spec_path("my-refactor")),
            )
        return list(world.plans)
    if check_project_name(project) not in world.plans:
        raise _no_spec(backend, project)
    return [project]


def _no_spec(backend: "Backend", project: str) -> UsageError:
    from claudestep.domain.naming import spec_path

    world = backend.see()
    known = ", ".join(world.plans)
    path = spec_path(project)
    hint = backend.host.spec_hint(path)
    branch = backend.base_override or world.observation.default_branch
    return UsageError(
        f"there is no {path} on {branch}",
        remedy=f"{hint}\nProjects that are there: {known}" if known else hint,
    )


def _run_one(session: Session, backend: "Backend", name: str, options: "Options", *, dry_run: bool) -> int:
    """Run one project, tell its errors, and return its exit code: other projects go on."""
    from claudestep.application import run
    from claudestep.application.reports import run_text
    from claudestep.domain.chain import Reason, Wait

    try:
        if dry_run:
            sys.stdout.write(run_text.preview(name, run.preview(backend, name)))
            return errors.OK
        with_progress = _Teller(name, live=session.settings.interactive)
        outcomes = run.run(backend, name, options, with_progress.listener())
    except ClaudeStepError as error:
        errors.tell(error)
        return errors.exit_code(error)
    last = outcomes[-1]
    if isinstance(last, Wait):
        broken = last.reason is Reason.METADATA_BROKEN
        useless = last.reason in (Reason.SPEC_MISSING, Reason.SPEC_WITHOUT_STEPS)
        return errors.FAILED if broken else errors.WRONG_USE if useless else errors.OK
    stuck = isinstance(last, run.Failed) or last.not_merged
    return errors.FAILED if stuck else errors.OK


class _Teller:
    """Says on stdout what a run did, and on stderr that it is alive."""

    _QUIET_SECONDS = 30

    def __init__(self, name: str, *, live: bool) -> None:
        self._name = name
        self._live = live
        self._told = timedelta()

    def listener(self) -> "Listener":
        from claudestep.application.run import Listener

        return Listener(
            settled=self._settled, started=self._started, progress=self._progress, finished=self._finished
        )

    def _settled(self, pull: "PullRequest") -> None:
        self._say(f"{self._name}: finished what an earlier run had begun: pull request #{pull.number}\n")

    def _started(self, prepared: "Prepared") -> None:
        from claudestep.application.reports import run_text

        self._told = timedelta()
        self._say(run_text.started(prepared))

    def _finished(self, outcome: "StepOutcome") -> None:
        from claudestep.application.reports import run_text

        self._say(run_text.finished(self._name, outcome))

    def _progress(self, since: timedelta, line: str) -> None:
        """One line that is written over where the terminal can, else a line now and then."""
        seconds = int(since.total_seconds())
        if self._live:
            sys.stderr.write(f"\r\x1b[2K  {seconds} s  {_printable(line)[:100]}")
        elif (since - self._told).total_seconds() >= self._QUIET_SECONDS:
            self._told = since
            sys.stderr.write(f"  still working after {seconds} s: {_printable(line)}\n")
        sys.stderr.flush()

    def _say(self, text: str) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
        sys.stdout.write(text)
        sys.stdout.flush()


def _printable(line: str) -> str:
    """What an agent prints is data: no control sequence of it reaches the terminal."""
    return "".join(char if char.isprintable() else " " for char in line)
