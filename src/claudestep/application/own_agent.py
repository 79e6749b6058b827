"""An agent that the user runs between `prepare` and `finalize`, such as anthropics/claude-code-action."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from claudestep.application.backend import Workshop
from claudestep.domain.ai_tasks import AITask
from claudestep.infrastructure.agent.execution_file import read_execution
from claudestep.infrastructure.handover import Handed, Result
from claudestep.infrastructure.hosting.port import StepCommit


@dataclass(frozen=True, slots=True)
class ExecutionFile:
    """It left a file that says what it used, and its changes in the work tree `tree`."""

    workshop: Workshop
    path: Path
    tree: Path
    scratch: Path

    def result(self, handed: Handed) -> tuple[Result, tuple[AITask, ...]]:
        """How it ended, and what it spent. Raises UsageError where the file cannot be read."""
        found = read_execution(self.path, self._now(), self.workshop.secrets)
        tasks = tuple(
            replace(task, id=f"{handed.claim.id}-{n}", workflow_run_id=self.workshop.claims_for.run_id)
            for n, task in enumerate(found.tasks, start=1)
        )
        return Result(reason=found.failure or "", output=found.output), tasks

    def commit(self, handed: Handed, step: StepCommit) -> str | None:
        """Commit what it changed. Raises StepRefused."""
        with self.workshop.git.as_it_is(self.tree, handed.before or handed.base_commit, self.scratch) as tree:
            return self.workshop.git.commit_step(tree, step)

    def _now(self) -> datetime:
        return self.workshop.clock.now()
