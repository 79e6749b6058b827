"""A stage for workflows: a repository, the stub of the Messages API, the real Claude Code, and act."""

import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.e2e.conftest import claude
from tests.fakes.messages_api import Scenario, serving
from tests.github_server.fixture import GitHubServer
from tests.workflows.caches import fill
from tests.workflows.release import copy_release
from tests.workflows.runner import API_KEY, Stage

__all__ = ["caches", "claude", "release", "set_stage"]

_ONLY_WITH_THE_KEY = Scenario(api_key=API_KEY)


class SetStage(Protocol):
    """Makes a stage: the files of its repository, what the stub plays, and fields of `Stage`."""

    def __call__(
        self, files: Mapping[str, str | bytes], scenario: Scenario = ..., *, ours: Path | None = None, **more: Any
    ) -> Stage: ...


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as a user's workflow gets it when it names a release."""
    if not Path(sysconfig.get_path("scripts"), "act").is_file():
        pytest.fail("act is not installed; run `make setup`", pytrace=False)
    return copy_release(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory, release: Path) -> Path:
    """The caches of a repository in which the action has run before."""
    return fill(tmp_path_factory.mktemp("caches"), release)


@pytest.fixture
def set_stage(
    tmp_path: Path, github: GitHubServer, release: Path, caches: Path, claude: Path
) -> Iterator[SetStage]:
    """What makes the stages of a test; what runs on them ends with it."""
    with ExitStack() as stack:

        def make(
            files: Mapping[str, str | bytes],
            scenario: Scenario = _ONLY_WITH_THE_KEY,
            *,
            ours: Path | None = None,
            **more: Any,
        ) -> Stage:
            api = stack.enter_context(serving(scenario))
            place = tmp_path / f"stage-{len(list(tmp_path.glob('stage-*'))) + 1}"
            stage = Stage(github.new_repository(files), api, place, ours or release, **more)
            stack.callback(stage.close)
            stage.install(claude)
            shutil.copytree(caches, stage.caches, symlinks=True)
            return stage

        yield make
