"""What all agents have in common: a program in a process group of its own, its deadline, its output in a file."""

import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.leftovers import MARK, end_marked
from claudestep.infrastructure.process import Group, deferred_signals
from claudestep.infrastructure.secrecy import conceal_ourselves

ALWAYS_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
NO_GIT_CONFIGURATION = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GH_CONFIG_DIR": os.devnull,
}
"""The user's configurations of git and gh may hold a token: git reads that of the agent's own tree, and gh none."""

_TICK = 0.25
_TAIL = 8_000
_WORD = re.compile(r"\A\S{0,1000}")

Watch = Callable[[timedelta, IO[bytes]], None]
"""Told now and then how long the program has run, with its output so far; it reads by position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program to run: its arguments, its whole environment, and where; its processes are found by `mark`."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    tree: Path
    mark: str
    stdin: str
    timeout: timedelta
    started: Callable[[int], None]
    interruptible: bool = False
    """Ended by SIGINT first, as by Ctrl-C: it then says what it used."""

    def run(self, output: IO[bytes], errors: IO[bytes] | None, clock: Clock, watch: Watch) -> int | None:
        """Run it to its end and return its exit status; None where it was stopped at the time limit.

        Its output goes to files: a child that it leaves behind cannot block us. When this returns, its whole
        process group has ended, and what left the group as far as it can be found. Raises CommandFailed where it
        cannot be started.
        """
        mark = self.mark
        conceal_ourselves()
        deadline = clock.monotonic() + self.timeout.total_seconds()
        with tempfile.TemporaryFile() as stdin:
            stdin.write(self.stdin.encode(errors="replace"))
            stdin.seek(0)
            group = None
            try:
                with deferred_signals():
                    group = Group(
                        self.argv,
                        env={**self.environment, MARK: mark},
                        cwd=self.tree,
                        stdin=stdin,
                        stdout=output,
                        stderr=errors,
                    )
                self.started(group.id)
                return _wait(group, clock, deadline, lambda since: watch(since, output))
            finally:
                try:
                    if group is not None:
                        group.end(interrupt=self.interruptible)
                finally:  # also where a second interrupt breaks off the end of the group
                    end_marked(mark)


def _wait(group: Group, clock: Clock, deadline: float, tell: Callable[[timedelta], None]) -> int | None:
    began = clock.monotonic()
    while (left := deadline - clock.monotonic()) > 0:
        status = group.wait(min(_TICK, left))
        if status is not None:
            return status
        tell(timedelta(seconds=clock.monotonic() - began))
    return None


def passed(environment: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The variables of `environment` that an agent may see: those that are always passed, and `names`."""
    return {name: environment[name] for name in (*ALWAYS_PASSED, *names) if name in environment}


def tail(output: IO[bytes]) -> str:
    """The end of what was printed, as text; reading by position, for the child writes through the same file.

    What is cut begins after white space: what was a token would not look like one without its begin.
    """
    size = os.fstat(output.fileno()).st_size
    data = os.pread(output.fileno(), _TAIL, max(0, size - _TAIL))
    text = data.decode(errors="replace")
    return text if size <= _TAIL else _WORD.sub("", text, count=1)


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def ending(what: str, status: int, said: str) -> str:
    """How a program failed, in a sentence; `status` is negative for a signal."""
    reason = f": {last_line(said)}" if said.strip() else ""
    if status < 0:
        return f"{what} was ended by signal {-status}{reason}"
    return f"{what} failed with exit status {status}{reason}"
