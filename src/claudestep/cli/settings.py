"""The environment, read once."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Api: TypeAlias = Literal["graphql", "rest"]
"""The interface of GitHub by which the metadata branch is written."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the program takes from its environment."""

    environment: Mapping[str, str] = field(repr=False)  # may hold tokens
    interactive: bool = False

    @classmethod
    def read(cls) -> "Settings":
        """The settings of this process. Progress is live where the terminal can show it."""
        environment = dict(os.environ)  # noqa: TID251  read once, here
        live = sys.stderr.isatty() and environment.get("TERM") != "dumb"
        return cls(environment, interactive=live)
