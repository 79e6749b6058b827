"""What an agent left running: processes that left its group, found by a mark in their environment.

Linux shows the environment of a user's processes below /proc; elsewhere only the process group is ended. A
program that wipes its environment escapes: this is tidiness, and no boundary.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "CLAUDESTEP_RUN"
_MOST_ROUNDS = 20


def end_marked(mark: str) -> int:
    """End every process whose environment has this mark, and return how many they were.

    It looks again until none is left, for they may start others meanwhile.
    """
    ended = 0
    for _ in range(_MOST_ROUNDS):
        found = list(_marked(f"{MARK}={mark}".encode()))
        if not found:
            break
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended += len(found)
    return ended


def _marked(line: bytes) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        with suppress(OSError):  # it is gone, or another user's
            if pid != os.getpid() and line in (folder / "environ").read_bytes().split(b"\0"):
                yield pid
