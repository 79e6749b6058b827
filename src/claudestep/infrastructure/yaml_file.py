"""A YAML file as a value, with the line of every place in it, so that an error can name it."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

import msgspec
import yaml

from claudestep.domain.errors import ConfigurationError
from claudestep.infrastructure.config_keys import (
    CHOICES,
    PATTERNS,
    AgentKeys,
    BudgetKeys,
    LimitKeys,
    Part,
    ProjectKeys,
    ReviewerKeys,
)

_LONGEST = 256 * 1024

Place = tuple[object, ...]
P = TypeVar("P", bound=Part)


class YamlFile:
    """A YAML file: its value, and the line of every place in it."""

    def __init__(self, path: str, content: bytes | None) -> None:
        self.path = path
        self.lines: dict[Place, int] = {}
        self.value: object = {}
        self._seen: set[int] = set()
        if content is not None:
            self._load(content)

    def error(self, place: Place, problem: str) -> ConfigurationError:
        """The error at a place, or at the nearest place above it that has a line."""
        while place and place not in self.lines:
            place = place[:-1]
        return ConfigurationError(self.path, self.lines.get(place), problem)

    def read(self, kind: type[P]) -> P:
        """The value as this type. Raises ConfigurationError."""
        try:
            return msgspec.convert(self.value, kind)
        except msgspec.ValidationError as error:
            raise self._explain(str(error), kind) from error

    def _load(self, content: bytes) -> None:
        if len(content) > _LONGEST:
            raise ConfigurationError(self.path, None, f"it has {len(content):,} bytes; that is no configuration")
        try:
            text = content.decode("utf-8-sig")
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            if node is not None:
                self._walk(node, ())
                self.value = yaml.safe_load(text)
        except UnicodeDecodeError as error:
            raise ConfigurationError(self.path, None, "it is not text in UTF-8") from error
        except yaml.YAMLError as error:
            raise self._broken(error) from error
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(self.path, None, f"it cannot be read: {error}") from error
        except (AttributeError, LookupError, TypeError) as error:  # PyYAML takes the tag for granted
            problem = "a value does not fit its tag (!!int, !!bool, ...); take the tag out"
            raise ConfigurationError(self.path, None, problem) from error

    def _broken(self, error: yaml.YAMLError) -> ConfigurationError:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        return ConfigurationError(self.path, mark.line + 1 if mark else None, f"it is not YAML: {problem}")

    def _walk(self, node: yaml.Node, place: Place) -> None:
        """Note the line of every value; a key that stands twice and an alias are errors."""
        if place in self.lines:
            raise ConfigurationError(self.path, node.start_mark.line + 1, f"{place[-1]!r} stands there twice")
        if id(node) in self._seen:
            raise ConfigurationError(
                self.path, None, "anchors and aliases (&name, *name) are not read; write it out"
            )
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode) and not _is_text(node.value):
            raise ConfigurationError(
                self.path, node.start_mark.line + 1, "there is half a character in it (\\ud800)"
            )
        self.lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._walk_key(key, value, place)
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                self._walk(value, (*place, position))

    def _walk_key(self, key: yaml.Node, value: yaml.Node, place: Place) -> None:
        name = key.value if isinstance(key, yaml.ScalarNode) else None
        if not isinstance(name, str) or name == "<<" or not _is_text(name):
            raise ConfigurationError(self.path, key.start_mark.line + 1, "a key is a plain word")
        self._walk(value, (*place, name))
        self.lines[(*place, name)] = key.start_mark.line + 1

    def _explain(self, message: str, kind: type[Part]) -> ConfigurationError:
        """Msgspec names the place as `$.reviewers[0].username`."""
        problem, _, path = message.rpartition(" - at `")
        problem, place = (problem, _place(path.rstrip("`"))) if problem else (message, ())
        if "unknown field" not in problem:
            at = ".".join(map(str, place))
            choices = CHOICES.get(str(place[-1])) if place and "enum" in problem else None
            plain = f"it has to be {' or '.join(choices)}" if choices else _plain(problem)
            return self.error(place, f"`{at}`: {plain}" if at else plain)
        name = problem.rpartition("`")[0].rpartition("`")[2]
        near = difflib.get_close_matches(name, _names(kind, place), n=1, cutoff=0.6)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(_names(kind, place))}"
        return self.error((*place, name), f"unknown key {name!r}{hint}")


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8: YAML can escape halves of characters."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _place(path: str) -> Place:
    parts = path.removeprefix("$").replace("[", ".").replace("]", "").split(".")
    return tuple(int(part) if part.isdecimal() else part for part in parts if part)


_WORDS: Mapping[str, str] = {
    " | null`": "`", "`int`": "a whole number", "`float`": "a number", "`str`": "text",
    "`bool`": "true or false", "`array`": "a list", "`object`": "a mapping", "`null`": "nothing",
    "object missing required field": "a key is missing:",
}  # fmt: skip


def _plain(problem: str) -> str:
    for pattern, words in PATTERNS.items():
        if pattern in problem.encode().decode("unicode_escape") or repr(pattern) in problem:
            return f"it has to be {words}"
    for word, plain in _WORDS.items():
        problem = problem.replace(word, plain).replace(word.capitalize(), plain)
    return problem[0].lower() + problem[1:]


_INNER: Mapping[str, type[Part]] = {
    "reviewers": ReviewerKeys, "agent": AgentKeys, "budget": BudgetKeys, "defaults": ProjectKeys,
    "limits": LimitKeys,
}  # fmt: skip


def _names(kind: type[Part], place: Place) -> list[str]:
    """The keys that are known at a place."""
    inner = [_INNER[part] for part in place if isinstance(part, str) and part in _INNER]
    return [field.encode_name for field in msgspec.structs.fields(inner[-1] if inner else kind)]
