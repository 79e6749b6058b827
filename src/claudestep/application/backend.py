"""What the use cases act through: one backend, wired once."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from claudestep.application.world import BaseOverride, World, questions, read_world
from claudestep.domain.config import Config
from claudestep.domain.errors import MetadataLost
from claudestep.domain.models import Owner
from claudestep.domain.naming import METADATA_BRANCH, is_branch_name
from claudestep.domain.observation import Observation
from claudestep.domain.settling import IsGone
from claudestep.infrastructure.agent.runner import Agent
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.hosting.port import Host, StepGit
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.metadata.store import Change, MetadataStore
from claudestep.infrastructure.runs import Runs

logger = logging.getLogger(__name__)

AgentOf = Callable[[Config], Agent]
"""The agent that a configuration asks for."""

CommandOf = Callable[[str, str, Config], Agent]
"""A command line of a configuration, what a failure calls it (`setup`, `verify`), and the configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A repository on disk and what works in it: all that an agent needs, which is no host and no token.

    `owner` is this process; `holder` is who holds claims where that is not the process alone: a workflow run, or
    somebody whose commands follow one another.
    """

    git: StepGit
    runs: Runs
    clock: Clock
    owner: Owner
    agent_of: AgentOf
    command_of: CommandOf
    holder: Owner | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What must stand in no file that is published."""

    @property
    def claims_for(self) -> Owner:
        """Who holds the claims that are given here."""
        return self.holder or self.owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend(Workshop):
    """A repository and everything that acts on it. `override` is `--base-branch`."""

    host: Host
    store: MetadataStore
    is_gone: IsGone
    override: BaseOverride | None = None
    merged: set[tuple[str, str]] = field(default_factory=set)
    """Which commits (base, head) this process has looked at for conflicts."""

    def look(self, since: str | None = None) -> Observation:
        """Observe, and look up what that leaves open."""
        observation = self.host.observe(since)
        open_questions = questions(observation, read_documents(observation.snapshot), self.override)
        if not open_questions:
            return observation
        return observation.with_answers(self.host.look_up(open_questions))

    def look_at_all(self, since: str | None = None) -> Observation:
        """Observe every pull request of ours, however old, and the branches that they are for."""
        observation = self.host.observe(since, every=True)
        asked = questions(observation, read_documents(observation.snapshot), self.override)
        seen = frozenset(pull.number for pull in observation.pull_requests)
        named = {pull.record.base_branch for pull in observation.pull_requests if pull.record}
        bases = {name for name in named if is_branch_name(name)} - observation.bases.keys()
        asked = replace(asked, numbers=asked.numbers - seen, bases=asked.bases | bases)
        return observation.with_answers(self.host.look_up(asked)) if asked else observation

    def world(self, observation: Observation, documents: Documents) -> World:
        """Read what was seen."""
        return read_world(observation, documents, is_gone=self.is_gone, override=self.override)

    def see(self) -> World:
        """Look once, for questions that write nothing; lost documents are told as the pull requests have them."""
        observation = self.look()
        if observation.is_lost:
            logger.warning("%s; what is shown is made of them", MetadataLost(METADATA_BRANCH))
        return self.world(observation, read_documents(observation.snapshot))

    def see_to_write(self) -> World:
        """Look once, before something is done that is to be written then. Raises MetadataLost."""

        def nothing(observation: Observation, documents: Documents) -> Change[World]:
            return Change({}, "", self.world(observation, documents))

        return self.store.transact_on(self.look, nothing).result
