"""docs/github-api-use.md: all that is asked of GitHub, as `infrastructure/github/uses.py` declares it."""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))  # what a document asks for is worked out as the tests do it

from tests.github_server.graphql.schema import plain_schema
from tests.github_server.published import declared
from tests.github_server.published.fields import Fields, flat

from claudestep.infrastructure.github import uses
from claudestep.infrastructure.github.api.permissions import MAKE_LABELS, MUTATIONS, spoken
from claudestep.infrastructure.github.documents import document

_HEAD = """\
# What is asked of GitHub

*Made by `make docs` from `src/claudestep/infrastructure/github/uses.py` and the GraphQL documents beside it.
The tests hold every request against this list: what is not on it fails where it is asked, and what nobody asks
is missed.*

Beside these interfaces there is only git itself over HTTPS: `fetch` needs contents=read, `push` contents=write.

## The smallest permissions

```
permissions:
  contents: write        # the metadata branch and the step branches; merging
  pull-requests: write   # opening, closing, labels, assignees, reviews
  issues: write          # making a label that the repository does not have yet
```

The last line can go where the label `claudestep` and those of `labels:` exist. `metadata: read` comes with
every token; `actions` and all others are not needed. What only reads (`status`, `why`, `statistics`, `sync
--dry-run`) does with `contents: read` and `pull-requests: read`. These are the keys of a workflow; a
fine-grained token has permissions of the same names, and below they are written as GitHub writes them when it
refuses something: `contents=write`.
"""
_GRAPHQL = """\
## GraphQL

For GraphQL, GitHub publishes no permissions: those here are of the REST operations that do the same. Each field
that a document asks for stands below it, fields of fragments included, by the type that GitHub's schema has it
in.
"""
_MADE = {
    "LookUp": "what an observation left open (other base branches, step branches, single pull requests) and"
    " texts of files; put together at run time, one alias for each thing",
}


def api_use_page() -> str:
    """The whole page. SystemExit where the declarations and the documents do not agree."""
    _check()
    return "\n".join([_HEAD, *_rest(), "", _GRAPHQL, *_documents()]) + "\n"


def _check() -> None:
    there = {path.stem for path in (Path(uses.__file__).parent / "queries").glob("*.graphql")}
    if there != uses.DOCUMENTS.keys():
        raise SystemExit(f"uses.DOCUMENTS and queries/ differ: {sorted(there ^ uses.DOCUMENTS.keys())}")
    asked = frozenset().union(*declared.fields_by_operation(plain_schema()).values())
    idle = (uses.FIELDS.keys() | {f"Mutation.{name}" for name in MUTATIONS}) - asked
    if idle:
        raise SystemExit(f"permissions of fields that no document asks for: {sorted(idle)}")
    bare = {field for field in asked if field.startswith("Mutation.")} - {f"Mutation.{name}" for name in MUTATIONS}
    if bare:
        raise SystemExit(f"mutations without a permission: {sorted(bare)}")


def _rest() -> Iterator[str]:
    yield "## REST\n"
    yield "| | | needs | for |"
    yield "| --- | --- | --- | --- |"
    for call in uses.REST:
        yield f"| {call.method} | `{call.path}` | {spoken(call.permission)} | {call.purpose} |"
    yield f"\nA label that is not there yet is made only with {MAKE_LABELS}, whatever else the token may."


def _documents() -> Iterator[str]:
    purposes = {declared.name_of(document(name)): purpose for name, purpose in uses.DOCUMENTS.items()} | _MADE
    for name, samples in sorted(declared.texts().items()):
        fields = _united(declared.fields(plain_schema(), samples))
        yield f"### {name}\n"
        yield f"{purposes[name][0].upper()}{purposes[name][1:]}. Needs {', '.join(_needed(fields))}.\n"
        yield from (f"- {type_}: {', '.join(sorted(fields[type_]))}" for type_ in sorted(fields))
        yield ""


def _united(several: tuple[Fields, ...]) -> Fields:
    types = {type_ for fields in several for type_ in fields}
    return {type_: frozenset().union(*(fields.get(type_, frozenset()) for fields in several)) for type_ in types}


def _needed(fields: Fields) -> list[str]:
    """The permissions of a document; to write includes to read."""
    by_field = {**uses.FIELDS, **{f"Mutation.{name}": permission for name, permission in MUTATIONS.items()}}
    found = {by_field[field] for field in flat(fields) if field in by_field}
    included = {one.replace("=write", "=read") for one in found if "=write" in one}
    return [spoken(one) for one in sorted(found - included)] or ["metadata=read"]
