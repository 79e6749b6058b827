"""Who we are, and whether somebody else is surely dead: processes of one boot of one host."""

import os
import re
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from pwd import getpwuid

from claudestep.domain.models import Owner
from claudestep.domain.settling import IsGone
from claudestep.infrastructure import process
from claudestep.infrastructure.process import CommandFailed

_USER = re.compile(r"[\w.-]{1,32}")


@cache
def current_owner() -> Owner:
    """The process that asks."""
    return owner_of(os.getpid())


def owner_of(pid: int) -> Owner:
    """The process of this number, as it is now; `started` is empty where there is none."""
    return Owner(host=_host(), boot_id=_boot_id(), pid=pid, started=_started(pid) or "")


def describe(owner: Owner, environment: Mapping[str, str]) -> str:
    """Who writes, for people: `alice@host pid 7`, or `workflow run 12 attempt 1`.

    The user's name is that of `environment`, and of the system where it says none.
    """
    if owner.run_id:
        return f"workflow run {owner.run_id} attempt {owner.run_attempt}"
    host = owner.host.split()[0] if owner.host.strip() else "unknown"
    process = f" pid {owner.pid}" if owner.pid else ""
    return f"{_user(environment)}@{host}{process}"


def _user(environment: Mapping[str, str]) -> str:
    """A name of letters, digits and `._-`, whatever the environment holds: it is published."""
    named = environment.get("LOGNAME") or environment.get("USER") or ""
    if _USER.fullmatch(named):
        return named
    try:
        return getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def is_gone(owner: Owner) -> bool:
    """Whether the process is surely dead: same host, same boot, and no process of its number and start.

    False in doubt, also for owners that are no process (a workflow run).
    """
    if not owner.pid or not owner.started or not is_here(owner):
        return False
    return _started(owner.pid) != owner.started


def judge_of(us: Owner) -> IsGone:
    """Who is surely dead, as `us` can tell: a process of ours, or an earlier attempt of our own workflow run.

    GitHub begins a new attempt only when the one before has ended.
    """

    def gone(owner: Owner) -> bool:
        earlier = owner.run_id != 0 and owner.run_id == us.run_id and owner.run_attempt < us.run_attempt
        return earlier or is_gone(owner)

    return gone


def is_here(owner: Owner) -> bool:
    """Whether it is a process of this boot of this host, alive or not."""
    here = current_owner()
    return bool(owner.pid) and (owner.host, owner.boot_id) == (here.host, here.boot_id)


def _host() -> str:
    """The host's name, with the process namespace: two containers may share a name and not their processes."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{socket.gethostname()} {namespace}".strip()


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return _ask(["sysctl", "-n", "kern.boottime"]) or ""


def _started(pid: int) -> str | None:
    """When the process began, in words that only have to differ; None where there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        return _ask(["ps", "-o", "lstart=", "-p", str(pid)])
    try:
        # The name in parentheses may hold anything, so count from its end: field 3 is the state, 22 the start.
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]


def _ask(argv: list[str]) -> str | None:
    locale: Mapping[str, str] = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    try:
        return process.run(argv, env=locale).stdout.decode(errors="replace").strip() or None
    except CommandFailed:
        return None
