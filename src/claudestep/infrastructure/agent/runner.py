"""The port of agents."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol

from claudestep.domain.ai_tasks import AITask

Progress = Callable[[timedelta, str], None]
"""Told now and then: how long it has run, and what it does or the last line that it printed."""

Operation = Literal["PRCreation", "PRRefinement", "PRSummary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTask:
    """What an agent is asked to do, and where: in `tree`; the folder `scratch` is the run's own.

    `budget_usd` is the most that it may spend; `answer` is the JSON Schema of the answer that is wanted in
    place of a changed tree.
    """

    project: str
    step_index: int
    step_description: str
    prompt: str
    tree: Path
    scratch: Path
    timeout: timedelta
    started: Callable[[int], None]
    """Told the number of the process group as soon as it runs, so that a later run can end it."""
    spent: Callable[[tuple[AITask, ...]], None]
    """Told once what was used, as soon as that is known, also where an interrupt ends the agent."""
    operation: Operation = "PRCreation"
    budget_usd: float | None = None
    answer: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentResult:
    """How it went. `failure` is None when the agent says that it did what it was asked.

    `counts` is False where the step is not to blame: the agent
    is missing, or its service refused it and took nothing. `warnings` are worth telling and no failure.
    """

    failure: str | None
    output: str = ""
    counts: bool = True
    answer: Mapping[str, object] | None = None
    warnings: tuple[str, ...] = ()


class Agent(Protocol):
    """Something that can do a step."""

    @property
    def name(self) -> str:
        """What a claim calls it."""
        ...

    @property
    def model(self) -> str | None:
        """The model that every run of it pays for, as far as that is known; None where a run may cost nothing."""
        ...

    def obstacle(self) -> str | None:
        """Why it surely cannot run on this machine; None where nothing speaks against it."""
        ...

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        """Do the task in the tree. Failing is a result; raising is for interrupts and our own errors."""
        ...
