"""The first commit of the metadata branch: an orphan that holds the first documents at once.

createCommitOnBranch makes no branch, so that both ways of writing begin with this one.
"""

from collections.abc import Mapping
from typing import NoReturn

from claudestep.domain.errors import HostError, Transient, Unprocessable, UnreadableReply
from claudestep.infrastructure.git.command import OUR_EMAIL, OUR_NAME
from claudestep.infrastructure.github import git_data
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.verdicts import judged
from claudestep.infrastructure.metadata.branch import Refused, StaleBranch

_WE = {"name": OUR_NAME, "email": OUR_EMAIL}
_EMPTY = "the repository has no commit yet, and GitHub makes no other branch before its first"


def begin(github: GitHub, changes: Mapping[str, bytes | None], message: str) -> str:
    """Make the branch with its first commit and return its id; where there is one by now, another run was first.

    Raises StaleBranch, Refused, CommitInDoubt.
    """
    try:
        commit = _write_orphan(github, {path: data for path, data in changes.items() if data is not None}, message)
    except (Transient, UnreadableReply) as error:
        raise StaleBranch(f"no branch was made: {error}") from error  # nobody refers to what was written
    except HostError as error:
        _refuse(error)
    try:
        git_data.create_branch(github, commit)
    except Unprocessable as error:
        if "already exists" not in error.host_text:
            _refuse(error)
        raise StaleBranch("another run has begun the branch") from error
    except HostError as error:
        raise judged(error) from error
    return commit


def _write_orphan(github: GitHub, files: Mapping[str, bytes], message: str) -> str:
    tree = git_data.write_tree(github, files)
    return git_data.write_commit(github, tree, message, (), by=_WE)


def _refuse(error: HostError) -> NoReturn:
    if isinstance(error, Unprocessable) and git_data.is_empty(error):
        raise Refused(_EMPTY, remedy="Push it: git push -u origin HEAD") from error
    raise judged(error) from error
