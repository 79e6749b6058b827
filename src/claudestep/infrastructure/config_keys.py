"""The keys of the configuration files, as they are written: types, limits, and what each says.

The JSON Schemas and the tables of the docs are made from here.
"""

from typing import Annotated, Any, get_args

import msgspec

from claudestep.domain.config import MAX_ATTEMPTS, OnFailure, PermissionMode
from claudestep.domain.guarding import DEFAULT_LIMITS

Text = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Tries = Annotated[int, msgspec.Meta(ge=0, le=10)]
Lines = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
KiB = Annotated[int, msgspec.Meta(ge=1, le=1024 * 1024)]
Minutes = Annotated[float, msgspec.Meta(gt=0, le=24 * 60)]
Days = Annotated[float, msgspec.Meta(gt=0, le=3650)]
Dollars = Annotated[float, msgspec.Meta(ge=0.01, le=1_000_000)]

VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*\\Z"
USERNAME = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(\\[bot\\])?\\Z"
MODEL = "^[A-Za-z0-9][A-Za-z0-9_.:@/\\[\\]-]*\\Z"
TOOL = "^[A-Za-z_][^\\n]*\\Z"
PATTERNS = {
    VARIABLE: "the name of an environment variable, such as NPM_TOKEN",
    USERNAME: "a user name: letters, digits, '.', '_' and '-', no '@' before it",
    MODEL: "the name of a model, such as claude-sonnet-4-5",
    TOOL: "a tool of Claude Code, such as Bash(npm test:*)",
}
"""What a text has to be, in words, for every pattern."""

CHOICES = {
    "permissionMode": get_args(PermissionMode),
    "onFailure": get_args(OnFailure),
}
"""The values of the keys that take one of a few."""

Variable = Annotated[str, msgspec.Meta(pattern=VARIABLE)]
Username = Annotated[str, msgspec.Meta(pattern=USERNAME)]
Model = Annotated[str, msgspec.Meta(pattern=MODEL)]
Tool = Annotated[str, msgspec.Meta(pattern=TOOL)]


def _says(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A mapping of a configuration: what it does not know is an error."""


class ReviewerKeys(Part, frozen=True):
    """Somebody who reviews."""

    username: Annotated[Username, _says("who reviews")]
    max_open_prs: Annotated[Count, _says("how many open pull requests of this project they have room for")] = (
        msgspec.field(default=1, name="maxOpenPRs")
    )


class AgentKeys(Part, frozen=True):
    """What does a step: Claude Code, or with `command` any program."""

    command: Annotated[Text | None, _says("a command line, run by the shell in place of Claude Code")] = None
    env: Annotated[
        tuple[Variable, ...],
        _says("variables of your environment that it may see as well; never a GitHub token"),
    ] = ()
    model: Annotated[
        Model | None, _says("Claude Code's model; a full id keeps the price from moving with the version")
    ] = None
    allowed_tools: Annotated[
        tuple[Tool, ...], _says("tools that Claude Code may use without asking, besides reading and editing")
    ] = ()
    permission_mode: Annotated[PermissionMode, _says("Claude Code's permission mode")] = "acceptEdits"
    max_turns: Annotated[Count | None, _says("the most turns of one run of Claude Code")] = None


class BudgetKeys(Part, frozen=True):
    """The most that the AI may cost, in US dollars."""

    per_step_usd: Annotated[Dollars | None, _says("the most that one attempt at a step may cost")] = None
    project_usd: Annotated[Dollars | None, _says("the most that the whole project may cost")] = None


class LimitKeys(Part, frozen=True):
    """The most that an agent may change in one step."""

    changed_lines: Annotated[Lines, _says("the most lines that a step may add and remove, binary files aside")] = (
        DEFAULT_LIMITS.changed_lines
    )
    file_kib: Annotated[KiB, _says("the most KiB that a file may have that a step adds or changes")] = (
        msgspec.field(default=DEFAULT_LIMITS.file_bytes // 1024, name="fileKiB")
    )


class ProjectKeys(Part, frozen=True):
    """claude-step/<project>/configuration.yml"""

    agent: Annotated[AgentKeys, _says("what does a step: Claude Code, or with `command` any program")] = AgentKeys()
    reviewers: Annotated[
        tuple[ReviewerKeys, ...], _says("who reviews; the least loaded gets the next one. None: one at a time")
    ] = ()
    base_branch: Annotated[Text | None, _says("the branch that the pull requests are for")] = None
    setup: Annotated[
        Text | None, _says("a command that is run before the agent; what it leaves is not committed")
    ] = None
    verify: Annotated[
        Text | None, _says("a command that has to pass before a pull request is opened; it changes nothing")
    ] = None
    max_repairs: Annotated[
        Tries | None, _says("how often a failed `verify` goes back to the agent (Claude Code 2, a command 0)")
    ] = None
    summary: Annotated[
        bool | None, _says("whether the AI describes the change for the reviewer (Claude Code yes, a command no)")
    ] = None
    timeout_minutes: Annotated[Minutes, _says("one time limit for setup, agent, verify, repairs and summary")] = 30
    max_attempts: Annotated[Count, _says("failures after which a step is set aside until `claudestep retry`")] = (
        MAX_ATTEMPTS
    )
    on_failure: Annotated[OnFailure, _says("whether the chain goes on without a step that was set aside")] = (
        "continue"
    )
    retry_closed: Annotated[
        bool, _says("do a step again whose pull request was closed unmerged, with the reason in the prompt")
    ] = False
    budget: Annotated[BudgetKeys, _says("the most that the AI may cost")] = BudgetKeys()
    stale_pr_days: Annotated[Days, _says("after how many days an open pull request is called stale")] = (
        msgspec.field(default=7, name="stalePRDays")
    )
    limits: Annotated[LimitKeys, _says("the most that an agent may change in one step")] = LimitKeys()
    allow_changes: Annotated[
        tuple[Text, ...],
        _says("files that an agent may change in spite of the rules, and folders, with `/` at the end"),
    ] = ()
    labels: Annotated[tuple[Text, ...], _says("labels of the pull requests, where the host has labels")] = ()
    paused: Annotated[bool, _says("begin nothing")] = False


class RepositoryKeys(Part, frozen=True):
    """claude-step/configuration.yml"""

    paused: Annotated[bool, _says("begin nothing in any project")] = False
    max_open_prs_per_reviewer: Annotated[
        Count | None, _says("the most open pull requests that one person gets over all projects")
    ] = msgspec.field(default=None, name="maxOpenPRsPerReviewer")
    defaults: Annotated[ProjectKeys, _says("what holds where a project's own file does not name the key")] = (
        ProjectKeys()
    )


def configuration_schema() -> dict[str, Any]:
    """The JSON Schema of a project's configuration.yml."""
    return _schema(ProjectKeys)


def repository_schema() -> dict[str, Any]:
    """The JSON Schema of the repository-wide configuration.yml."""
    return _schema(RepositoryKeys)


def _schema(kind: type[Part]) -> dict[str, Any]:
    found = msgspec.json.schema(kind)
    text = msgspec.json.encode(found).replace(b"\\\\Z", b"$")  # what Python calls \\Z is $ elsewhere
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__doc__ or "",
        **msgspec.json.decode(text),
    }
