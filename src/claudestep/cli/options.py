"""Options that several commands have, and the session that they share."""

import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claudestep.cli.settings import Api, Settings

if TYPE_CHECKING:
    from claudestep.application.backend import Backend

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
BaseBranch = Annotated[
    str | None,
    typer.Option("--base-branch", metavar="NAME", help="The branch that the pull requests are for."),
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

    def connect(self, base_branch: str | None = None, project: str | None = None) -> "Backend":
        """The backend of the repository; loaded here, for commands that need none are quick.

        `base_branch` is meant for one project where it is named; the others keep theirs.
        """
        from claudestep.cli.wiring import Wanted, connect

        wanted = Wanted(
            local=self.local, repository=self.named, api=self.api, base_branch=base_branch, project=project
        )
        return connect(self.settings, self.repository, wanted)

    def work_tree(self) -> Path:
        """The folder that the repository's files are checked out in. Raises RepositoryError."""
        from claudestep.cli.wiring import work_tree

        return work_tree(self.settings, self.repository)


def set_up_logging(*, verbose: bool) -> None:
    """Logs go to stderr: warnings always, what happens inside with `-v`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    root = logging.getLogger("claudestep")
    root.handlers = [handler]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
