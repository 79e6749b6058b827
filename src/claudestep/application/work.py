"""The work on a claimed step: setup, agent, verify with its repairs, commit, summary; within one time limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from claudestep.application import guard, prompts, pull_request
from claudestep.application.backend import Workshop
from claudestep.application.ledger import Ledger
from claudestep.application.prepare import Prepared
from claudestep.application.summary import Summary, read_summary, schema
from claudestep.domain.naming import CLAIM_TRAILER, spec_path
from claudestep.infrastructure.agent.runner import Agent, AgentResult, AgentTask, Operation, Progress
from claudestep.infrastructure.hosting.port import StepCommit, StepRefused, WorkTree
from claudestep.infrastructure.runs import Run

NOTHING_CHANGED = "the agent changed nothing (if nothing is left to do, tick the line in spec.md)"
_LEAST_FOR_A_SUMMARY = 20.0  # seconds
_LABELS: Mapping[Operation, str] = {"PRCreation": "agent", "PRRefinement": "repair", "PRSummary": "summary"}


@dataclass(frozen=True, slots=True)
class Work:
    """A step that was done: its commit, its summary if there is one, and what is worth telling."""

    commit: str
    summary: Summary | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A step that was not done, and why. `counts` is False where the step is not to blame.

    `commit` is what was done all the same and must not be published. `by_hand`: somebody broke it off.
    """

    reason: str
    output: str = ""
    counts: bool = True
    commit: str = ""
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a step: what was claimed, where its run is noted, and what it spends.

    `in_place`: in the user's own work tree, not in one beside it. `most` is the time there is, if less than the
    configuration gives.
    """

    backend: Workshop
    prepared: Prepared
    noted: Run
    ledger: Ledger
    progress: Progress
    in_place: bool = False
    most: timedelta = timedelta.max

    def work(self) -> Work | GivenUp:
        """Do the step in a tree of its own, and commit it. Raises ClaudeStepError."""
        plan = self.prepared.plan
        deadline = self.backend.clock.monotonic() + min(plan.config.timeout, self.most).total_seconds()
        git = self.backend.git
        where = git.in_place if self.in_place else git.worktree
        with where(plan.base.commit, self.noted.folder) as tree:
            return _Bench(self, tree, deadline).work()


@dataclass(frozen=True, slots=True)
class _Bench:
    """An attempt in its tree; `deadline` is monotonic seconds."""

    attempt: Attempt
    tree: WorkTree
    deadline: float

    def work(self) -> Work | GivenUp:
        prepared, git = self.attempt.prepared, self.attempt.backend.git
        before = None
        if prepared.plan.config.setup is not None:
            ready = self._command(prepared.plan.config.setup, "setup")
            if ready.failure is not None:
                return GivenUp(ready.failure, ready.output, counts=False)
        if prepared.plan.config.setup is not None or self.attempt.in_place:
            before = git.snapshot(self.tree)
        prompt = prompts.creation(prepared)
        result = self._agent("PRCreation", prompt)
        if result.failure is not None:
            return _given_up(result)
        try:
            return self._verified(prompt, result, before)
        except StepRefused as error:
            return GivenUp(error.explained, result.output)

    def _verified(self, prompt: str, result: AgentResult, before: str | None) -> Work | GivenUp:
        """Commit what was done, once `verify` passes on it: its failures go back to the agent a few times."""
        config = self.attempt.prepared.plan.config
        repairs = 0
        while True:
            commit = self._commit(before)
            if commit is None:
                return GivenUp("; ".join((NOTHING_CHANGED, *result.warnings)), result.output)
            refused = guard.refusal(self.attempt.backend, self.attempt.prepared.plan, commit)
            if refused is not None:
                return GivenUp(refused, result.output, commit=commit)
            failed = self._verify()
            if failed is None:
                return self._described(commit, result, repairs)
            reason = f"{failed.failure} (after {repairs} repairs)" if repairs else str(failed.failure)
            obstacle = self._no_repair(repairs, config.max_repairs, failed)
            if obstacle is not None:
                return GivenUp(f"{reason}{obstacle}", failed.output, failed.counts)
            repairs += 1
            result = self._agent("PRRefinement", prompts.repair(prompt, config.verify or "", failed.output))
            if result.failure is not None:
                return GivenUp(f"repair {repairs}: {result.failure}; before it, {reason}", result.output)

    def _no_repair(self, repairs: int, most: int, failed: AgentResult) -> str | None:
        """Why a failed `verify` is not repaired; an empty reason where that goes without saying."""
        if repairs >= most or not failed.counts:
            return ""
        if self.attempt.ledger.left(self.attempt.prepared.start.limit_usd) == 0.0:
            return "; the budget of the step is spent, so it is not repaired"
        return None

    def _verify(self) -> AgentResult | None:
        """Run `verify` on what is committed; None where it passes. What it leaves in the tree is undone."""
        prepared = self.attempt.prepared
        if prepared.plan.config.verify is None:
            return None
        git = self.attempt.backend.git
        done = git.snapshot(self.tree)
        result = self._command(prepared.plan.config.verify, "verify")
        git.restore(self.tree, done)
        return result if result.failure is not None else None

    def _described(self, commit: str, result: AgentResult, repairs: int) -> Work:
        """The work with its summary. A summary that fails is left out, with a note, and nothing else fails."""
        notes = list(result.warnings)
        if repairs:
            notes.append(f"verify passed after {repairs} repair{'s' if repairs > 1 else ''}")
        summary, problem = self._summary(commit)
        if problem:
            notes.append(f"no summary: {problem}")
        return Work(commit, summary, tuple(notes))

    def _summary(self, commit: str) -> tuple[Summary | None, str]:
        prepared, ledger = self.attempt.prepared, self.attempt.ledger
        if not prepared.plan.config.summary:
            return None, ""
        if ledger.left(prepared.start.limit_usd) == 0.0:
            return None, "the budget of the step is spent"
        if self._seconds_left() < _LEAST_FOR_A_SUMMARY:
            return None, "the time of the step is over"
        patch = self.attempt.backend.git.patch(prepared.plan.base.commit, commit, with_tick=False)
        result = self._agent("PRSummary", prompts.summary(prepared, patch), schema())
        if result.failure is not None:
            return None, result.failure
        return read_summary(result.answer)

    def _commit(self, before: str | None) -> str | None:
        step = step_commit(self.attempt.prepared, before)
        return self.attempt.backend.git.commit_step(self.tree, step)

    def _agent(self, operation: Operation, prompt: str, answer: Mapping[str, object] | None = None) -> AgentResult:
        prepared, ledger = self.attempt.prepared, self.attempt.ledger
        agent = prepared.agent
        budget = ledger.left(prepared.start.limit_usd)
        if agent.model is not None:
            ledger.begin(operation, agent.model, self.attempt.backend.clock.now())
        return self._run(agent, _LABELS[operation], prompt, operation=operation, budget_usd=budget, answer=answer)

    def _command(self, line: str, label: str) -> AgentResult:
        command = self.attempt.backend.command_of(line, label, self.attempt.prepared.plan.config)
        return self._run(command, label, "")

    def _run(
        self,
        agent: Agent,
        label: str,
        prompt: str,
        *,
        operation: Operation = "PRCreation",
        budget_usd: float | None = None,
        answer: Mapping[str, object] | None = None,
    ) -> AgentResult:
        step = self.attempt.prepared.start.step
        task = AgentTask(
            project=self.attempt.prepared.plan.name,
            step_index=step.step_index,
            step_description=step.step_description,
            prompt=prompt,
            tree=self.tree.path,
            scratch=self.tree.scratch,
            timeout=timedelta(seconds=self._seconds_left()),
            started=self.attempt.noted.note_agent,
            spent=self.attempt.ledger.end,
            operation=operation,
            budget_usd=budget_usd,
            answer=answer,
        )
        return agent.run(task, lambda since, doing: self.attempt.progress(since, self._doing(label, doing)))

    def _doing(self, label: str, doing: str) -> str:
        """What goes on: the part of the work, what was spent before it, and what it says itself."""
        cost = self.attempt.ledger.spent_before
        spent = f" ({cost} so far)" if cost.usd or cost.unknown else ""
        return f"{label}{spent}: {doing}" if doing else f"{label}{spent}"

    def _seconds_left(self) -> float:
        return max(0.0, self.deadline - self.attempt.backend.clock.monotonic())


def step_commit(prepared: Prepared, since: str | None = None) -> StepCommit:
    """What is committed for a step; `since` is the tree that its agent began with, where that is not the base."""
    plan, start = prepared.plan, prepared.start
    return StepCommit(
        base=plan.base.commit,
        spec_path=spec_path(plan.name),
        spec=plan.spec.tick(start.line) if plan.spec else b"",
        message=f"{pull_request.title(start.step.step_description)}\n\n{CLAIM_TRAILER}: {prepared.claim.id}\n",
        since=since,
    )


def _given_up(result: AgentResult) -> GivenUp:
    return GivenUp(result.failure or "", result.output, result.counts)
