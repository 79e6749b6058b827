"""What the use cases act through: one backend, wired once."""

from collections.abc import Callable
from dataclasses import dataclass

from claudestep.application.world import BaseOverride, World, questions, read_world
from claudestep.domain.config import Config
from claudestep.domain.models import Owner
from claudestep.domain.observation import Observation
from claudestep.domain.settling import IsGone
from claudestep.infrastructure.agent.runner import Agent
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.hosting.port import Host, StepGit
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.runs import Runs

AgentOf = Callable[[Config], Agent]
"""The agent that a configuration asks for."""

CommandOf = Callable[[str, str, Config], Agent]
"""A command line of a configuration, what a failure calls it (`setup`, `verify`), and the configuration."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A repository and everything that acts on it. `override` is `--base-branch`."""

    host: Host
    git: StepGit
    store: MetadataStore
    runs: Runs
    clock: Clock
    owner: Owner
    is_gone: IsGone
    agent_of: AgentOf
    command_of: CommandOf
    override: BaseOverride | None = None

    def look(self, since: str | None = None) -> Observation:
        """Observe, and look up what that leaves open."""
        observation = self.host.observe(since)
        open_questions = questions(observation, read_documents(observation.snapshot), self.override)
        if not open_questions:
            return observation
        return observation.with_answers(self.host.look_up(open_questions))

    def world(self, observation: Observation, documents: Documents) -> World:
        """Read what was seen."""
        return read_world(observation, documents, is_gone=self.is_gone, override=self.override)

    def see(self) -> World:
        """Look once, for questions that write nothing."""
        observation = self.look()
        return self.world(observation, read_documents(observation.snapshot))
