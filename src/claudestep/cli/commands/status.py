"""claudestep status"""

import shutil
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
    with_steps = project is not None
    if as_json:
        sys.stdout.write(status_json.render(report, with_steps=with_steps))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        sys.stdout.write(status_text.render(report, with_steps=with_steps, width=width))
