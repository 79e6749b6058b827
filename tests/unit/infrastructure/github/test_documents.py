"""Every document that ClaudeStep sends is valid under GitHub's own schema."""

from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from claudestep.domain.observation import Questions
from claudestep.infrastructure.github.blobs import read_all
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.lookup import look_up
from claudestep.infrastructure.github.replies import Entry
from claudestep.infrastructure.metadata.documents import blob_id
from tests.fakes.transport import graphql
from tests.unit.infrastructure.github.clients import Scene

SCHEMA = Path(__file__).parents[3] / "npm/node_modules/@octokit/graphql-schema/schema.graphql"
QUERIES = files("claudestep.infrastructure.github") / "queries"
NAMES = sorted(entry.name.removesuffix(".graphql") for entry in QUERIES.iterdir() if entry.is_file())
FRAGMENTS = sorted(entry.name.removesuffix(".graphql") for entry in (QUERIES / "fragments").iterdir())


@cache
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(encoding="utf-8"), assume_valid=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_valid(name: str) -> None:
    assert validate(schema(), parse(document(name))) == []


def test_a_field_that_github_does_not_have_is_found() -> None:
    wrong = document("head").replace("oid", "commitId")
    assert [error.message for error in validate(schema(), parse(wrong))]


def test_a_variable_of_another_type_is_found() -> None:
    wrong = document("head").replace("$ref: String!", "$ref: Int!")
    assert [error.message for error in validate(schema(), parse(wrong))]


def test_a_question_about_many_things_is_valid_and_names_them_in_variables_only() -> None:
    branch = 'claude-step-a-1") { evil } #'
    scene = Scene(graphql({"repository": {}}))
    look_up(
        scene.github,
        Questions(bases=frozenset({branch, "b"}), heads=frozenset({branch}), numbers=frozenset({7, 8})),
    )
    asked = sent(scene)
    assert validate(schema(), parse(asked.query)) == []
    assert "evil" not in asked.query
    assert {name: asked.variables[name] for name in ("b1", "h0", "q0", "p0", "p1")} == {
        "b1": f"refs/heads/{branch}",
        "h0": f"refs/heads/{branch}",
        "q0": branch,
        "p0": 7,
        "p1": 8,
    }


@pytest.mark.parametrize(
    "questions",
    [Questions(bases=frozenset({"b"})), Questions(heads=frozenset({"h"})), Questions(numbers=frozenset({1}))],
    ids=["base", "head", "number"],
)
def test_a_question_about_one_kind_is_valid(questions: Questions) -> None:
    scene = Scene(graphql({"repository": {}}))
    look_up(scene.github, questions)
    assert validate(schema(), parse(sent(scene).query)) == []


def test_a_question_for_texts_is_valid() -> None:
    entries = {str(n): Entry(name=str(n), type="blob", oid=blob_id(b"%d" % n)) for n in range(5)}
    texts = {
        f"b{n}": {"oid": e.oid, "text": e.name} for n, e in enumerate(sorted(entries.values(), key=lambda e: e.oid))
    }
    scene = Scene(graphql({"repository": texts}))
    assert read_all(scene.github, entries) == {str(n): b"%d" % n for n in range(5)}
    assert validate(schema(), parse(sent(scene).query)) == []


def test_every_fragment_is_used() -> None:
    spread = "".join(map(document, NAMES))
    assert [name for name in FRAGMENTS if f"...{name}" not in spread] == []


class Asked(msgspec.Struct):
    query: str
    variables: dict[str, object]


def sent(scene: Scene) -> Asked:
    """The one request that was sent."""
    (request,) = scene.transport.requests
    return msgspec.json.decode(request.body, type=Asked)
