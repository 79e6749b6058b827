"""Small values for tests, each with all that a test does not care about filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.binding import Bound, bind
from claudestep.domain.models import Claim, Owner, PreviousPullRequest, Project, Step
from claudestep.domain.observation import PullRequest, StepHead, StepRecord
from claudestep.domain.spec import SpecStep

NOW = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)


def at(hours: float) -> datetime:
    """A time so many hours after NOW; before it where that is negative."""
    return NOW + timedelta(hours=hours)


def step(number: int = 1, text: str = "", **values: Any) -> Step:
    return Step(step_index=number, step_description=text or f"step {number}", **values)


def done(number: int = 1, text: str = "", **values: Any) -> Step:
    return step(number, text, completed_at=at(-1), **values)


def in_review(number: int = 1, text: str = "", **values: Any) -> Step:
    """A step with an open pull request, whose number is 100 and the step's."""
    return step(
        number,
        text,
        **{
            "branch_name": f"claude-step-p-{number}",
            "pr_number": 100 + number,
            "pr_state": "open",
            "created_at": at(-5),
            "attempts": 1,
            **values,
        },
    )


def merged(number: int = 1, text: str = "", **values: Any) -> Step:
    return in_review(number, text, pr_state="merged", merged_at=at(-2), **values)


def closed(number: int = 1, text: str = "", **values: Any) -> Step:
    return in_review(number, text, pr_state="closed", closed_at=at(-2), **values)


def skipped(number: int = 1, text: str = "", **values: Any) -> Step:
    return step(number, text, skipped_at=at(-1), **values)


def project(*steps: Step, name: str = "p", **values: Any) -> Project:
    return Project(project=name, steps=steps, **values)


def previous(number: int, state: str = "closed", **values: Any) -> PreviousPullRequest:
    """The pull request of an earlier attempt; its branch is the one that `pull(number)` has."""
    return PreviousPullRequest(
        **{"pr_number": number, "branch_name": f"claude-step-p-{number - 100}", "pr_state": state, **values}
    )


def claim(claim_id: str = "c1", number: int = 1, **values: Any) -> Claim:
    """A claim that holds for another hour."""
    return Claim(
        **{
            "id": claim_id,
            "owner": Owner(host="elsewhere", boot_id="b", pid=7, started="1"),
            "branch": f"claude-step-p-{number}",
            "agent": "claude-code",
            "stage": "working",
            "until": at(1),
            **values,
        }
    )


def claimed(number: int = 1, text: str = "", **values: Any) -> Step:
    """A step that somebody works on; `values` are the claim's."""
    return step(number, text, attempts=1, claim=claim(number=number, **values))


def task(cost_usd: float | None = 0.25, **values: Any) -> AITask:
    return AITask(**{"type": "PRCreation", "model": "m", "cost_usd": cost_usd, "created_at": NOW, **values})


def pull(number: int = 101, state: str = "open", **values: Any) -> PullRequest:
    """The pull request that `in_review(number - 100)` records."""
    return PullRequest(
        **{
            "number": number,
            "branch": f"claude-step-p-{number - 100}",
            "state": state,
            "head_commit": "h" * 40,
            "created_at": at(-5),
            "updated_at": at(-1),
            **values,
        }
    )


def record(number: int = 1, text: str = "", **values: Any) -> StepRecord:
    return StepRecord(
        **{"project": "p", "step_index": number, "step_description": text or f"step {number}", **values}
    )


def head(claim_id: str | None = "c1") -> StepHead:
    return StepHead("h" * 40, claim_id)


def lines(*written: str) -> list[SpecStep]:
    """Lines of a spec: `"text"` is open and `"[x] text"` is ticked."""
    return [
        SpecStep(text=text.removeprefix("[x] "), ticked=text.startswith("[x] "), line=number, mark=0)
        for number, text in enumerate(written, start=1)
    ]


def bound(before: Project, *written: str) -> Bound:
    """`before`, bound to lines that are written as in `lines`."""
    return bind(before, lines(*written), NOW)


def numbers(outcome: Bound) -> dict[str, int]:
    """The number of each line, by its text."""
    return {line.text: number for number, line in outcome.lines.items()}


def orphans(outcome: Bound) -> list[int]:
    return [s.step_index for s in outcome.project.steps if s.orphaned_at is not None]
