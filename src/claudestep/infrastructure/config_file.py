"""Reading configuration.yml: values checked against their types, errors with the line that they are on."""

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

import msgspec

from claudestep.domain.config import (
    MAX_REPAIRS,
    AgentConfig,
    Budget,
    ClaudeCodeAgent,
    CommandAgent,
    Config,
    RepositoryConfig,
    Reviewer,
)
from claudestep.domain.guarding import Limits, allowance_problem
from claudestep.domain.naming import REPOSITORY_CONFIGURATION, is_branch_name
from claudestep.infrastructure.config_keys import AgentKeys, ProjectKeys, RepositoryKeys, ReviewerKeys
from claudestep.infrastructure.yaml_file import Place, YamlFile

_NEVER_PASSED = {"GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}


@lru_cache(maxsize=64)
def read_config(path: str, content: bytes | None, repository: bytes | None = None) -> Config:
    """A project's configuration; None, an absent file, is all defaults, those of `repository` first.

    `repository` is the repository-wide file, whose `defaults` a key of the project's own takes the place of.
    Raises ConfigurationError.
    """
    file = YamlFile(path, content)
    own = file.read(ProjectKeys)
    _check(file, own, ())
    if not isinstance(file.value, dict):
        return _config(own)
    whole = msgspec.convert({**_defaults(repository), **file.value}, ProjectKeys)
    _check(file, whole, ())
    return _config(whole)


@lru_cache(maxsize=8)
def read_repository_config(path: str, content: bytes | None) -> RepositoryConfig:
    """The repository-wide configuration. Raises ConfigurationError."""
    file = YamlFile(path, content)
    raw = file.read(RepositoryKeys)
    _check(file, raw.defaults, ("defaults",))
    if ("defaults", "paused") in file.lines:
        raise file.error(("defaults", "paused"), "to pause all projects, put it beside `defaults`")
    return RepositoryConfig(paused=raw.paused, max_open_prs_per_reviewer=raw.max_open_prs_per_reviewer)


def _defaults(repository: bytes | None) -> dict[str, object]:
    """The defaults of the repository-wide file, as they are written. Raises ConfigurationError."""
    if repository is None:
        return {}
    file = YamlFile(REPOSITORY_CONFIGURATION, repository)
    file.read(RepositoryKeys)
    found = file.value.get("defaults") if isinstance(file.value, dict) else None
    return found if isinstance(found, dict) else {}


def _config(raw: ProjectKeys) -> Config:
    agent = _agent(raw.agent)
    is_paid = isinstance(agent, ClaudeCodeAgent)
    return Config(
        reviewers=tuple(Reviewer(r.username, r.max_open_prs) for r in raw.reviewers),
        base_branch=raw.base_branch,
        agent=agent,
        setup=raw.setup,
        verify=raw.verify,
        max_repairs=(MAX_REPAIRS if is_paid else 0) if raw.max_repairs is None else raw.max_repairs,
        summary=is_paid if raw.summary is None else raw.summary,
        labels=raw.labels,
        paused=raw.paused,
        timeout=timedelta(minutes=raw.timeout_minutes),
        max_attempts=raw.max_attempts,
        on_failure=raw.on_failure,
        retry_closed=raw.retry_closed,
        budget=Budget(per_step_usd=raw.budget.per_step_usd, project_usd=raw.budget.project_usd),
        stale_after=timedelta(days=raw.stale_pr_days),
        limits=Limits(raw.limits.changed_lines, raw.limits.file_kib * 1024, raw.allow_changes),
    )


def _agent(raw: AgentKeys) -> AgentConfig:
    if raw.command is not None:
        return CommandAgent(raw.command, raw.env)
    return ClaudeCodeAgent(
        model=raw.model,
        allowed_tools=raw.allowed_tools,
        permission_mode=raw.permission_mode,
        max_turns=raw.max_turns,
        env=raw.env,
    )


def _check(file: YamlFile, raw: ProjectKeys, place: Place) -> None:
    """What the types do not say. Raises ConfigurationError."""
    _check_reviewers(file, raw.reviewers, place)
    _check_agent(file, raw.agent, (*place, "agent"))
    _check_allowances(file, raw.allow_changes, (*place, "allowChanges"))
    if raw.base_branch is not None and not is_branch_name(raw.base_branch):
        raise file.error((*place, "baseBranch"), f"{raw.base_branch!r} cannot be the name of a branch")
    if raw.summary and raw.agent.command is not None:
        raise file.error((*place, "summary"), "a summary needs Claude Code, and `agent.command` names a program")


def _check_reviewers(file: YamlFile, reviewers: Iterable[ReviewerKeys], place: Place) -> None:
    seen: set[str] = set()
    for position, reviewer in enumerate(reviewers):
        name = reviewer.username.casefold()
        if name in seen:
            problem = f"the reviewer {reviewer.username} stands there twice"
            raise file.error((*place, "reviewers", position), problem)
        seen.add(name)


def _check_allowances(file: YamlFile, entries: Iterable[str], place: Place) -> None:
    for position, entry in enumerate(entries):
        problem = allowance_problem(entry)
        if problem:
            raise file.error((*place, position), f"`allowChanges` has {entry!r}: {problem}")


def _check_agent(file: YamlFile, agent: AgentKeys, place: Place) -> None:
    for position, name in enumerate(agent.env):
        if name.upper() in _NEVER_PASSED:
            raise file.error((*place, "env", position), f"{name} is never given to an agent; take it out")
    if agent.command is None and (*place, "command") in file.lines:
        raise file.error((*place, "command"), "`command` is empty: name a program, or take the key out")
    if agent.command is not None:
        for key in ("model", "allowedTools", "permissionMode", "maxTurns"):
            if (*place, key) in file.lines:
                raise file.error((*place, key), f"`{key}` is Claude Code's, and `command` names another program")
