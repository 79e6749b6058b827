"""Why nothing could be written or merged, as far as a repository says beforehand what may be done in it."""

from claudestep.infrastructure.github.api.endpoints import RepositoryName
from claudestep.infrastructure.github.replies import Rights
from claudestep.infrastructure.hosting.port import Obstacle

_ARCHIVED = "Take it out of the archive in its settings on GitHub."
_READ_ONLY = "Use the token of somebody who may write to it."
_NO_METHOD = "Allow one in its settings on GitHub."
_MAY_NOT_WRITE = ("READ", "TRIAGE")


def to_writing(rights: Rights, repository: RepositoryName) -> Obstacle | None:
    """Why no branch could be written; what an app may do, as in a workflow, is only known when it is tried."""
    if rights.is_archived:
        return Obstacle(f"the repository {repository} is archived: it can only be read", _ARCHIVED)
    if rights.viewer_permission in _MAY_NOT_WRITE:
        return Obstacle(f"the token may not write to {repository}", _READ_ONLY)
    return None


def to_merging(rights: Rights, repository: RepositoryName) -> Obstacle | None:
    """Why nothing could be merged; rules of a base branch are only known when it is tried."""
    obstacle = to_writing(rights, repository)
    if obstacle is None and method_of_merging(rights) is None:
        return Obstacle(f"{repository} allows no way of merging pull requests", _NO_METHOD)
    return obstacle


def method_of_merging(rights: Rights) -> str | None:
    """The way of merging that the repository allows and that keeps most of the history."""
    allowed = {
        "MERGE": rights.merge_commit_allowed,
        "SQUASH": rights.squash_merge_allowed,
        "REBASE": rights.rebase_merge_allowed,
    }
    return next((method for method, is_allowed in allowed.items() if is_allowed), None)
