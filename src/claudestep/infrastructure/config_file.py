"""Reading configuration.yml: values checked against their types, errors with the line that they are on."""

import difflib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, TypeVar

import msgspec
import yaml

from claudestep.domain.config import CommandAgent, Config, RepositoryConfig, Reviewer
from claudestep.domain.errors import ConfigurationError
from claudestep.domain.naming import is_branch_name

_LONGEST = 256 * 1024
_NEVER_PASSED = {"GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}

Text = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Minutes = Annotated[float, msgspec.Meta(gt=0, le=24 * 60)]
Variable = Annotated[str, msgspec.Meta(pattern="^[A-Za-z_][A-Za-z0-9_]*\\Z")]
Username = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]*(\\[bot\\])?\\Z")]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A mapping of a configuration: what it does not know is an error."""


class _Reviewer(_Part, frozen=True):
    username: Username
    max_open_prs: Count = msgspec.field(default=1, name="maxOpenPRs")


class _Agent(_Part, frozen=True):
    command: Text
    env: tuple[Variable, ...] = ()


class _Project(_Part, frozen=True):
    reviewers: tuple[_Reviewer, ...] = ()
    base_branch: Text | None = None
    agent: _Agent | None = None
    setup: Text | None = None
    labels: tuple[Text, ...] = ()
    paused: bool = False
    timeout_minutes: Minutes = 30


class _Repository(_Part, frozen=True):
    paused: bool = False
    max_open_prs_per_reviewer: Count | None = msgspec.field(default=None, name="maxOpenPRsPerReviewer")


P = TypeVar("P", _Project, _Repository)


@lru_cache(maxsize=64)
def read_config(path: str, content: bytes | None) -> Config:
    """A project's configuration; None, an absent file, is all defaults. Raises ConfigurationError."""
    file = _File(path, content)
    raw = file.read(_Project)
    _check_reviewers(file, raw.reviewers)
    _check_environment(file, raw.agent)
    if raw.base_branch is not None and not is_branch_name(raw.base_branch):
        raise file.error(("baseBranch",), f"{raw.base_branch!r} cannot be the name of a branch")
    return Config(
        reviewers=tuple(Reviewer(r.username, r.max_open_prs) for r in raw.reviewers),
        base_branch=raw.base_branch,
        agent=CommandAgent(raw.agent.command, raw.agent.env) if raw.agent else None,
        setup=raw.setup,
        labels=raw.labels,
        paused=raw.paused,
        timeout=timedelta(minutes=raw.timeout_minutes),
    )


@lru_cache(maxsize=8)
def read_repository_config(path: str, content: bytes | None) -> RepositoryConfig:
    """The repository-wide configuration. Raises ConfigurationError."""
    raw = _File(path, content).read(_Repository)
    return RepositoryConfig(paused=raw.paused, max_open_prs_per_reviewer=raw.max_open_prs_per_reviewer)


def _check_reviewers(file: "_File", reviewers: Iterable[_Reviewer]) -> None:
    seen: set[str] = set()
    for position, reviewer in enumerate(reviewers):
        name = reviewer.username.casefold()
        if name in seen:
            raise file.error(("reviewers", position), f"the reviewer {reviewer.username} stands there twice")
        seen.add(name)


def _check_environment(file: "_File", agent: _Agent | None) -> None:
    for position, name in enumerate(agent.env if agent else ()):
        if name.upper() in _NEVER_PASSED:
            raise file.error(("agent", "env", position), f"{name} is never given to an agent; take it out")


class _File:
    """A YAML file: its value, and the line of every place in it."""

    def __init__(self, path: str, content: bytes | None) -> None:
        self.path = path
        self.lines: dict[tuple[object, ...], int] = {}
        self.value: object = {}
        self._seen: set[int] = set()
        if content is not None:
            self._load(content)

    def error(self, place: tuple[object, ...], problem: str) -> ConfigurationError:
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

    def _broken(self, error: yaml.YAMLError) -> ConfigurationError:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        return ConfigurationError(self.path, mark.line + 1 if mark else None, f"it is not YAML: {problem}")

    def _walk(self, node: yaml.Node, place: tuple[object, ...]) -> None:
        """Note the line of every value; a key that stands twice and an alias are errors."""
        if place in self.lines:
            raise ConfigurationError(self.path, node.start_mark.line + 1, f"{place[-1]!r} stands there twice")
        if id(node) in self._seen:
            raise ConfigurationError(
                self.path, None, "anchors and aliases (&name, *name) are not read; write it out"
            )
        self._seen.add(id(node))
        self.lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._walk_key(key, value, place)
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                self._walk(value, (*place, position))

    def _walk_key(self, key: yaml.Node, value: yaml.Node, place: tuple[object, ...]) -> None:
        name = key.value if isinstance(key, yaml.ScalarNode) else None
        if not isinstance(name, str) or name == "<<":
            raise ConfigurationError(self.path, key.start_mark.line + 1, "a key is a plain word")
        self._walk(value, (*place, name))
        self.lines[(*place, name)] = key.start_mark.line + 1

    def _explain(self, message: str, kind: type[_Part]) -> ConfigurationError:
        """Msgspec names the place as `$.reviewers[0].username`."""
        problem, _, path = message.rpartition(" - at `")
        problem, place = (problem, _place(path.rstrip("`"))) if problem else (message, ())
        if "unknown field" not in problem:
            at = ".".join(map(str, place))
            return self.error(place, f"`{at}`: {_plain(problem)}" if at else _plain(problem))
        name = problem.rpartition("`")[0].rpartition("`")[2]
        near = difflib.get_close_matches(name, _names(kind, place), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(_names(kind, place))}"
        return self.error((*place, name), f"unknown key {name!r}{hint}")


def _place(path: str) -> tuple[object, ...]:
    parts = path.removeprefix("$").replace("[", ".").replace("]", "").split(".")
    return tuple(int(part) if part.isdecimal() else part for part in parts if part)


_WORDS: Mapping[str, str] = {
    " | null`": "`", "`int`": "a whole number", "`float`": "a number", "`str`": "text",
    "`bool`": "true or false", "`array`": "a list", "`object`": "a mapping", "`null`": "nothing",
    "object missing required field": "a key is missing:",
}  # fmt: skip


def _plain(problem: str) -> str:
    for word, plain in _WORDS.items():
        problem = problem.replace(word, plain).replace(word.capitalize(), plain)
    return problem[0].lower() + problem[1:]


def _names(kind: type[_Part], place: tuple[object, ...]) -> list[str]:
    """The keys that are known at a place."""
    inner: dict[str, type[_Part]] = {"reviewers": _Reviewer, "agent": _Agent}
    found = inner.get(str(place[0]), kind) if place else kind
    return [field.encode_name for field in msgspec.structs.fields(found)]
