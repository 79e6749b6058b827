"""The one place that names concrete adapters.

A clone of a repository on GitHub is served by GitHub, everything else, or all with `--local`, by git alone.
What GitHub needs is loaded only where it is needed.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from claudestep.application.backend import Backend, Workshop
from claudestep.application.world import BaseOverride
from claudestep.cli.settings import Api, Settings
from claudestep.cli.wiring.agents import Agents
from claudestep.domain.config import Config
from claudestep.domain.errors import RepositoryError, UsageError
from claudestep.domain.models import Owner
from claudestep.domain.naming import METADATA_BRANCH, is_branch_name
from claudestep.domain.redaction import secret_values
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.files import discard
from claudestep.infrastructure.git.command import Git, open_repository
from claudestep.infrastructure.git.local_host import LocalHost
from claudestep.infrastructure.git.remotes import remote_urls
from claudestep.infrastructure.git.repository import StepRepository
from claudestep.infrastructure.git.step_trees import borrowed
from claudestep.infrastructure.git.upstream import LocalUpstream, Upstream
from claudestep.infrastructure.hosting.port import Host
from claudestep.infrastructure.metadata.git_branch import REF
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.owner import current_owner, describe, judge_of
from claudestep.infrastructure.process import CommandFailed
from claudestep.infrastructure.runs import Runs

if TYPE_CHECKING:
    from claudestep.infrastructure.github.api.endpoints import RepositoryName


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked for: git alone, a repository by its name, a way of writing, a branch for pull requests.

    The branch is for one project, or for all where none is named.
    """

    local: bool = False
    repository: str | None = None
    api: Api | None = None
    base_branch: str | None = None
    project: str | None = None
    handover: Path | None = None
    """Where commands that follow one another hand on what they know; None for one that does all by itself."""


_AS_IT_IS = Wanted()


def open_store(repository: str | os.PathLike[str], *, local: bool = False, api: Api | None = None) -> MetadataStore:
    """The metadata store of a repository: `owner/name` on GitHub, or a folder of a clone.

    A clone of a repository on GitHub gives the store there, unless `local`; `api` is the interface by which it is
    read and written. Token and addresses come from the environment. Raises RepositoryError where there is no
    repository, UsageError without a token.
    """
    settings = Settings.read()
    author = describe(current_owner(), settings.environment)
    host = _host_of_store(settings, repository, local=local, api=_known(api))
    return MetadataStore(host.branch, author=author, has_pull_requests=host.has_pull_requests)


def _host_of_store(settings: Settings, repository: str | os.PathLike[str], *, local: bool, api: Api | None) -> Host:
    named = isinstance(repository, str) and not local and not Path(repository).exists()
    if named and _is_name(str(repository)):
        from claudestep.cli.wiring.github import host_alone
        from claudestep.cli.wiring.repositories import named_repository

        return host_alone(settings, named_repository(str(repository)), api)
    git = open_repository(Path(repository), settings.environment)
    on_github = None if local else _on_github(settings, git)
    if on_github is None:
        _refuse_api(api)
        _refuse_two_roots(git)
        return LocalHost(git, SystemClock())
    from claudestep.cli.wiring.github import host_alone

    return host_alone(settings, on_github, api)


def work_tree(settings: Settings, repository: Path) -> Path:
    """The top folder of the work tree that `repository` is in. Raises RepositoryError."""
    git = open_repository(repository, settings.environment)
    try:
        return Path(git.inside(git.start, "rev-parse", "--show-toplevel").rstrip("\n"))
    except CommandFailed as error:
        raise RepositoryError(
            f"{repository.resolve()} is no work tree", remedy="Run this in a clone with files, not in a bare one."
        ) from error


def missing_agent(settings: Settings) -> str | None:
    """Why Claude Code cannot run here; None where it can."""
    return Agents(settings.environment, SystemClock()).agent(Config()).obstacle()


def is_on_github(settings: Settings, repository: Path) -> bool:
    """Whether a folder is in a clone of a repository on GitHub. Raises RepositoryError, UsageError."""
    return _on_github(settings, open_repository(repository, settings.environment)) is not None


def connect(settings: Settings, repository: Path, wanted: Wanted = _AS_IT_IS) -> Backend:
    """Everything that the use cases act through, for a repository on disk. Raises RepositoryError, UsageError."""
    git = open_repository(repository, settings.environment)
    clock = SystemClock()
    override = _override(wanted)
    host, upstream = _host(settings, git, wanted)
    holder = _holder(settings, wanted)
    us = holder or current_owner()
    author = describe(us, settings.environment)
    agents = Agents(settings.environment, clock)
    return Backend(
        host=host,
        git=StepRepository(git, upstream),
        store=MetadataStore(host.branch, clock=clock, author=author, has_pull_requests=host.has_pull_requests),
        runs=Runs(wanted.handover or git.git_dir / "claudestep", clock),
        clock=clock,
        owner=current_owner(),
        holder=holder,
        is_gone=judge_of(us),
        agent_of=agents.agent,
        command_of=agents.command,
        secrets=secret_values(settings.environment),
        override=override,
    )


def workshop(settings: Settings, repository: Path, handover: Path) -> Workshop:
    """All that an agent needs: a repository on disk, and neither a host nor a token. Raises RepositoryError."""
    git = open_repository(repository, settings.environment)
    clock = SystemClock()
    agents = Agents(settings.environment, clock)
    return Workshop(
        git=StepRepository(git, LocalUpstream(git)),
        runs=Runs(handover, clock),
        clock=clock,
        owner=current_owner(),
        holder=_holder(settings, Wanted(handover=handover)),
        agent_of=agents.agent,
        command_of=agents.command,
        secrets=secret_values(settings.environment),
    )


def default_branch(settings: Settings, repository: Path) -> tuple[str, bool]:
    """The default branch, and whether the clone knows it: else it is the branch that is checked out.

    Raises RepositoryError.
    """
    git = open_repository(repository, settings.environment)
    named = git.inside(git.start, "for-each-ref", "--format=%(symref:lstrip=3)", "refs/remotes/origin/HEAD").strip()
    return named or git.inside(git.start, "branch", "--show-current").strip() or "main", bool(named)


def handover_folder(settings: Settings, repository: Path) -> Path:
    """Where commands that follow one another hand on what they know: of the workflow's job, or of the clone."""
    workflow = settings.workflow()
    if workflow is not None and workflow.temporary is not None:
        return workflow.temporary / "claudestep"
    return open_repository(repository, settings.environment).git_dir / "claudestep/handover"


def _holder(settings: Settings, wanted: Wanted) -> Owner | None:
    """Who holds the claims, where that is not this process alone: a workflow run, or commands that follow."""
    if wanted.handover is not None:
        return staged_holder(settings)
    workflow = settings.workflow()
    return replace(current_owner(), run_id=workflow.run_id, run_attempt=workflow.run_attempt) if workflow else None


def staged_holder(settings: Settings) -> Owner:
    """Who holds the claims of commands that follow one another: the workflow run, else nobody of this machine."""
    workflow, process = settings.workflow(), current_owner()
    return workflow.holder if workflow else Owner(host=process.host, boot_id=process.boot_id)


def _host(settings: Settings, git: Git, wanted: Wanted) -> tuple[Host, Upstream]:
    on_github = None if wanted.local else _on_github(settings, git, wanted.repository)
    if on_github is None:
        _refuse_api(wanted.api)
        if wanted.local:
            _refuse_beside_github(settings, git)
        _refuse_two_roots(git)
        return LocalHost(git, SystemClock(), wanted.base_branch), LocalUpstream(git)
    from claudestep.cli.wiring.github import host_and_upstream

    return host_and_upstream(settings, git, on_github, wanted.api)


@contextmanager
def apart(settings: Settings, repository: Path, wanted: Wanted) -> Iterator[Backend]:
    """The same as `connect`, for work that an agent has left: git has none of the settings that it may have made.

    Where pull requests are on GitHub git works in a bare repository of its own, which is removed at the end.
    """
    git = open_repository(repository, settings.environment)
    on_github = None if wanted.local else _on_github(settings, git, wanted.repository)
    backend = connect(settings, repository, wanted)
    if on_github is None or wanted.handover is None:
        yield backend
        return
    from claudestep.cli.wiring.github import host_and_upstream

    folder = Path(tempfile.mkdtemp(prefix="claudestep-"))
    try:
        own = borrowed(git, folder / "git")
        host, upstream = host_and_upstream(settings, own, on_github, wanted.api)
        yield replace(backend, host=host, git=StepRepository(own, upstream))
    finally:
        discard(folder)


def _on_github(settings: Settings, git: Git, named: str | None = None) -> "RepositoryName | None":
    """The repository on GitHub that is meant: the one named, or that of the clone; None for any other clone."""
    urls = {} if named else remote_urls(git)
    if not (named or urls):
        return None
    from claudestep.cli.wiring.repositories import named_repository, repository_of

    return named_repository(named) if named else repository_of(settings, urls)


def _is_name(text: str) -> bool:
    return text.count("/") == 1 and not text.startswith((".", "/", "~"))


def _override(wanted: Wanted) -> BaseOverride | None:
    if wanted.base_branch is None:
        return None
    if not is_branch_name(wanted.base_branch):
        raise UsageError(f"--base-branch: {wanted.base_branch!r} cannot be the name of a branch")
    return BaseOverride(wanted.base_branch, wanted.project)


def _known(api: Api | None) -> Api | None:
    """The interface that a caller names, which no type checker may have seen."""
    if api not in (None, *get_args(Api)):
        raise UsageError(f"there is no api {api!r}", remedy=f"It is one of: {', '.join(get_args(Api))}")
    return api


def _refuse_api(api: Api | None) -> None:
    """Refuse what means nothing where git alone works."""
    if api is not None:
        raise UsageError(
            f"api {api} is a way of writing to GitHub, and this repository is served by git alone",
            remedy="Leave it out, or name a repository on GitHub.",
        )


def _refuse_beside_github(settings: Settings, git: Git) -> None:
    """Records kept here would know nothing of those that GitHub has."""
    if git.text("for-each-ref", f"refs/remotes/*/{METADATA_BRANCH}") and _on_github(settings, git):
        raise UsageError(
            f"GitHub has the branch {METADATA_BRANCH} of this repository", remedy="Run it without --local."
        )


def _refuse_two_roots(git: Git) -> None:
    """A metadata branch that a remote has and this clone has not would get a second root here."""
    listed = git.text("for-each-ref", "--format=%(refname)", REF, f"refs/remotes/*/{METADATA_BRANCH}").split()
    if listed and REF not in listed:
        remote = listed[0].removeprefix("refs/remotes/")
        raise RepositoryError(
            f"{remote} exists, and this clone has no branch {METADATA_BRANCH} of its own",
            remedy=f"Take it over first: git branch {METADATA_BRANCH} {remote}",
        )
