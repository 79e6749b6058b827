"""Every contract test runs on every adapter."""

from pathlib import Path

import pytest

from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.adapters import ADAPTERS, GITHUB, Adapter, on_github
from tests.fakes.clock import FakeClock
from tests.github_server.fixture import GitHubServer


@pytest.fixture(params=[*ADAPTERS, GITHUB])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Adapter:
    if request.param == GITHUB:
        server: GitHubServer = request.getfixturevalue("github")
        return on_github(server)
    return ADAPTERS[request.param](tmp_path)


@pytest.fixture
def branch(adapter: Adapter) -> MetadataBranch:
    return adapter.branch


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(branch: MetadataBranch, clock: FakeClock) -> MetadataStore:
    return MetadataStore(branch, clock=clock)
