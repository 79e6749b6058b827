"""What is installed on this machine and set in this clone, for an examination: it only reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claudestep.infrastructure.agent.claude_version import Version, claude_version
from claudestep.infrastructure.git import clone_facts
from claudestep.infrastructure.git.clone_facts import Credential, LocalFile
from claudestep.infrastructure.git.command import Git


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that we are on, and a clone there. Methods raise ClaudeStepError where there is no answer."""

    git: Git
    environment: Mapping[str, str] = field(repr=False)

    def git_version(self) -> tuple[str, tuple[int, int]]:
        """What git calls its version, and its first two numbers."""
        return clone_facts.git_version(self.git)

    def credentials(self) -> tuple[Credential, ...]:
        """The settings of git that hold a secret."""
        return clone_facts.stored_credentials(self.git)

    def workflows(self) -> tuple[LocalFile, ...]:
        """Files that may be workflows of ours, wherever they are in the clone."""
        return clone_facts.local_workflows(self.git)

    def claude_version(self) -> Version | None:
        """The version of Claude Code, None where it is not installed."""
        return claude_version(self.environment)
