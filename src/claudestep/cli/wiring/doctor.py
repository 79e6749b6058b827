"""What `doctor` examines: as `connect` wires it, but where that would raise, the error is a finding."""

from pathlib import Path
from typing import TYPE_CHECKING

from claudestep.application.doctor.diagnose import Connected, NotConnected, Patient
from claudestep.cli.settings import Settings
from claudestep.cli.wiring import Wanted, connect
from claudestep.domain.errors import ClaudeStepError
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.git.command import Git, open_repository
from claudestep.infrastructure.git.remotes import remote_urls
from claudestep.infrastructure.machine import Machine
from claudestep.infrastructure.owner import is_gone
from claudestep.infrastructure.runs import Runs

if TYPE_CHECKING:
    from claudestep.infrastructure.github.api.endpoints import RepositoryName


def patient(settings: Settings, repository: Path, wanted: Wanted) -> Patient:
    """The repository on disk, with its server where it has one. Raises RepositoryError, UsageError without one."""
    git = open_repository(repository, settings.environment)
    return Patient(
        machine=Machine(git, settings.environment),
        runs=Runs(git.git_dir / "claudestep", SystemClock()),
        is_gone=is_gone,
        connection=_connection(settings, git, repository, wanted),
    )


def _connection(settings: Settings, git: Git, repository: Path, wanted: Wanted) -> Connected | NotConnected:
    try:
        named = _on_github(settings, git, wanted)
    except ClaudeStepError as error:
        return NotConnected("repository", error, on_server=True)
    try:
        if named is None:
            return Connected(connect(settings, repository, wanted).host, None)
        from claudestep.cli.wiring.examiner import host_and_examiner

        return Connected(*host_and_examiner(settings, git, named))
    except ClaudeStepError as error:
        return NotConnected("token" if named else "repository", error, on_server=named is not None)


def _on_github(settings: Settings, git: Git, wanted: Wanted) -> "RepositoryName | None":
    """The repository on GitHub that is meant, None where git alone is. Raises UsageError."""
    urls = {} if wanted.repository or wanted.local else remote_urls(git)
    if not (wanted.repository or urls):
        return None
    from claudestep.cli.wiring.repositories import named_repository, repository_of

    return named_repository(wanted.repository) if wanted.repository else repository_of(settings, urls)
