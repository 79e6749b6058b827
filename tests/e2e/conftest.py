"""The real Claude Code on loopback."""

import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.e2e.bench import STEP, Bench
from tests.fakes.messages_api import Scenario, serving
from tests.integration.repository import THREE_STEPS, Repository


class SetUp(Protocol):
    """Makes a bench: what is played on it, and the project; `flags` are what Claude Code is given besides."""

    def __call__(
        self, scenario: Scenario, configuration: str = STEP, *, spec: str = THREE_STEPS, flags: tuple[str, ...] = ()
    ) -> Bench: ...


@pytest.fixture(scope="session")
def claude() -> Path:
    """The program that the package claude-agent-sdk carries."""
    program = Path(sysconfig.get_path("purelib"), "claude_agent_sdk", "_bundled", "claude")
    if not program.is_file():
        pytest.fail(f"Claude Code is not installed: {program} is missing; run `make setup`", pytrace=False)
    return program


@pytest.fixture
def set_up(tmp_path: Path, claude: Path) -> Iterator[SetUp]:
    """What makes the benches of a test; their stubs end with it."""
    with ExitStack() as stack:

        def make(
            scenario: Scenario,
            configuration: str = STEP,
            *,
            spec: str = THREE_STEPS,
            flags: tuple[str, ...] = (),
        ) -> Bench:
            api = stack.enter_context(serving(scenario))
            bench = Bench(Repository(tmp_path, forks=False).begin(spec=spec), api)
            bench.install(claude, *flags)
            bench.configure(configuration)
            return bench

        yield make
