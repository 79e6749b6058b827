"""claudestep why"""

import sys
from typing import Annotated

import typer

from claudestep.cli.options import BaseBranch, Json, Session


def command(
    context: typer.Context,
    project: Annotated[str, typer.Argument(help="The folder below claude-step/.")],
    *,
    as_json: Json = False,
    base_branch: BaseBranch = None,
) -> None:
    """Say why there is no new pull request, and what can be done about it. Writes nothing."""
    from claudestep.application import why
    from claudestep.application.reports import why_text

    session: Session = context.obj
    found = why.why(session.connect(base_branch, project), project)
    sys.stdout.write(why_text.render_json(found) if as_json else why_text.render(found))
