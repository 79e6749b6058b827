"""Workflow files of GitHub Actions: whether one uses ClaudeStep's action, and what it gives it.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from claudestep.domain.errors import ConfigurationError

ACTION = "claudestep/claudestep"
FOLDER = ".github/workflows"
_OURS = re.compile(r"[\w.-]+/claudestep(?!/statistics\b)(?:/.*)?", re.IGNORECASE)
"""The action, also that of a fork, but for the one that only looks; `init --action` may name any."""
_USES_IT = re.compile(rb"\buses['\"]?\s*:\s*['\"]?[\w.-]+/claudestep\b", re.IGNORECASE)
_LEVELS = ("none", "read", "write")
_KEYS = {"anthropic_api_key", "claude_code_oauth_token"}
_TOKENS = {"github_token", "gh_token", "token"}
_SECRET = re.compile(r"\bsecrets\s*(?:\.\s*(\w+)|\[\s*'(\w+)'\s*\])")
_DEFAULT_TOKEN = re.compile(r"\bgithub\s*\.\s*token\b|\bsecrets\s*\.\s*GITHUB_TOKEN\b", re.IGNORECASE)

Permissions = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A workflow that uses the action, or calls one of the same repository that does.

    `is_called`: another one has to call it. `calls` are the files that it calls itself. `permissions` are those of
    its jobs that do so, None where it leaves them to the repository. `keys` are the secrets that it gives as the
    key of Claude. `has_environment`: they may also be those of an environment.
    """

    path: str
    is_called: bool
    calls: frozenset[str]
    on_closed: bool
    permissions: Permissions | None
    queues_all: bool
    keys: frozenset[str]
    has_environment: bool
    has_own_token: bool

    def may_write(self, what: str) -> bool:
        """Whether its own permissions let it write this."""
        return self.permissions is not None and self.permissions.get(what) == "write"


def is_workflow(path: str) -> bool:
    """Whether GitHub would take a file for a workflow."""
    folder, _, name = path.rpartition("/")
    return folder == FOLDER and name.endswith((".yml", ".yaml"))


def read_workflow(path: str, content: bytes, called: Collection[str] = ()) -> Workflow | None:
    """The workflow of a file; None where it neither uses the action nor calls a file of `called`.

    Raises ConfigurationError where it is no YAML; one that does not even name them is somebody else's matter.
    """
    if not _USES_IT.search(content) and not any(name.encode() in content for name in called):
        return None
    try:
        # the base loader makes text of every value: `on` stays a word, and nothing is made of tags
        whole = yaml.load(content.decode("utf-8-sig"), Loader=yaml.BaseLoader)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = f"it is not YAML: {getattr(error, 'problem', None) or error}"
        raise ConfigurationError(path, mark.line + 1 if mark else None, problem) from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ConfigurationError(path, None, f"it cannot be read: {error}") from error
    top = _mapping(whole)
    jobs = [_mapping(value) for value in _mapping(top.get("jobs")).values()]
    ours = [job for job in jobs if _is_ours(job) or _called_by(job) in called]
    return _workflow(path, top, ours) if ours else None


def _workflow(path: str, top: Mapping[str, object], ours: list[Mapping[str, object]]) -> Workflow:
    inputs = [pair for job in ours for given in _given(top, job) for pair in given.items()]
    keys = {name for key, value in inputs if _folded(key) in _KEYS for name in _secrets(value)}
    tokens = [value for key, value in inputs if _folded(key) in _TOKENS and isinstance(value, str)]
    return Workflow(
        path=path,
        is_called="workflow_call" in _events(top.get("on")),
        calls=frozenset(_called_by(job) for job in ours) - {""},
        on_closed=_is_on_closed(top.get("on")),
        permissions=_together(job.get("permissions", top.get("permissions")) for job in ours),
        queues_all=any(_mapping(place.get("concurrency")).get("queue") == "max" for place in (top, *ours)),
        keys=frozenset(keys),
        has_environment=any("environment" in job for job in ours),
        has_own_token=any("${{" in value and not _DEFAULT_TOKEN.search(value) for value in tokens),
    )


def _is_ours(job: Mapping[str, object]) -> bool:
    """Whether a job uses the action, or a workflow of ours."""
    return any(_is_action(place.get("uses")) for place in (job, *_steps(job)))


def _is_action(uses: object) -> bool:
    return _OURS.fullmatch(str(uses or "").partition("@")[0]) is not None


def _called_by(job: Mapping[str, object]) -> str:
    """The workflow of the same repository that a job is; "" for one with steps of its own."""
    uses = job.get("uses")
    return uses.removeprefix("./") if isinstance(uses, str) and uses.startswith("./") else ""


def _steps(job: Mapping[str, object]) -> list[Mapping[str, object]]:
    steps = job.get("steps")
    return [_mapping(step) for step in steps] if isinstance(steps, list) else []


def _given(top: Mapping[str, object], job: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """All that is given to the action, by name."""
    for place in (top, job, *(step for step in _steps(job) if _is_action(step.get("uses")))):
        for name in ("env", "with", "secrets"):
            yield _mapping(place.get(name))


def _is_on_closed(on: object) -> bool:
    """Whether it begins when a pull request is closed; without `types`, that is none of GitHub's own choice."""
    events = _events(on)
    types = [_mapping(events.get(name)).get("types") for name in ("pull_request", "pull_request_target")]
    return any(kinds == "closed" or (isinstance(kinds, list) and "closed" in kinds) for kinds in types)


def _events(on: object) -> Mapping[str, object]:
    """What `on` says, which may be one name, several, or more about each."""
    if isinstance(on, list):
        return {str(name): None for name in on}
    return {on: None} if isinstance(on, str) else _mapping(on)


def _together(given: Iterable[object]) -> Permissions | None:
    """The highest level of each permission; None where one job says nothing."""
    found: dict[str, str] = {}
    for permissions in given:
        if permissions is None:
            return None
        for name, level in _levels(permissions).items():
            found[name] = max(found.get(name, "none"), level, key=_LEVELS.index)
    return found


def _levels(permissions: object) -> Permissions:
    if permissions in ("write-all", "read-all"):
        level = str(permissions).removesuffix("-all")
        return dict.fromkeys(("contents", "pull-requests", "issues"), level)
    return {name: str(level) for name, level in _mapping(permissions).items() if level in _LEVELS}


def _secrets(value: object) -> list[str]:
    return [one or other for one, other in _SECRET.findall(value)] if isinstance(value, str) else []


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


def _mapping(value: object) -> Mapping[str, object]:
    return {str(key): one for key, one in value.items()} if isinstance(value, dict) else {}
