"""The command line: options that stand before the command, and the table of commands."""

from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from claudestep import __version__
from claudestep.cli.commands import (
    agent,
    close,
    demo,
    discover,
    doctor,
    finalize,
    init,
    metadata,
    notify,
    prepare,
    retry,
    run,
    skip,
    statistics,
    status,
    sync,
    why,
)
from claudestep.cli.errors import guarded, wrong_use
from claudestep.cli.options import Session, set_up_logging
from claudestep.cli.settings import Api, Settings

app = typer.Typer(
    name="claudestep",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  the signature of a callback
    if wanted:
        typer.echo(f"claudestep {__version__}")
        raise typer.Exit


@app.callback()
def before(  # noqa: PLR0913  one parameter an option
    context: typer.Context,
    repository: Annotated[
        Path, typer.Option("--repository", "-C", metavar="DIR", help="A folder of the git repository.")
    ] = Path(),
    *,
    local: Annotated[
        bool, typer.Option("--local", help="Work with git alone, also in a clone of a repository on GitHub.")
    ] = False,
    repo: Annotated[
        str | None,
        typer.Option("--repo", metavar="OWNER/NAME", help="The repository on GitHub, where the clone has several."),
    ] = None,
    api: Annotated[
        Api | None,
        typer.Option("--api", help="How the metadata branch on GitHub is written: by graphql (as usual) or rest."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell what happens inside.")] = False,
    version: Annotated[  # noqa: ARG001  the callback does it
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Work through the steps of a migration, one small reviewed pull request at a time.

    Begin with `claudestep init my-refactor`, write the steps into claude-step/my-refactor/spec.md, commit them,
    and: `claudestep run my-refactor`. Just to see it work: `claudestep demo`.
    """
    settings = Settings.read()
    set_up_logging(settings, verbose=verbose)
    if local and repo:
        raise typer.BadParameter("--local and --repo exclude each other")
    if local and api:
        raise typer.BadParameter("--local and --api exclude each other")
    context.obj = Session(repository, settings, local, repo, api)


app.command("init")(init.command)
app.command("doctor")(doctor.command)
app.command("run")(run.command)
app.command("status")(status.command)
app.command("why")(why.command)
app.command("retry")(retry.command)
app.command("skip")(skip.command)
app.command("close")(close.command)
app.command("sync")(sync.command)
app.command("statistics")(statistics.command)
app.command("demo")(demo.command)
app.command("discover")(discover.command)
app.command("prepare")(prepare.command)
app.command("agent")(agent.command)
app.command("finalize")(finalize.command)
app.command("notify")(notify.command)
app.add_typer(metadata.app, name="metadata")


def start() -> int:
    """Run the command line and return its exit code."""
    return guarded(_run)


def _run() -> object:
    """Run it; in a workflow what is wrong with a command line comes back as an error, to be told like any other."""
    in_workflow = Settings.read().is_workflow
    try:
        return app(prog_name="claudestep", standalone_mode=not in_workflow)
    except TyperException as error:
        raise wrong_use(error) from error
