"""What was decided about steps, in a line each."""

from collections.abc import Iterable

from claudestep.application.close import Closed
from claudestep.application.steps import Decided
from claudestep.domain.chain import StepState
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


def closed(done: Closed) -> str:
    """A pull request that was closed, where its work is, and how to go on."""
    owner, pull = done.owner, done.pull
    lines = []
    if pull is not None:
        kept = pull.url or f"git show {pull.head_commit[:12]}"
        lines += [f"closed #{pull.number}: {pull.title}", f"  its work is kept: {kept}"]
    elif owner is not None:
        lines.append(f"{owner} of {owner.project} was not found, and is recorded as closed")
    if owner is not None:
        lines.append(f"  do its step again: claudestep retry {owner.project} {owner.step_index}")
    return printable("".join(f"{line}\n" for line in lines))


def _from(one: Decided, now: str) -> str:
    return f"is {now} already" if one.before.words == now else f"was {one.before.words} and is {now}"


def _lines(project: str, decided: Iterable[Decided], now: str) -> str:
    rows = (
        f"{project}: step {one.step.step_index} {_from(one, now)}: "
        f"{shortened(one.step.step_description, _LONGEST)}\n"
        for one in decided
    )
    return printable("".join(rows))
