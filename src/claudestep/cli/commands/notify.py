"""claudestep notify"""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from claudestep.cli.options import Folder, Session
from claudestep.domain.errors import ClaudeStepError

logger = logging.getLogger(__name__)

_NO_WEBHOOK = "Slack is told nothing: SLACK_WEBHOOK_URL is not set.\n"
_NOTHING = "Slack is told nothing: no pull request was opened, and nothing failed.\n"
_NO_PROJECT = "Slack is told nothing: there is no project yet.\n"
_TOLD = "Slack was told.\n"


def command(
    context: typer.Context,
    *,
    statistics: Annotated[bool, typer.Option("--statistics", help="Tell the figures of all projects.")] = False,
    handover: Folder = None,
) -> None:
    """Tell Slack which pull requests `claudestep finalize` opened, and what failed; or the statistics.

    SLACK_WEBHOOK_URL is an incoming webhook. Nothing is said where nothing happened; a webhook that fails is a
    warning, and nothing else fails for it.
    """
    session: Session = context.obj
    try:
        sys.stdout.write(_figures(session) if statistics else _notify(session, handover))
    except ClaudeStepError as error:
        logger.warning("Slack was not told: %s", error.explained)


def _notify(session: Session, folder: Path | None) -> str:
    """Tell it, and return what to say here. Raises ClaudeStepError where it could not be told."""
    from claudestep.application import outcome
    from claudestep.application.reports import slack
    from claudestep.cli.wiring.slack import webhook

    hook = webhook(session.settings)
    if hook is None:
        return _NO_WEBHOOK
    report = session.handover(folder).report()
    workflow = session.settings.workflow()
    message = slack.render(outcome.decode(report), workflow.url if workflow else "") if report is not None else None
    if message is None:
        return _NOTHING
    hook.post(message)
    return _TOLD


def _figures(session: Session) -> str:
    """Tell it the statistics. Raises ClaudeStepError where it could not be told."""
    from claudestep.application.reports import slack
    from claudestep.cli.wiring.slack import webhook
    from claudestep.domain.statistics import summarize

    hook = webhook(session.settings)
    if hook is None:
        return _NO_WEBHOOK
    world = session.connect().see()
    world.documents.require_whole()
    message = slack.render_statistics(summarize(world.projects.values(), world.observation.now))
    if message is None:
        return _NO_PROJECT
    hook.post(message)
    return _TOLD
