"""claudestep demo"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from claudestep.cli.options import Session


def command(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Where to put it; a new temporary folder otherwise.")
    ] = None,
) -> None:
    """Show the whole loop on a small repository: no account, no network, no token.

    A real codemod does five steps of a migration, one pull request a step.
    """
    from claudestep.cli.demonstration import demonstrate

    session: Session = context.obj
    demonstrate(session.settings, folder, sys.stdout)
