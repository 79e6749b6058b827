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
    _tell_workflow(session, statistics_json.render(report), statistics_text.render(report))


def _tell_workflow(session: Session, report: str, table: str) -> None:
    """The figures as an output and in the summary of the job, where this is a step of one."""
    workflow = session.settings.workflow()
    if workflow is None:
        return
    from claudestep.infrastructure.actions.commands import add_summary, set_outputs

    if workflow.outputs is not None:
        set_outputs(workflow.outputs, {"report": report})
    if workflow.summary is not None:
        lines = "".join(f"    {line}\n" for line in table.splitlines())
        add_summary(workflow.summary, f"### ClaudeStep\n\n{lines}\n")
