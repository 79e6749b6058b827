"""How it ended for each project of a run, as values that reports are made from and that are handed on as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from claudestep.application.ending import Failed, Opened
from claudestep.application.reports.run_text import counted
from claudestep.application.summary import Summary
from claudestep.domain.ai_tasks import AITask
from claudestep.domain.chain import Wait
from claudestep.domain.errors import ClaudeStepError, ConfigurationError, InvalidDocument
from claudestep.domain.reasons import Reason

Amount = TypeVar("Amount", int, float)
OutcomeName = Literal["opened", "nothing_to_do", "failed"]

_FREE = {Reason.NO_REVIEWER_CAPACITY: False, Reason.STEPS_IN_PROGRESS: False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One AI operation, as it is shown. None is unknown."""

    type: str
    model: str
    tokens_input: int | None
    tokens_output: int | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended for one project; `message` is a sentence, `reason` a word for programs.

    `has_capacity` is None where nothing was decided. Costs are those of this attempt alone. `patch` is the work
    that was kept, `unrecorded` what was spent and could not be recorded, as a file for `claudestep metadata apply`.
    """

    outcome: OutcomeName
    reason: str
    message: str
    project: str
    remedy: str = ""
    step_index: int | None = None
    step_description: str = ""
    reviewer: str | None = None
    pr_number: int | None = None
    pr_url: str = ""
    size: str = ""
    has_capacity: bool | None = None
    all_steps_done: bool = False
    done: int | None = None
    total: int | None = None
    costs: tuple[Cost, ...] = ()
    notes: tuple[str, ...] = ()
    output: str = ""
    what_changed: str = ""
    path: str = ""
    line: int | None = None
    patch: str = ""
    unrecorded: str = ""

    @property
    def cost_usd(self) -> float | None:
        """What it cost; None where that is not known of some operation, or where nothing was tried."""
        return self._sum([cost.cost_usd for cost in self.costs])

    @property
    def tokens_input(self) -> int | None:
        """All tokens that were read; None likewise."""
        return self._sum([cost.tokens_input for cost in self.costs])

    @property
    def tokens_output(self) -> int | None:
        """All tokens that were written; None likewise."""
        return self._sum([cost.tokens_output for cost in self.costs])

    def _sum(self, amounts: Sequence[Amount | None]) -> Amount | None:
        known = [amount for amount in amounts if amount is not None]
        tried = self.outcome != "nothing_to_do"
        return sum(known) if tried and len(known) == len(amounts) else None

    @property
    def model(self) -> str:
        """The models that worked, each once."""
        return ", ".join(dict.fromkeys(cost.model for cost in self.costs))


def encode(outcomes: Iterable[Outcome]) -> bytes:
    """Outcomes as JSON."""
    return msgspec.json.encode(list(outcomes))


def decode(data: bytes) -> tuple[Outcome, ...]:
    """Outcomes that were handed on. Raises InvalidDocument."""
    try:
        return msgspec.json.decode(data, type=tuple[Outcome, ...])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidDocument("report.json", str(error), where=" of the handover") from error


def main_outcome(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The one that tells most of a run of several steps: the last that was opened, else the first that failed."""
    opened = [one for one in outcomes if one.outcome == "opened"]
    failed = [one for one in outcomes if one.outcome == "failed"]
    found = opened[-1:] or failed[:1] or list(outcomes[:1])
    return found[0] if found else None


def of_wait(project: str, wait: Wait) -> Outcome:
    """Nothing is begun."""
    broken = wait.reason is Reason.METADATA_BROKEN
    return Outcome(
        outcome="failed" if broken else "nothing_to_do",
        reason=wait.reason.value,
        message=str(wait),
        remedy=wait.reason.remedy(project),
        project=project,
        has_capacity=_FREE.get(wait.reason, True),
        all_steps_done=wait.reason is Reason.ALL_STEPS_DONE,
    )


def of_nothing(reason: str, message: str) -> Outcome:
    """No project is meant."""
    return Outcome(outcome="nothing_to_do", reason=reason, message=message, project="")


def of_error(project: str, error: ClaudeStepError) -> Outcome:
    """It could not be told what to do, or not be done."""
    is_of_a_file = isinstance(error, ConfigurationError)
    return Outcome(
        outcome="failed",
        reason="configuration" if is_of_a_file else "error",
        message=str(error),
        remedy=error.remedy,
        project=project,
        path=error.path if isinstance(error, ConfigurationError) else "",
        line=error.line if isinstance(error, ConfigurationError) else None,
    )


def of_step(
    ended: Opened | Failed,
    tasks: Iterable[AITask],
    *,
    summary: Summary | None = None,
    unrecorded: str = "",
) -> Outcome:
    """A step that was tried. `tasks` are its AI operations,."""
    step, plan = ended.prepared.start.step, ended.prepared.plan
    progress = ended.progress if isinstance(ended, Opened) else None
    return Outcome(
        outcome=_name(ended),
        reason="opened" if isinstance(ended, Opened) else _why(ended),
        message=_sentence(ended),
        remedy=counted(ended) if isinstance(ended, Failed) and not ended.over else "",
        project=plan.name,
        step_index=step.step_index,
        step_description=step.step_description,
        reviewer=ended.prepared.claim.reviewer,
        pr_number=ended.pull.number if isinstance(ended, Opened) else ended.published,
        pr_url=(ended.pull.url or "") if isinstance(ended, Opened) else "",
        size=ended.size if isinstance(ended, Opened) else "",
        has_capacity=True,
        done=progress.done if progress else None,
        total=progress.total if progress else None,
        costs=tuple(_cost(task) for task in tasks),
        notes=ended.notes if isinstance(ended, Opened) else (),
        output="" if isinstance(ended, Opened) else ended.output,
        what_changed=summary.what_changed if summary else "",
        patch=str(ended.kept or "") if isinstance(ended, Failed) else "",
        unrecorded=unrecorded,
    )


def _name(ended: Opened | Failed) -> OutcomeName:
    if isinstance(ended, Opened):
        return "opened"
    return "failed" if ended.published is None else "nothing_to_do"


def _why(failed: Failed) -> str:
    if failed.published is not None:
        return "already_published"
    if failed.refused:
        return "publishing_refused"
    if failed.over:
        return "claim_ended"
    return {True: "step_failed", False: "not_the_steps_fault", None: "half_published"}[failed.counts]


def _sentence(ended: Opened | Failed) -> str:
    if isinstance(ended, Failed):
        return ended.reason
    return f"pull request #{ended.pull.number} is open: {ended.size}"


def _cost(task: AITask) -> Cost:
    return Cost(
        type=task.type,
        model=task.model,
        tokens_input=task.tokens_input,
        tokens_output=task.tokens_output,
        cost_usd=task.cost_usd,
    )
