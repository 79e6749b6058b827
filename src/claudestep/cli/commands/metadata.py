"""claudestep metadata list | show | log | fsck | apply | rename | rebuild"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from claudestep.cli import errors
from claudestep.cli.options import BaseBranch, Json, Session

app = typer.Typer(help="Look at what the metadata branch holds, and mend it.", no_args_is_help=True)


@app.command("list")
def list_projects(context: typer.Context, *, as_json: Json = False) -> None:
    """List the projects that the metadata branch knows, with their progress."""
    from claudestep.application.lost import recorded_or_told
    from claudestep.application.reports import metadata_text

    session: Session = context.obj
    documents = recorded_or_told(session.connect())
    sys.stdout.write(metadata_text.render_json(documents) if as_json else metadata_text.render(documents))


@app.command("show")
def show(context: typer.Context, project: Annotated[str, typer.Argument(help="The name of the project.")]) -> None:
    """Print a project's document as it stands on the branch, readable or not."""
    from claudestep.domain.naming import check_project_name

    session: Session = context.obj
    data = session.connect().store.raw(check_project_name(project))
    sys.stdout.buffer.write(data)


@app.command("log")
def log(
    context: typer.Context,
    project: Annotated[str | None, typer.Argument(help="One project; all of them without it.")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many commits at the most.")] = 20,
    as_json: Json = False,
) -> None:
    """Tell what was written, newest first: when, by whom, in which run, and what changed."""
    from claudestep.application.history import history
    from claudestep.application.reports import history_text
    from claudestep.domain.naming import check_project_name

    session: Session = context.obj
    name = None if project is None else check_project_name(project)
    found = history(session.connect().store, limit, name)
    sys.stdout.write(history_text.render_json(found) if as_json else history_text.render(found, limit))


@app.command("rename")
def rename(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help="The name that it has.")],
    new: Annotated[str, typer.Argument(help="The name that it gets.")],
) -> None:
    """Give a project's document another name, as its folder below claude-step/ has or will have.

    Example:
      git mv claude-step/auth claude-step/login && git commit -m "Rename auth"
      claudestep metadata rename auth login
    """
    from claudestep.application import rename as use_case
    from claudestep.application.reports import mending_text

    session: Session = context.obj
    renamed = use_case.rename(session.connect(), old, new)
    sys.stdout.write(mending_text.renamed(renamed))


@app.command("apply")
def apply(
    context: typer.Context, files: Annotated[list[Path], typer.Argument(help="Files of costs that a run kept.")]
) -> None:
    """Record costs that a run could not record; what is there already is left as it is.

    Example:
      claudestep metadata apply .git/claudestep/unsent/*.json
    """
    from claudestep.application import replay
    from claudestep.application.reports import mending_text
    from claudestep.domain.errors import ClaudeStepError

    session: Session = context.obj
    backend = session.connect()
    code = errors.OK
    for path in files:
        try:
            sys.stdout.write(mending_text.replayed(replay.replay(backend, path)))
        except ClaudeStepError as error:
            errors.tell(error)
            code = max(code, errors.exit_code(error))
    raise typer.Exit(code)


@app.command("rebuild")
def rebuild(
    context: typer.Context,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Write it; without that, only say what would be written.")
    ] = False,
    base_branch: BaseBranch = None,
    as_json: Json = False,
) -> None:
    """Make documents that are missing or corrupt anew, from all pull requests and the specs.

    What can be read stays, and gets what it lacks. What cannot come back is named. Where the branch was deleted and
    you know where it was, bring that back instead.

    Example:
      claudestep metadata rebuild
      claudestep metadata rebuild --yes
    """
    from claudestep.application import rebuild as use_case
    from claudestep.application.reports import rebuild_text

    session: Session = context.obj
    rebuilt = use_case.rebuild(session.connect(base_branch), dry_run=not yes)
    sys.stdout.write(rebuild_text.render_json(rebuilt) if as_json else rebuild_text.render(rebuilt))


@app.command("fsck")
def fsck(context: typer.Context, *, as_json: Json = False) -> None:
    """Look for everything that can be wrong with the metadata branch. Writes nothing; exit code 1 with errors."""
    from claudestep.application import fsck as use_case
    from claudestep.application.reports import fsck_text

    session: Session = context.obj
    report = use_case.fsck(session.connect())
    sys.stdout.write(fsck_text.render_json(report) if as_json else fsck_text.render(report))
    raise typer.Exit(errors.FAILED if report.count("error") else errors.OK)
