"""Options that several commands have, and the session that they share."""

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from claudestep.cli import errors
from claudestep.cli.settings import Api, Settings
from claudestep.domain.text import printable

if TYPE_CHECKING:
    from claudestep.application.backend import Backend
    from claudestep.domain.events import Event
    from claudestep.domain.models import Owner
    from claudestep.infrastructure.handover import Handover

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
BaseBranch = Annotated[
    str | None,
    typer.Option(
        "--base-branch",
        metavar="NAME",
        help="The branch that the pull requests are for.",
        envvar="CLAUDESTEP_INPUT_BASE_BRANCH",
    ),
]

Folder = Annotated[
    Path | None,
    typer.Option(
        "--handover", metavar="DIR", help="Where prepare, agent and finalize hand on what they know.",
        envvar="CLAUDESTEP_HANDOVER",
    ),
]  # fmt: skip
Claims = Annotated[
    str | None,
    typer.Option(
        "--claims", metavar="JSON", help="The claims, as `prepare` gave them out.", envvar="CLAUDESTEP_INPUT_CLAIMS"
    ),
]


@dataclass(frozen=True, slots=True)
class Session:
    """What stands before the command: the repository, and the settings."""

    repository: Path
    settings: Settings
    local: bool = False
    named: str | None = None
    """The repository on GitHub, `owner/name`, where the user says which."""
    api: Api | None = None
    """How the metadata branch on GitHub is written, where the user says how."""

    def connect(
        self, base_branch: str | None = None, project: str | None = None, handover: Path | None = None
    ) -> "Backend":
        """The backend of the repository; loaded here, for commands that need none are quick.

        `base_branch` is meant for one project where it is named; the others keep theirs.
        """
        from claudestep.cli.wiring import Wanted, connect

        wanted = Wanted(
            local=self.local, repository=self.named, api=self.api, base_branch=base_branch, project=project,
            handover=handover,
        )  # fmt: skip
        return connect(self.settings, self.repository, wanted)

    def handover(self, folder: Path | None, claims: str | None = None) -> "Handover":
        """What commands that follow one another hand on, in the folder that is asked for or the usual one.

        `claims` are of another machine, and take the place of those that stand there. Raises UsageError.
        """
        from claudestep.cli.wiring import handover_folder
        from claudestep.infrastructure.handover import Handover

        found = Handover((folder or handover_folder(self.settings, self.repository)).absolute())
        if claims:
            found.take_over(claims)
        return found

    def holder(self) -> "Owner":
        """Who holds the claims of commands that follow one another."""
        from claudestep.cli.wiring import staged_holder

        return staged_holder(self.settings)

    def event(self) -> "Event":
        """What started the workflow; an empty event outside of one. Raises UsageError."""
        from claudestep.domain.events import Event

        workflow = self.settings.workflow()
        return workflow.event if workflow else Event()

    def work_tree(self) -> Path:
        """The folder that the repository's files are checked out in. Raises RepositoryError."""
        from claudestep.cli.wiring import work_tree

        return work_tree(self.settings, self.repository)


def set_up_logging(settings: Settings, *, verbose: bool) -> None:
    """Logs go to stderr: warnings always, what happens inside with `-v`. A workflow is shown warnings."""
    if settings.is_workflow:
        from claudestep.infrastructure.actions.commands import HarmlessStream

        sys.stdout, sys.stderr = HarmlessStream(sys.stdout), HarmlessStream(sys.stderr)
    handler = _WorkflowLog() if settings.is_workflow else logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet(settings.environment))
    root = logging.getLogger("claudestep")
    root.handlers = [handler]
    root.setLevel(logging.INFO if verbose else logging.WARNING)


class _Discreet(logging.Formatter):
    """Says what was logged without the secrets of our environment, whoever's text was in it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__("%(levelname)s: %(message)s")
        self._environment = environment

    def format(self, record: logging.LogRecord) -> str:
        """One message."""
        from claudestep.domain.redaction import redacted, secret_values

        return printable(redacted(super().format(record), secret_values(self._environment)))


class _WorkflowLog(logging.StreamHandler[TextIO]):
    """Warnings stand beside the run, everything else in its log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        if record.levelno < logging.WARNING:
            sys.stderr.write(f"{self.format(record)}\n")
            return
        level = "error" if record.levelno >= logging.ERROR else "warning"
        errors.tell_workflow(level, self.format(record).removeprefix(f"{record.levelname}: "))
