"""The remotes that a clone knows."""

from collections.abc import Mapping

from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.process import CommandFailed

_KEY, _END = "remote.", ".url"


def remote_urls(git: Git) -> Mapping[str, str]:
    """The address of each remote by its name, as it is configured; a remote with several gives its first."""
    configured = (git.git_dir / "config").read_bytes()
    if b"[remote" not in configured and b"[include" not in configured:
        return {}  # the common case of a trial, without a process
    try:
        listed = git.text("config", "-z", "--get-regexp", r"^remote\..*\.url$")
    except CommandFailed:  # git's way to say that there is none
        return {}
    pairs = [entry.partition("\n") for entry in listed.split("\0") if entry]
    return {key.removeprefix(_KEY).removesuffix(_END): url for key, _, url in reversed(pairs)}
