"""claudestep agent"""

from typing import TYPE_CHECKING, Annotated

import typer

from claudestep.cli.options import Claims, Folder, Session

if TYPE_CHECKING:
    from claudestep.domain.config import Config


def command(  # noqa: PLR0913  one parameter an option
    context: typer.Context,
    *,
    claims: Claims = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="ID", help="For configurations that name none.", envvar="CLAUDESTEP_INPUT_MODEL"),
    ] = None,
    allowed_tools: Annotated[
        str | None,
        typer.Option(
            metavar="RULES",
            help="One a line, for configurations that name none.",
            envvar="CLAUDESTEP_INPUT_ALLOWED_TOOLS",
        ),
    ] = None,
    summary: Annotated[
        bool | None,
        typer.Option("--summary/--no-summary", help="Have it summarised.", envvar="CLAUDESTEP_INPUT_SUMMARY"),
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Work in this work tree, not in one beside it.")
    ] = False,
    handover: Folder = None,
) -> None:
    """Work on what was claimed, and hand on what came of it to `claudestep finalize`.

    The second of the three parts of `claudestep run`: it asks nothing of GitHub, and is given no token of it.
    """  # fmt: skip
    from claudestep.application.agent_stage import AgentStage
    from claudestep.cli.reporting import Reporter
    from claudestep.cli.wiring import workshop

    session: Session = context.obj
    link = session.handover(handover, claims)
    reporter = Reporter(session.settings, link)
    tools = tuple(line.strip() for line in (allowed_tools or "").splitlines() if line.strip())

    def adjust(config: "Config") -> "Config":
        return config.with_defaults(model=model, allowed_tools=tools, summary=summary)

    stage = AgentStage(
        workshop=workshop(session.settings, session.repository, link.folder),
        handover=link,
        adjust=adjust,
        progress=reporter.progress,
        in_place=in_place,
    )
    stage.workshop.runs.sweep()
    for handed in reporter.left_to_do(link.claims()):
        reporter.begun(handed)
        reporter.worked(handed, stage.work(handed))
