"""claudestep sync"""

import sys
from typing import Annotated

import typer

from claudestep.cli.errors import FAILED, OK
from claudestep.cli.options import BaseBranch, Json, Session


def command(
    context: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and write nothing.")] = False,
    base_branch: BaseBranch = None,
    json: Json = False,
) -> None:
    """Bring the metadata up to what the pull requests and the specs say, and begin nothing.

    Branches that conflict in their tick alone are brought up to date. Every run does all
    that too. What no rule can mend is told: a pull request that is gone, or belongs to no step.
    """
    from claudestep.application.reports import sync_text
    from claudestep.application.sync import sync

    session: Session = context.obj
    synced = sync(session.connect(base_branch), dry_run=dry_run)
    sys.stdout.write(sync_text.render_json(synced) if json else sync_text.render(synced, dry_run=dry_run))
    raise typer.Exit(FAILED if synced.broken else OK)
