"""What an observation left open, in one more request: other base branches, step branches, single pull requests."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeVar

from msgspec import Struct

from claudestep.domain.commit_message import claim_of
from claudestep.domain.observation import Answers, Questions, StepHead
from claudestep.infrastructure.github.aliases import Many, chunks, compose
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import named
from claudestep.infrastructure.github.bases import base_tree
from claudestep.infrastructure.github.documents import with_fragments
from claudestep.infrastructure.github.heads import pulls_of
from claudestep.infrastructure.github.pull_requests import with_records
from claudestep.infrastructure.github.refs import HEADS
from claudestep.infrastructure.github.replies import BaseRef, Page, Pull, Reply
from claudestep.infrastructure.github.texts import ask_with_texts

T = TypeVar("T")

logger = logging.getLogger(__name__)

_TOGETHER = 50
"""Of each kind, in one request."""
_BASE = "ref(qualifiedName: {}) {{ name target {{ ...BaseCommit }} }}"
_HEAD = "ref(qualifiedName: {}) {{ target {{ oid ... on Commit {{ message }} }} }}"
_PULLS = (
    "pullRequests(headRefName: {}, first: 20, orderBy: {{field: CREATED_AT, direction: DESC}}) {{ ...PullPage }}"
)
_NUMBER = "pullRequest(number: {}) {{ ...PullWithBody }}"


class _Tip(Reply, frozen=True):
    oid: str
    message: str


class _StepRef(Reply, frozen=True):
    target: _Tip


class _Found(Struct, frozen=True):
    """One answer; what is not there is None."""

    bases: dict[str, BaseRef | None] = {}
    heads: dict[str, _StepRef | None] = {}
    pulls: dict[str, Page[Pull]] = {}
    repository: dict[str, Pull | None] | None = {}


def look_up(github: GitHub, questions: Questions) -> Answers:
    """Ask everything in as few requests as there can be. Raises HostError."""
    before = github.requests
    answers = Answers()
    for part in _parts(questions):
        answers = _merged(answers, _ask(github, part))
    logger.info("looked up with %d requests to GitHub", github.requests - before)
    return answers


def _parts(questions: Questions) -> Iterator[Questions]:
    kinds = (
        chunks(sorted(questions.bases), _TOGETHER),
        chunks(sorted(questions.heads), _TOGETHER),
        chunks(sorted(questions.numbers), _TOGETHER),
    )
    for bases, heads, numbers in zip_longest(*kinds, fillvalue=()):
        yield Questions(bases=frozenset(bases), heads=frozenset(heads), numbers=frozenset(numbers))


def sample() -> str:
    """The document with one question of each kind: what it asks for does not depend on how many there are."""
    one = Questions(bases=frozenset({"b"}), heads=frozenset({"h"}), numbers=frozenset({1}))
    return with_fragments(compose(_many(one), "$texts: Boolean!"))


def _many(questions: Questions) -> tuple[Many, Many, Many, Many]:
    """Bases, heads, the pull requests of these heads, and pull requests by number."""
    heads = sorted(questions.heads)
    return (
        Many("bases", "b", "String!", _BASE, [HEADS + name for name in sorted(questions.bases)]),
        Many("heads", "h", "String!", _HEAD, [HEADS + name for name in heads]),
        Many("pulls", "q", "String!", _PULLS, heads),
        Many("repository", "p", "Int!", _NUMBER, sorted(questions.numbers)),
    )


def _ask(github: GitHub, questions: Questions) -> Answers:
    bases, tips, pulls, _ = parts = _many(questions)
    found = _answer(github, parts)
    seen = [pull for head, page in _by_name(pulls, found.pulls) for pull in pulls_of(github, head, page)]
    seen += filter(None, (found.repository or {}).values())
    return Answers(
        bases={name: base_tree(github, name, ref.target) for name, ref in _by_name(bases, found.bases)},
        heads={
            name: StepHead(ref.target.oid, claim_of(ref.target.message))
            for name, ref in _by_name(tips, found.heads)
        },
        pull_requests=with_records(seen, trusted=questions.heads),
    )


def _answer(github: GitHub, parts: Sequence[Many]) -> _Found:
    variables = {name: value for part in parts for name, value in part.variables.items()}
    if any(part.values for part in parts if part.name == "bases"):
        text = with_fragments(compose(parts, "$texts: Boolean!"))
        return ask_with_texts(github, text, variables, _Found, missing_ok=True).data
    text = with_fragments(compose(parts))
    return github.query(text, {**named(github), **variables}, _Found, missing_ok=True).data


def _by_name(many: Many, answers: Mapping[str, T | None]) -> Iterator[tuple[str, T]]:
    """What is there, by the name of its branch."""
    for alias, value in many.variables.items():
        answer = answers.get(alias)
        if answer is not None:
            yield str(value).removeprefix(HEADS), answer


def _merged(one: Answers, other: Answers) -> Answers:
    return Answers(
        bases={**one.bases, **other.bases},
        heads={**one.heads, **other.heads},
        pull_requests=(*one.pull_requests, *other.pull_requests),
    )
