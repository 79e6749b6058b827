"""A project's configuration as a value; how it is written in YAML is another module's matter."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, TypeAlias

from claudestep.domain.guarding import DEFAULT_LIMITS, Limits

MAX_ATTEMPTS = 2
MAX_REPAIRS = 2
DEFAULT_TIMEOUT = timedelta(minutes=30)
DEFAULT_STALE_AFTER = timedelta(days=7)

PermissionMode = Literal["acceptEdits", "auto", "bypassPermissions", "dontAsk"]
OnFailure = Literal["continue", "stop"]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who reviews, and how many open pull requests they have room for."""

    username: str
    max_open_prs: int = 1


@dataclass(frozen=True, slots=True)
class CommandAgent:
    """A program that does a step: run by the shell, with only the named variables of the environment."""

    command: str
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaudeCodeAgent:
    """Claude Code does a step. `model` None is Claude Code's own default; `allowed_tools` are its rules."""

    model: str | None = None
    allowed_tools: tuple[str, ...] = ()
    permission_mode: PermissionMode = "acceptEdits"
    max_turns: int | None = None
    env: tuple[str, ...] = ()


AgentConfig: TypeAlias = CommandAgent | ClaudeCodeAgent


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that one attempt at a step, and that the whole project may cost. US dollars; None: no limit."""

    per_step_usd: float | None = None
    project_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a project's configuration says; an absent file is all defaults."""

    reviewers: tuple[Reviewer, ...] = ()
    base_branch: str | None = None
    agent: AgentConfig = ClaudeCodeAgent()
    setup: str | None = None
    verify: str | None = None
    max_repairs: int = 0
    summary: bool = False
    labels: tuple[str, ...] = ()
    paused: bool = False
    timeout: timedelta = DEFAULT_TIMEOUT
    max_attempts: int = MAX_ATTEMPTS
    on_failure: OnFailure = "continue"
    retry_closed: bool = False
    budget: Budget = Budget()
    stale_after: timedelta = DEFAULT_STALE_AFTER
    limits: Limits = DEFAULT_LIMITS

    def with_defaults(self, *, model: str | None, allowed_tools: tuple[str, ...], summary: bool | None) -> "Config":
        """The configuration with what somebody asks for who starts Claude Code, where it names nothing itself.

        `summary` is asked for or turned down whatever it says.
        """
        if not isinstance(self.agent, ClaudeCodeAgent):
            return self
        agent = replace(
            self.agent, model=self.agent.model or model, allowed_tools=self.agent.allowed_tools or allowed_tools
        )
        return replace(self, agent=agent, summary=self.summary if summary is None else summary)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryConfig:
    """What holds for all projects of a repository."""

    paused: bool = False
    max_open_prs_per_reviewer: int | None = None
