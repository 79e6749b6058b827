"""claudestep close"""

import sys
from typing import Annotated

import typer

from claudestep.cli.options import Session


def command(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The number of the pull request.")],
    *,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why: the next attempt at the step is told.")
    ] = None,
) -> None:
    """Close a pull request without a merge; its work stays to be found.

    The step then waits for `claudestep retry`, or with `retryClosed: true` is done again by itself. One that is
    recorded open and is nowhere to be found is recorded as closed, so that its reviewer has room again.

    Examples:
      claudestep close 12 --reason "keep the old name of the function"
    """
    from claudestep.application.close import close
    from claudestep.application.reports import steps_text

    session: Session = context.obj
    sys.stdout.write(steps_text.closed(close(session.connect(), number, reason)))
