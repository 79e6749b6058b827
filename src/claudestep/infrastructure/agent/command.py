"""The `command` agent: any program, run by the shell in the tree. For codemods that need no AI."""

import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import IO

from claudestep.domain.errors import InvalidDocument
from claudestep.domain.models import UNKNOWN_MODEL, AITask
from claudestep.infrastructure.agent.runner import AgentResult, AgentTask, Progress
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.metadata import codec
from claudestep.infrastructure.process import Group, deferred_signals

logger = logging.getLogger(__name__)

USAGE_FILE = "CLAUDESTEP_USAGE_FILE"
_ALWAYS_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
_TICK = 0.25
_TAIL = 8_000
_NO_COMMAND = (126, 127)  # what a shell exits with when it cannot run a command

Tell = Callable[[timedelta], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRunner:
    """An `Agent` that runs one command line; `label` is what a failure calls it."""

    command: str
    label: str
    passed: tuple[str, ...]
    environment: Mapping[str, str]
    clock: Clock

    @property
    def name(self) -> str:
        """What a claim calls it."""
        return "command"

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        """Run it in a process group that is ended with it, or at the time limit."""
        usage = task.tree.parent / "usage.json"
        result = self._shell(task, self._environment(task, usage), progress)
        return replace(result, ai_tasks=self._usage(task, usage))

    def _environment(self, task: AgentTask, usage: Path) -> Mapping[str, str]:
        names = (*_ALWAYS_PASSED, *self.passed)
        passed = {name: self.environment[name] for name in names if name in self.environment}
        return passed | {
            "CLAUDESTEP_PROJECT": task.project,
            "CLAUDESTEP_STEP_INDEX": str(task.step_index),
            "CLAUDESTEP_STEP_DESCRIPTION": task.step_description,
            USAGE_FILE: str(usage),
        }

    def _shell(self, task: AgentTask, env: Mapping[str, str], progress: Progress) -> AgentResult:
        """Run the command line. Its output goes to a file: a child that it leaves behind cannot block us."""
        deadline = self.clock.monotonic() + task.timeout.total_seconds()
        with tempfile.TemporaryFile() as prompt, tempfile.TemporaryFile() as output:
            prompt.write(task.prompt.encode(errors="replace"))
            prompt.seek(0)
            argv = ["/bin/sh", "-c", self.command]
            group = None
            try:
                with deferred_signals():
                    group = Group(argv, env=env, cwd=task.tree, stdin=prompt, stdout=output)
                task.started(group.id)
                status = self._wait(group, deadline, lambda since: progress(since, _last_line(output)))
            finally:
                if group is not None:
                    group.end()
            tail = _tail(output)
        if status is None:
            return AgentResult(f"{self.label} was stopped at the time limit (timeoutMinutes)", output=tail)
        return AgentResult(_failure(self.label, status, tail), output=tail, could_start=status not in _NO_COMMAND)

    def _wait(self, group: Group, deadline: float, tell: Tell) -> int | None:
        began = self.clock.monotonic()
        while (left := deadline - self.clock.monotonic()) > 0:
            status = group.wait(min(_TICK, left))
            if status is not None:
                return status
            tell(timedelta(seconds=self.clock.monotonic() - began))
        return None

    def _usage(self, task: AgentTask, path: Path) -> tuple[AITask, ...]:
        """What the command says that it used; what cannot be read has an unknown cost, not none."""
        try:
            tasks = codec.decode_ai_tasks(USAGE_FILE, path.read_bytes())
        except FileNotFoundError:
            return ()
        except (InvalidDocument, OSError) as error:
            logger.warning("the usage that the agent wrote cannot be read, so its cost is unknown: %s", error)
            tasks = (_unknown(self.clock),)
        return tuple(replace(one, id=f"{task.claim_id}-{n}") for n, one in enumerate(tasks, start=1))


def _unknown(clock: Clock) -> AITask:
    return AITask(type="PRCreation", model=UNKNOWN_MODEL, cost_usd=None, created_at=clock.now())


def _failure(what: str, status: int, tail: str) -> str | None:
    if status == 0:
        return None
    said = tail.strip().splitlines()
    reason = f": {said[-1]}" if said else ""
    if status < 0:
        return f"{what} was ended by signal {-status}{reason}"
    return f"{what} failed with exit status {status}{reason}"


def _tail(output: IO[bytes]) -> str:
    """The end of what was printed, as text; reading by position, for the child writes through the same file."""
    size = os.fstat(output.fileno()).st_size
    data = os.pread(output.fileno(), _TAIL, max(0, size - _TAIL))
    return data.decode(errors="replace")


def _last_line(output: IO[bytes]) -> str:
    lines = _tail(output).strip().splitlines()
    return lines[-1].strip() if lines else ""
