"""The one place that names concrete adapters."""

import os
from pathlib import Path

from claudestep.application.backend import Backend
from claudestep.cli.settings import Settings
from claudestep.domain.config import CommandAgent, Config
from claudestep.domain.errors import RepositoryError, UsageError
from claudestep.domain.naming import METADATA_BRANCH, is_branch_name
from claudestep.infrastructure.agent.claude_code import ClaudeCode
from claudestep.infrastructure.agent.command import CommandRunner
from claudestep.infrastructure.agent.runner import Agent
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.git.command import Git, open_repository
from claudestep.infrastructure.git.local_host import LocalHost
from claudestep.infrastructure.git.repository import StepRepository
from claudestep.infrastructure.metadata.git_branch import REF, GitMetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.owner import current_owner, describe, is_gone
from claudestep.infrastructure.process import CommandFailed
from claudestep.infrastructure.runs import Runs


def open_store(repository: str | os.PathLike[str]) -> MetadataStore:
    """The metadata store of the git repository that the folder `repository` is in.

    Raises RepositoryError where there is none.
    """
    environment = Settings.read().environment
    git = open_repository(Path(repository), environment)
    return MetadataStore(GitMetadataBranch(git), author=describe(current_owner(), environment))


def work_tree(settings: Settings, repository: Path) -> Path:
    """The top folder of the work tree that `repository` is in. Raises RepositoryError."""
    git = open_repository(repository, settings.environment)
    try:
        return Path(git.inside(git.start, "rev-parse", "--show-toplevel").rstrip("\n"))
    except CommandFailed as error:
        raise RepositoryError(
            f"{repository.resolve()} is no work tree", remedy="Run this in a clone with files, not in a bare one."
        ) from error


def connect(settings: Settings, repository: Path, base_branch: str | None = None) -> Backend:
    """Everything that the use cases act through, on a local repository. Raises RepositoryError, UsageError."""
    git = open_repository(repository, settings.environment)
    _refuse_two_roots(git)
    clock = SystemClock()
    override = _checked(base_branch)
    host = LocalHost(git, clock, override)
    author = describe(current_owner(), settings.environment)

    def command(line: str, label: str, config: Config) -> Agent:
        environment = settings.environment
        return CommandRunner(
            command=line, label=label, names=config.agent.env, environment=environment, clock=clock
        )

    def agent(config: Config) -> Agent:
        if isinstance(config.agent, CommandAgent):
            return command(config.agent.command, "agent.command", config)
        return ClaudeCode(config=config.agent, environment=settings.environment, clock=clock)

    return Backend(
        host=host,
        git=StepRepository(git),
        store=MetadataStore(host.branch, clock=clock, author=author),
        runs=Runs(git.git_dir / "claudestep", clock),
        clock=clock,
        owner=current_owner(),
        is_gone=is_gone,
        agent_of=agent,
        command_of=command,
        base_override=override,
    )


def _checked(base_branch: str | None) -> str | None:
    if base_branch is not None and not is_branch_name(base_branch):
        raise UsageError(f"--base-branch: {base_branch!r} cannot be the name of a branch")
    return base_branch


def _refuse_two_roots(git: Git) -> None:
    """A metadata branch that a remote has and this clone has not would get a second root here."""
    listed = git.text("for-each-ref", "--format=%(refname)", REF, f"refs/remotes/*/{METADATA_BRANCH}").split()
    if listed and REF not in listed:
        remote = listed[0].removeprefix("refs/remotes/")
        raise RepositoryError(
            f"{remote} exists, and this clone has no branch {METADATA_BRANCH} of its own",
            remedy=f"Take it over first: git branch {METADATA_BRANCH} {remote}",
        )
