"""The agents that a configuration can ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claudestep.domain.config import CommandAgent, Config
from claudestep.infrastructure.agent.claude_code import ClaudeCode
from claudestep.infrastructure.agent.command import CommandRunner
from claudestep.infrastructure.agent.runner import Agent
from claudestep.infrastructure.clock import Clock


@dataclass(frozen=True, slots=True)
class Agents:
    """Makes agents, each with the environment of this program to choose its own from."""

    environment: Mapping[str, str] = field(repr=False)
    clock: Clock

    def agent(self, config: Config) -> Agent:
        """The agent that a configuration asks for."""
        if isinstance(config.agent, CommandAgent):
            return self.command(config.agent.command, "agent.command", config)
        return ClaudeCode(config=config.agent, environment=self.environment, clock=self.clock)

    def command(self, line: str, label: str, config: Config) -> Agent:
        """A command line of a configuration; `label` is what a failure calls it."""
        return CommandRunner(
            command=line, label=label, names=config.agent.env, environment=self.environment, clock=self.clock
        )
