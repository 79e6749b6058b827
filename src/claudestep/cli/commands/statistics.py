"""claudestep statistics"""

import sys

import typer

from claudestep.cli.options import BaseBranch, Json, Session


def command(context: typer.Context, *, as_json: Json = False, base_branch: BaseBranch = None) -> None:
    """Show progress, reviews and costs over all projects. Writes nothing.

    A document that cannot be read is an error: a figure without it would be wrong.
    """
    from claudestep.application.reports import statistics_json, statistics_text
    from claudestep.domain.statistics import summarize

    session: Session = context.obj
    world = session.connect(base_branch).see()
    world.documents.require_whole()
    report = summarize(world.projects.values(), world.observation.now)
    render = statistics_json.render if as_json else statistics_text.render
    sys.stdout.write(render(report))
