"""What an examination sees of the repository; what could not be seen is the error in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from claudestep.application.world import World, questions, read_world
from claudestep.domain.config import ClaudeCodeAgent
from claudestep.domain.errors import ClaudeStepError, RepositoryError
from claudestep.domain.observation import Observation
from claudestep.domain.settling import IsGone
from claudestep.infrastructure.hosting.port import Host
from claudestep.infrastructure.metadata.documents import Documents, read_documents

T = TypeVar("T")


def attempt(ask: Callable[[], T]) -> T | ClaudeStepError:
    """What `ask` returns, or why it could not be asked."""
    try:
        return ask()
    except ClaudeStepError as error:
        return error
    except OSError as error:
        return RepositoryError(str(error))


@dataclass(frozen=True, slots=True)
class Sight:
    """One observation, what it says of the documents, and what follows from both."""

    observation: Observation | ClaudeStepError
    documents: Documents | ClaudeStepError
    world: World | ClaudeStepError

    @property
    def default_branch(self) -> str:
        """The default branch, in words where it is not known."""
        if isinstance(self.observation, ClaudeStepError):
            return "the default branch"
        return self.observation.default_branch

    @property
    def has_projects(self) -> bool:
        """Whether there is surely one."""
        return not isinstance(self.world, ClaudeStepError) and bool(self.world.plans)

    @property
    def wants_claude(self) -> bool:
        """Whether some project is done by Claude Code; so also where nobody knows."""
        if isinstance(self.world, ClaudeStepError) or not self.has_projects:
            return True
        return any(isinstance(plan.config.agent, ClaudeCodeAgent) for plan in self.world.plans.values())


def blind(error: ClaudeStepError) -> Sight:
    """Nothing could be seen."""
    return Sight(error, error, error)


def see(host: Host, is_gone: IsGone) -> Sight:
    """Look once, and once more for what that leaves open."""
    observation = attempt(host.observe)
    if isinstance(observation, ClaudeStepError):
        return blind(observation)
    documents = attempt(lambda: read_documents(observation.snapshot))
    known = Documents() if isinstance(documents, ClaudeStepError) else documents
    asked = questions(observation, known, None)
    whole = attempt(lambda: observation.with_answers(host.look_up(asked)) if asked else observation)
    if isinstance(whole, ClaudeStepError):
        return Sight(observation, documents, whole)
    return Sight(whole, documents, read_world(whole, known, is_gone=is_gone))
