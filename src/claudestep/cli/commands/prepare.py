"""claudestep prepare"""

from typing import TYPE_CHECKING, Annotated

import typer

from claudestep.cli.options import BaseBranch, Folder, Session

if TYPE_CHECKING:
    from claudestep.application.backend import Backend
    from claudestep.application.prepare_stage import PrepareStage
    from claudestep.cli.reporting import Reporter
    from claudestep.domain.events import Event


def command(
    context: typer.Context,
    project: Annotated[
        str | None,
        typer.Argument(
            help="The folder below claude-step/; without it, the project is found from the workflow's event.",
            envvar="CLAUDESTEP_INPUT_PROJECT",
        ),
    ] = None,
    *,
    max_steps: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="How many steps at the most, in each project.",
            envvar="CLAUDESTEP_INPUT_MAX_STEPS",
        ),
    ] = 1,
    check_out: Annotated[
        bool,
        typer.Option(
            "--check-out",
            help="Bring this work tree to the step's base, for an agent of your own.",
            envvar="CLAUDESTEP_INPUT_CHECK_OUT",
        ),
    ] = False,
    handover: Folder = None,
    base_branch: BaseBranch = None,
) -> None:
    """Claim the next step, and hand it on to `claudestep agent`.

    The first of the three parts of `claudestep run`, for workflows: it has the token of GitHub and no key of an AI.
    """  # fmt: skip
    from claudestep.application.prepare_stage import PrepareStage
    from claudestep.cli.reporting import Reporter
    from claudestep.domain.naming import check_project_name

    session: Session = context.obj
    link = session.handover(handover)
    link.begin(session.holder())
    reporter = Reporter(session.settings, link)
    with reporter.telling(project or "", reporter.prepared):
        if project is not None:
            check_project_name(project)
        event = session.event()
        if project is None and (nothing := _nothing_to_do(event)) is not None:
            raise typer.Exit(reporter.nothing(*nothing))
        backend = session.connect(base_branch, project, handover=link.folder)
        stage = PrepareStage(
            backend=backend, handover=link, settled=reporter.settled, updated=reporter.updated, checks_out=check_out
        )
        code = _prepare(stage, backend, event, project, max_steps, reporter)
    raise typer.Exit(code)


def _nothing_to_do(event: "Event") -> tuple[str, str] | None:
    from claudestep.application.discover import nothing_to_do

    found = nothing_to_do(event)
    return (found.reason, found.message) if found else None


def _prepare(
    stage: "PrepareStage",
    backend: "Backend",
    event: "Event",
    project: str | None,
    max_steps: int,
    reporter: "Reporter",
) -> int:
    from claudestep.application.discover import discover
    from claudestep.application.prepare import Prepared

    names: tuple[str, ...] = (project,) if project else ()
    if not names:
        found = discover(backend, event)
        if not found.names:
            return reporter.nothing(found.reason, found.message)
        names = found.names
    for name in names:
        for one in stage.prepare(name, max_steps):
            if not isinstance(one, Prepared):
                reporter.ended(one)
                continue
            reporter.claimed(one)
            if stage.checks_out:  # there is one work tree, and one agent in it
                return reporter.prepared()
    return reporter.prepared()
