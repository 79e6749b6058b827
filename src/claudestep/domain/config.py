"""A project's configuration as a value; how it is written in YAML is another module's matter."""

from dataclasses import dataclass
from datetime import timedelta

MAX_ATTEMPTS = 2
DEFAULT_TIMEOUT = timedelta(minutes=30)


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
class Config:
    """What a project's configuration says; an absent file is all defaults."""

    reviewers: tuple[Reviewer, ...] = ()
    base_branch: str | None = None
    agent: CommandAgent | None = None
    setup: str | None = None
    labels: tuple[str, ...] = ()
    paused: bool = False
    timeout: timedelta = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryConfig:
    """What holds for all projects of a repository."""

    paused: bool = False
    max_open_prs_per_reviewer: int | None = None
