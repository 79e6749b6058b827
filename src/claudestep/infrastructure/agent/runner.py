"""The port of agents."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from claudestep.domain.models import AITask

Progress = Callable[[timedelta, str], None]
"""Told now and then: how long it has run, and the last line that it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTask:
    """What an agent is asked to do, and where: in `tree`; the folder above it is the run's own, for scratch."""

    project: str
    step_index: int
    step_description: str
    claim_id: str
    prompt: str
    tree: Path
    timeout: timedelta
    started: Callable[[int], None]
    """Told the number of the process group as soon as it runs, so that a later run can end it."""


@dataclass(frozen=True, slots=True)
class AgentResult:
    """How it went. `failure` is None when the agent says that it did the step."""

    failure: str | None
    ai_tasks: tuple[AITask, ...] = ()
    output: str = ""
    could_start: bool = True
    """False where the agent itself is missing: that is no failure of the step."""


class Agent(Protocol):
    """Something that can do a step."""

    @property
    def name(self) -> str:
        """What a claim calls it."""
        ...

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        """Do the step in the tree. Failing is a result; raising is for interrupts and our own errors."""
        ...
