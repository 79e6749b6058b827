"""What an examination found, for people: a line a check, and below it what to do."""

from claudestep.domain.diagnosis import STATUSES, Check, Diagnosis
from claudestep.domain.text import printable

_WIDTH = max(map(len, STATUSES))
_PLURAL = {"problem": "problems", "warning": "warnings", "unknown": "unknown"}


def render(diagnosis: Diagnosis) -> str:
    """All checks, and a line that counts them."""
    width = max(len(check.name) for check in diagnosis.checks)
    lines = [line for check in diagnosis.checks for line in _lines(check, width)]
    return printable("\n".join([*lines, "", _summary(diagnosis)]) + "\n")


def _lines(check: Check, width: int) -> list[str]:
    where = f"{check.where}: " if check.where else ""
    first = f"{check.status:<{_WIDTH}}  {check.name:<{width}}  {where}{' '.join(check.message.split())}"
    remedy = check.remedy.splitlines()
    indent = " " * (_WIDTH + 2)
    return [first, *(f"{indent}{'->' if number == 0 else '  '} {line}" for number, line in enumerate(remedy))]


def _summary(diagnosis: Diagnosis) -> str:
    counts = {status: diagnosis.count(status) for status in STATUSES if status != "ok"}
    found = [f"{n} {status if n == 1 else _PLURAL[status]}" for status, n in counts.items() if n]
    count = len(diagnosis.checks)
    return f"{count} check{'' if count == 1 else 's'}: {', '.join(found) or 'nothing stands in the way'}"
