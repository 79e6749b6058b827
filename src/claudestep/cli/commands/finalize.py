"""claudestep finalize"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claudestep.cli.options import Claims, Folder, Session

if TYPE_CHECKING:
    from claudestep.application.backend import Backend
    from claudestep.application.own_agent import ExecutionFile
    from claudestep.infrastructure.handover import Handover


def command(
    context: typer.Context,
    *,
    claims: Claims = None,
    execution_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What an agent of your own used: claude-code-action's `execution_file`.",
            envvar="CLAUDESTEP_INPUT_EXECUTION_FILE",
        ),
    ] = None,
    cancelled: Annotated[
        bool,
        typer.Option(
            "--cancelled",
            help="Somebody broke the agent off: no failure of the step.",
            envvar="CLAUDESTEP_INPUT_CANCELLED",
        ),
    ] = False,
    handover: Folder = None,
) -> None:
    """Publish what was done, record what it cost, and end the claims, whatever happened.

    The third of the three parts of `claudestep run`: it has the token of GitHub and no key of an AI. Run it also
    where the others failed: it gives back what was claimed.
    """
    from claudestep.application.finalize_stage import FinalizeStage
    from claudestep.cli.reporting import Reporter
    from claudestep.cli.wiring import Wanted, apart

    session: Session = context.obj
    link = session.handover(handover, claims)
    reporter = Reporter(session.settings, link)
    wanted = Wanted(local=session.local, repository=session.named, api=session.api, handover=link.folder)
    with reporter.telling("", reporter.finalized), apart(session.settings, session.repository, wanted) as backend:
        own = _own_agent(session, backend, link, execution_file) if execution_file else None
        stage = FinalizeStage(backend=backend, handover=link, own_agent=own, cancelled=cancelled)
        for outcome in stage.finish():
            reporter.ended(outcome)
        reporter.nothing_left()
    raise typer.Exit(reporter.finalized())


def _own_agent(session: Session, backend: "Backend", link: "Handover", path: Path) -> "ExecutionFile":
    from claudestep.application.own_agent import ExecutionFile

    return ExecutionFile(backend, path, session.work_tree(), link.folder / "tree")
