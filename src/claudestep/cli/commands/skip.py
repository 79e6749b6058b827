"""claudestep skip"""

import sys
from typing import Annotated

import typer

from claudestep.cli.options import Session


def command(
    context: typer.Context,
    project: Annotated[str, typer.Argument(help="The folder below claude-step/.")],
    steps: Annotated[list[int], typer.Argument(metavar="STEP...", help="Numbers, as `claudestep status` shows.")],
) -> None:
    """Leave steps out: the chain goes on without them, until `claudestep retry`.

    A step that is being worked on is not published; its work is kept.
    """
    from claudestep.application import steps as decisions
    from claudestep.application.reports import steps_text

    session: Session = context.obj
    decided = decisions.skip(session.connect(), project, steps)
    sys.stdout.write(steps_text.skipped(project, decided))
