"""Asking for texts together with everything else; where that is too much for GitHub, for everything else alone.

A query over some dozen files fails now and then with "Something went wrong", and one that takes 10 s is given up:
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import logging
from collections.abc import Mapping
from typing import TypeVar

from claudestep.domain.errors import NotFound, Transient, UnreadableReply
from claudestep.infrastructure.github.api.client import Answer, GitHub
from claudestep.infrastructure.github.asking import named, no_repository

T = TypeVar("T")

logger = logging.getLogger(__name__)

_TRIES = 2
"""With all texts; the ordinary bound holds without them."""


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
