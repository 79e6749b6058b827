"""A run that is killed in the middle of one of its requests to GitHub, and what is left of it is let go."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tests.github_server.fixture import Fault
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import PROJECT, eventually

Moment = Literal["lost", "done", "late"]
"""What becomes of the request: it never arrives, it is served and nobody hears of it, or it arrives much later."""


def kill_at(clone: GitHubClone, number: int, moment: Moment) -> list[int]:
    """Start a run, and kill it at its n-th request, counted from 0; return the processes that it had started.

    A request is lost with the whole machine: a git that outlives its run would send it again. A late one is
    still to `arrive`.
    """
    clone.remote.fault(Fault(kind="hold", skip=number, when="after" if moment == "done" else "before"))
    with clone.start("run", PROJECT) as process:
        eventually(lambda: bool(clone.remote.held()) or process.poll() is not None)
        assert process.poll() is None, f"it ended before request {number}: {process.communicate()}"
        children = _descendants(process.pid)
        for pid in [process.pid, *(children if moment == "lost" else ())]:
            os.kill(pid, signal.SIGKILL)
    if moment != "late":
        clone.remote.let_go(lose=moment == "lost")
        eventually(lambda: not any(map(_is_alive, children)))
    return children


def arrive(clone: GitHubClone, children: list[int]) -> None:
    """Let the request of a killed run arrive now, and let its git do what comes after it."""
    before = sum("hold" in request.faults for request in clone.remote.requests())
    clone.remote.let_go()
    eventually(lambda: sum("hold" in request.faults for request in clone.remote.requests()) > before)
    eventually(lambda: not any(map(_is_alive, children)))


def _descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _is_alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
