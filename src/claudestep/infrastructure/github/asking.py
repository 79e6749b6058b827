"""Asking for what a document wants to know of the repository."""

from collections.abc import Mapping
from typing import TypeVar

from claudestep.domain.errors import NotFound
from claudestep.infrastructure.github.api.client import Answer, GitHub
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.replies import Framed

T = TypeVar("T")


def named(github: GitHub) -> dict[str, object]:
    """The variables that name the repository in every document."""
    return {"owner": github.repository.owner, "name": github.repository.name}


def ask(github: GitHub, name: str, variables: Mapping[str, object], type_: type[T]) -> Answer[T]:
    """The answer to a document. Raises HostError."""
    return github.query(document(name), {**named(github), **variables}, type_)


def ask_of_repository(github: GitHub, name: str, variables: Mapping[str, object], type_: type[Framed[T]]) -> T:
    """What a document asks of the repository. Raises HostError, NotFound where there is none."""
    return require(github, ask(github, name, variables, type_).data.repository)


def require(github: GitHub, repository: T | None) -> T:
    """The repository of an answer. Raises NotFound."""
    if repository is None:
        raise no_repository(github)
    return repository


def no_repository(github: GitHub, host_text: str = "") -> NotFound:
    """GitHub says the same of a repository that is not there and of one that the token may not see."""
    return NotFound(
        f"there is no repository {github.repository} on {github.endpoints.server}, or the token may not see it",
        remedy="Check the name, and that the token may read the repository (contents and pull requests).",
        host_text=host_text,
    )
