"""claudestep status"""

import sys
from typing import Annotated

import typer

from claudestep.cli.options import BaseBranch, Json, Session


def command(
    context: typer.Context,
    project: Annotated[str | None, typer.Argument(help="One project, with all its steps.")] = None,
    *,
    as_json: Json = False,
    base_branch: BaseBranch = None,
) -> None:
    """Show where every project stands and what comes next. Writes nothing.

    Examples:
      claudestep status
      claudestep status my-refactor --json
    """
    from claudestep.application import status
    from claudestep.application.reports import status_json, status_text

    session: Session = context.obj
    report = status.status(session.connect(base_branch, project), project)
    render = status_json.render if as_json else status_text.render
    sys.stdout.write(render(report, with_steps=project is not None))
