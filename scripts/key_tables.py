"""The tables of docs/configuration.md, from the schemas of the configuration files."""

from collections.abc import Mapping
from typing import Any

from claudestep.infrastructure.config_keys import PATTERNS, configuration_schema, repository_schema

Schema = Mapping[str, Any]

_TABLES = {
    "project": "ProjectKeys",
    "agent": "AgentKeys",
    "reviewer": "ReviewerKeys",
    "budget": "BudgetKeys",
    "limits": "LimitKeys",
    "repository": "RepositoryKeys",
}
_LINKS = {
    "ProjectKeys": "[the keys of a project](#the-keys-of-a-project)",
    "AgentKeys": "[the keys of `agent`](#the-keys-of-agent)",
    "ReviewerKeys": "[the keys of a reviewer](#reviewers)",
    "BudgetKeys": "[the keys of `budget`](#budget)",
    "LimitKeys": "[the keys of `limits`](#what-an-agent-may-not-change)",
}
_WORDS = {pattern.replace("\\Z", "$"): words for pattern, words in PATTERNS.items()}
_SIMPLE = {"string": "text", "boolean": "`true` or `false`"}
_NUMBERS = {"integer": "whole number", "number": "number"}


def key_tables() -> Mapping[str, str]:
    """The table of each mapping, by the name of its marker."""
    definitions = {**configuration_schema()["$defs"], **repository_schema()["$defs"]}
    return {name: _table(definitions[title]) for name, title in _TABLES.items()}


def _table(mapping: Schema) -> str:
    lines = ["| key | what it says | what it is | default |", "| --- | --- | --- | --- |"]
    for key, value in mapping["properties"].items():
        default = "has to be there" if key in mapping["required"] else _default(value["default"])
        lines.append(f"| `{key}` | {value['description']} | {_kind(value)} | {default} |")
    return "".join(f"{line}\n" for line in lines)


def _kind(value: Schema) -> str:
    """The type and its limits, in words."""
    if "$ref" in value:
        return _LINKS[value["$ref"].rpartition("/")[2]]
    if "anyOf" in value:
        (kind,) = (kind for kind in value["anyOf"] if kind != {"type": "null"})
        return _kind(kind)
    if "enum" in value:
        return " or ".join(f"`{name}`" for name in value["enum"])
    if value["type"] == "array":
        return f"list; each: {_kind(value['items'])}"
    if value["type"] in _NUMBERS:
        return _number(value)
    return _WORDS[value["pattern"]] if "pattern" in value else _SIMPLE[value["type"]]


def _number(value: Schema) -> str:
    name, most = _NUMBERS[value["type"]], f"{value['maximum']:,}"
    if "minimum" in value:
        return f"{name}, {value['minimum']} to {most}"
    return f"{name} above {value['exclusiveMinimum']}, at most {most}"


def _default(default: object) -> str:
    if default is None:
        return "not set"
    if default == []:
        return "none"
    if default == {}:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
