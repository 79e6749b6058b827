"""The action of the release that this is, as a workflow names it."""

import re
from importlib.metadata import PackageNotFoundError, distribution

import msgspec

from claudestep.domain.errors import UsageError
from claudestep.infrastructure.workflow_file import ACTION
from claudestep.version import __version__

_COMMIT = re.compile(r"@[0-9a-f]{40}(?![0-9a-z])")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)+@[A-Za-z0-9][A-Za-z0-9_./-]*")


class _Commit(msgspec.Struct, frozen=True):
    commit_id: str = ""


class _Origin(msgspec.Struct, frozen=True):
    """Where an installer had a package from: https://packaging.python.org/specifications/direct-url/"""

    vcs_info: _Commit = _Commit()


def action_reference() -> str:
    """`owner/name@commit # version` where this was installed from a commit; else by the tag of its version."""
    try:
        origin = distribution("claudestep").read_text("direct_url.json") or "{}"
        commit = msgspec.json.decode(origin, type=_Origin).vcs_info.commit_id
    except (PackageNotFoundError, msgspec.MsgspecError):
        commit = ""
    return f"{ACTION}@{commit} # v{__version__}" if commit else f"{ACTION}@v{__version__}"


def check_action(reference: str) -> str:
    """The reference, or UsageError where it is none."""
    if not _REFERENCE.fullmatch(reference):
        raise UsageError(
            f"--action: {reference!r} names no action",
            remedy=f"Such as {ACTION}@v{__version__}, or @ and a commit.",
        )
    return reference


def how_to_pin(reference: str) -> str | None:
    """How a reference that can be moved is made one to a commit; None where it is that already."""
    if _COMMIT.search(reference):
        return None
    action, _, tag = reference.partition("@")
    repository = "/".join(action.split("/")[:2])
    return (
        f"{reference} can be moved; to pin it, write in place of {tag} the commit that this prints:\n"
        f"  gh api repos/{repository}/commits/{tag} --jq .sha"
    )
