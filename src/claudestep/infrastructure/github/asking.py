"""Asking for texts together with everything else; where that is too much for GitHub, for everything else alone.

A query over some dozen files fails now and then with "Something went wrong", and one that takes 10 s is given up:
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import logging
from collections.abc import Mapping
from typing import TypeVar

from claudestep.domain.errors import NotFound, Transient, UnreadableReply
from claudestep.infrastructure.github.client import Answer, GitHub
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.replies import Framed

T = TypeVar("T")

logger = logging.getLogger(__name__)

_TRIES = 2
"""With all texts; the ordinary bound holds without them."""


def named(github: GitHub) -> dict[str, object]:
    """The variables that name the repository in every document."""
    return {"owner": github.repository.owner, "name": github.repository.name}


def ask(github: GitHub, name: str, variables: Mapping[str, object], type_: type[T]) -> Answer[T]:
    """The answer to a document. Raises HostError."""
    return github.query(document(name), {**named(github), **variables}, type_)


def ask_of_repository(github: GitHub, name: str, variables: Mapping[str, object], type_: type[Framed[T]]) -> T:
    """What a document asks of the repository. Raises HostError, NotFound where there is none."""
    return require(github, ask(github, name, variables, type_).data.repository)


def ask_with_texts(
    github: GitHub, text: str, variables: Mapping[str, object], type_: type[T], *, missing_ok: bool = False
) -> Answer[T]:
    """The answer to a document with the variable `texts`; without texts where it fails with them.

    Raises HostError.
    """
    asked = {**named(github), **variables}
    try:
        return github.query(text, {**asked, "texts": True}, type_, missing_ok=missing_ok, tries=_TRIES)
    except NotFound as error:
        raise no_repository(github, error.host_text) from error
    except (Transient, UnreadableReply) as error:
        if isinstance(error, Transient) and not error.sent:
            raise
        logger.warning("asking GitHub for less at a time: %s", error)
    return github.query(text, {**asked, "texts": False}, type_, missing_ok=missing_ok)


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
