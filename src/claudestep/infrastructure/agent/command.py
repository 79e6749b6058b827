"""The `command` agent: any program, run by the shell in the tree. For codemods that need no AI."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from claudestep.infrastructure.agent.discretion import Say, discretion
from claudestep.infrastructure.agent.program import (
    NO_GIT_CONFIGURATION,
    Program,
    ending,
    last_line,
    passed,
    tail,
)
from claudestep.infrastructure.agent.runner import AgentResult, AgentTask, Progress
from claudestep.infrastructure.agent.usage import VARIABLE, take_usage, usage_file
from claudestep.infrastructure.clock import Clock

_NO_COMMAND = (126, 127)  # what a shell exits with when it cannot run a command


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRunner:
    """An `Agent` that runs one command line; `label` is what a failure calls it."""

    command: str
    label: str
    names: tuple[str, ...]
    environment: Mapping[str, str]
    clock: Clock

    @property
    def name(self) -> str:
        """What a claim calls it."""
        return "command"

    @property
    def model(self) -> None:
        """A command may use no model at all."""
        return

    def obstacle(self) -> None:
        """Only the shell can tell whether a command line can be run."""
        return

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        """Run it in a process group that is ended with it, or at the time limit."""
        usage = usage_file(task.scratch)
        say = discretion(self.environment)
        try:
            return self._shell(task, self._environment(task, usage), progress, say)
        finally:
            task.spent(take_usage(usage, task.operation, self.clock.now(), say=say))

    def _environment(self, task: AgentTask, usage: Path) -> Mapping[str, str]:
        return {
            **passed(self.environment, self.names),
            **NO_GIT_CONFIGURATION,
            "CLAUDESTEP_PROJECT": task.project,
            "CLAUDESTEP_STEP_INDEX": str(task.step_index),
            "CLAUDESTEP_STEP_DESCRIPTION": task.step_description,
            "CLAUDESTEP_AI_TASK": task.operation,
            VARIABLE: str(usage),
        }

    def _shell(self, task: AgentTask, env: Mapping[str, str], progress: Progress, say: Say) -> AgentResult:
        program = Program(
            argv=("/bin/sh", "-c", self.command), environment=env, tree=task.tree, mark=task.scratch.name,
            stdin=task.prompt, timeout=task.timeout, started=task.started,
        )  # fmt: skip
        with tempfile.TemporaryFile() as output:
            status = program.run(output, None, self.clock, lambda t, out: progress(t, last_line(say(tail(out)))))
            said = say(tail(output))
        if status is None:
            return AgentResult(failure=f"{self.label} was stopped at the time limit (timeoutMinutes)", output=said)
        where = " (in a checkout of what is committed)" if status in _NO_COMMAND else ""
        failure = ending(f"{self.label}{where}", status, said) if status else None
        return AgentResult(failure=failure, output=said, counts=status not in _NO_COMMAND)
