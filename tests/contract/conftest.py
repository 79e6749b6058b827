"""Every contract test runs on every adapter."""

from pathlib import Path

import pytest

from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.adapters import (
    ADAPTERS,
    EMULATE,
    ON_GITHUB,
    Adapter,
    on_emulate,
    on_github,
)
from tests.emulate import emulate
from tests.fakes.clock import FakeClock

__all__ = ["emulate"]


@pytest.fixture(params=[*ADAPTERS, *ON_GITHUB, EMULATE])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Adapter:
    if request.param in ON_GITHUB:
        return on_github(request.getfixturevalue("github"), ON_GITHUB[request.param])
    if request.param == EMULATE:
        return on_emulate(request.getfixturevalue("emulate"))
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
