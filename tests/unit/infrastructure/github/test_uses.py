"""The list of what is asked of GitHub, and the permissions that refusals name by it."""

import re

import pytest

from claudestep.infrastructure.github.api.permissions import ALIASES, MUTATIONS, needed, spoken
from claudestep.infrastructure.github.documents import document

_FIELD = re.compile(r"(\w+): (\w+)\(input:")


def test_the_aliases_are_those_of_the_document() -> None:
    assert dict(_FIELD.findall(document("dress"))) == ALIASES
    assert set(ALIASES.values()) <= MUTATIONS.keys()


@pytest.mark.parametrize(
    ("alias", "permission"),
    [
        ("createCommitOnBranch", "contents=write"),
        ("review", "pull_requests=write"),
        ("label", "issues=write; pull_requests=write"),
        ("repository", ""),
    ],
)
def test_what_an_answer_was_refused_for(alias: str, permission: str) -> None:
    assert needed(alias) == permission


def test_a_choice_is_spoken() -> None:
    assert spoken("issues=write; pull_requests=write") == "issues=write or pull_requests=write"
