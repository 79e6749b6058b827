"""claudestep retry"""

import sys
from typing import Annotated

import typer

from claudestep.cli.options import Session


def command(
    context: typer.Context,
    project: Annotated[str, typer.Argument(help="The folder below claude-step/.")],
    steps: Annotated[list[int], typer.Argument(metavar="STEP...", help="Numbers, as `claudestep status` shows.")],
) -> None:
    """Let steps be tried again that failed, were turned down or skipped, or lost their tick.

    Examples:
      claudestep retry my-refactor 3
      claudestep retry my-refactor 3 4 7
    """
    from claudestep.application import steps as decisions
    from claudestep.application.reports import steps_text

    session: Session = context.obj
    decided = decisions.retry(session.connect(), project, steps)
    sys.stdout.write(steps_text.retried(project, decided))
