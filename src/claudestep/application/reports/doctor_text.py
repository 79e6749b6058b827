"""What an examination found, for people: a line a check, and below it what to do."""

from dataclasses import replace

from claudestep.domain.diagnosis import STATUSES, Check, Diagnosis
from claudestep.domain.text import printable

_WIDTH = max(map(len, STATUSES))
_MOST_APART = 3
_PLURAL = {"problem": "problems", "warning": "warnings", "unknown": "unknown"}


def render(diagnosis: Diagnosis) -> str:
    """All checks, and a line that counts them; many that could not be asked for one reason are one line."""
    checks = _folded(diagnosis.checks)
    width = max(len(check.name) for check in checks)
    lines = [line for check in checks for line in _lines(check, width)]
    return printable("\n".join([*lines, "", _summary(diagnosis)]) + "\n")


def _folded(checks: tuple[Check, ...]) -> list[Check]:
    """The checks; of many unknown ones that differ by their names alone, one in the place of the first."""
    alike: dict[Check, list[str]] = {}
    for check in checks:
        if check.status == "unknown":
            alike.setdefault(replace(check, name=""), []).append(check.name)
    told = {check.remedy for check in checks if check.status != "unknown"}
    names = [alike.get(replace(check, name=""), []) for check in checks]
    return [
        _fold(check, those, told) if len(those) > _MOST_APART else check
        for check, those in zip(checks, names, strict=True)
        if len(those) <= _MOST_APART or check.name == those[0]
    ]


def _fold(check: Check, names: list[str], told: set[str]) -> Check:
    """One check for all of these; what another check says to do is not said again."""
    message = f"{check.message}: {', '.join(names)}"
    return replace(
        check, name=f"{len(names)} checks", message=message, remedy="" if check.remedy in told else check.remedy
    )


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
