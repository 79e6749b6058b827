"""The environment, read once."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from claudestep.infrastructure.actions.workflow import Workflow

Api: TypeAlias = Literal["graphql", "rest"]
"""The interface of GitHub by which the metadata branch is written."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the program takes from its environment."""

    environment: Mapping[str, str] = field(repr=False)  # may hold tokens
    interactive: bool = False

    @property
    def is_workflow(self) -> bool:
        """Whether this is a step of a workflow."""
        return self.environment.get("GITHUB_ACTIONS") == "true"

    def workflow(self) -> "Workflow | None":
        """The workflow that this is a step of; None outside of one. Raises UsageError for an event that is none."""
        if not self.is_workflow:
            return None
        from claudestep.infrastructure.actions.workflow import read_workflow

        return read_workflow(self.environment)

    @classmethod
    def read(cls) -> "Settings":
        """The settings of this process. Progress is live where the terminal can show it."""
        environment = dict(os.environ)  # noqa: TID251  read once, here
        live = sys.stderr.isatty() and environment.get("TERM") != "dumb"
        return cls(environment, interactive=live)
