"""The first commit of the metadata branch: an orphan that holds the first documents at once.

createCommitOnBranch makes no branch. https://docs.github.com/en/rest/git: trees, commits, refs.
"""

from base64 import b64encode
from collections.abc import Mapping

from claudestep.infrastructure.git.command import OUR_EMAIL, OUR_NAME
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.github.replies import Reply

_WE = {"name": OUR_NAME, "email": OUR_EMAIL}


class Sha(Reply, frozen=True):
    """A git object that REST made."""

    sha: str


def write_orphan(github: GitHub, files: Mapping[str, bytes], message: str) -> str:
    """Make the commit, which nobody sees before there is a ref; return its id. Raises HostError."""
    entries = [_entry(github, path, content) for path, content in files.items()]
    tree = _post(github, "trees", {"tree": entries})
    return _post(
        github, "commits", {"message": message, "tree": tree, "parents": [], "author": _WE, "committer": _WE}
    )


def create_branch(github: GitHub, commit: str) -> None:
    """Make the branch. Raises HostError; Unprocessable where there is one already."""
    github.rest("POST", _path(github, "refs"), object, {"ref": METADATA_REF, "sha": commit})


def _entry(github: GitHub, path: str, content: bytes) -> dict[str, object]:
    """A file by its text; by the id of its blob where it is none."""
    entry: dict[str, object] = {"path": path, "mode": "100644", "type": "blob"}
    try:
        return entry | {"content": content.decode()}
    except UnicodeDecodeError:
        encoded = b64encode(content).decode()
        return entry | {"sha": _post(github, "blobs", {"content": encoded, "encoding": "base64"})}


def _post(github: GitHub, kind: str, body: Mapping[str, object]) -> str:
    return github.rest("POST", _path(github, kind), Sha, body).data.sha


def _path(github: GitHub, kind: str) -> str:
    return f"/repos/{github.repository}/git/{kind}"
