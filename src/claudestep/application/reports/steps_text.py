"""What was decided about steps, in a line each."""

from collections.abc import Iterable

from claudestep.application.steps import Decided
from claudestep.domain.chain import StepState
from claudestep.domain.observation import PullRequest
from claudestep.domain.text import printable, shortened

_LONGEST = 80


def retried(project: str, decided: Iterable[Decided]) -> str:
    """Steps that can be begun again."""
    return _lines(project, decided, "to be done again") + f"  go on: claudestep run {project}\n"


def skipped(project: str, decided: Iterable[Decided]) -> str:
    """Steps that are left out."""
    listed = list(decided)
    numbers = " ".join(str(one.step.step_index) for one in listed if one.before is not StepState.WORKING)
    back = f"  take it back: claudestep retry {project} {numbers}\n" if numbers else ""
    return _lines(project, listed, "skipped") + back


def closed(pull: PullRequest) -> str:
    """A pull request that was closed, and where its work is."""
    again = ""
    if pull.record is not None:
        again = f"\n  do its step again: claudestep retry {pull.record.project} {pull.record.step_index}"
    kept = pull.url or f"git show {pull.head_commit[:12]}"
    return printable(f"closed #{pull.number}: {pull.title}\n  its work is kept: {kept}{again}\n")


def _from(one: Decided, now: str) -> str:
    return f"is {now} already" if one.before.words == now else f"was {one.before.words} and is {now}"


def _lines(project: str, decided: Iterable[Decided], now: str) -> str:
    rows = (
        f"{project}: step {one.step.step_index} {_from(one, now)}: "
        f"{shortened(one.step.step_description, _LONGEST)}\n"
        for one in decided
    )
    return printable("".join(rows))
