"""claudestep metadata list | show"""

import sys
from typing import Annotated

import typer

from claudestep.cli.options import Json, Session

app = typer.Typer(help="Look at what the metadata branch holds.", no_args_is_help=True)


@app.command("list")
def list_projects(context: typer.Context, *, as_json: Json = False) -> None:
    """List the projects that the metadata branch knows, with their progress."""
    from claudestep.application.reports import metadata_text

    session: Session = context.obj
    documents = session.connect().store.all()
    sys.stdout.write(metadata_text.render_json(documents) if as_json else metadata_text.render(documents))


@app.command("show")
def show(context: typer.Context, project: Annotated[str, typer.Argument(help="The name of the project.")]) -> None:
    """Print a project's document as it stands on the branch, readable or not."""
    from claudestep.domain.naming import check_project_name

    session: Session = context.obj
    data = session.connect().store.raw(check_project_name(project))
    sys.stdout.buffer.write(data)
