"""What of a commit is not in the repository: all of it, or what a broken fetch or a partial clone left out."""

from dataclasses import dataclass

from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.process import CommandFailed


def missing_objects(git: Git, commit: str) -> list[str]:
    """The objects to be fetched until `commit` can be checked out: none, itself, or some below its tree.

    Nothing is fetched by asking, as `git cat-file` would do in a partial clone. A commit whose parents are missing
    counts as missing, unless the repository knows that its history ends there.
    """
    try:
        listed = git.text(
            "rev-list", "-n", "1", "--parents", "--objects", "--no-object-names", "--missing=print", commit, "--"
        ).splitlines()
    except CommandFailed:
        return [commit]
    missing = [line.removeprefix("?") for line in listed if line.startswith("?")]
    history = listed[0].removeprefix("?").split()
    return [commit] if set(history).intersection(missing) else missing


@dataclass(frozen=True, slots=True)
class Promisor:
    """The remote of a partial clone that has promised to send later what was left out."""

    name: str
    addresses: tuple[str, ...]


def promisor(git: Git) -> Promisor | None:
    """The promisor of a partial clone; None where the clone is whole."""
    for setting in _settings(git, "--name-only", "--get-regexp", r"^remote\..*\.promisor$"):
        remote = setting.removesuffix(".promisor")
        return Promisor(remote.removeprefix("remote."), tuple(_settings(git, "--get-all", f"{remote}.url")))
    return None


def _settings(git: Git, *question: str) -> list[str]:
    try:
        return git.text("config", *question).splitlines()
    except CommandFailed:  # there is none
        return []
