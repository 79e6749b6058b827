"""What was found: kept with each test's report, shown at the end, and written as a table where a file is named."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

PROPERTY = "claudestep-live-finding"
_LONGEST = 600


@dataclass(frozen=True)
class Finding:
    """One sentence of what GitHub did, at one place."""

    where: str
    test: str
    fact: str
    found: str


class Notes:
    """Takes down what one test finds; the secrets are in none of it."""

    def __init__(self, node: pytest.Item, where: str, secrets: Iterable[str]) -> None:
        self._node = node
        self._where = where
        self._secrets = tuple(secrets)

    def __call__(self, fact: str, found: object) -> None:
        text = " ".join(str(found).split())[:_LONGEST]
        for secret in self._secrets:
            text = text.replace(secret, "***")
        self._node.user_properties.append((PROPERTY, [self._where, self._node.name.partition("[")[0], fact, text]))


def of(report: pytest.TestReport) -> list[Finding]:
    """The findings of a test, by its report after the test itself."""
    if report.when != "call":
        return []
    return [Finding(*value) for name, value in report.user_properties if name == PROPERTY]  # type: ignore[misc]


def table(findings: Iterable[Finding]) -> str:
    """A table of Markdown: a row for each fact, with what each place said."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for one in findings:
        rows.setdefault((one.test, one.fact), {})[one.where] = one.found
    places = sorted({one.where for one in findings})
    lines = [["test", "fact", *places], ["---"] * (2 + len(places))]
    lines += [[*key, *(found.get(place, "") for place in places)] for key, found in rows.items()]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def write(findings: list[Finding], file: Path) -> None:
    file.write_text(f"# What GitHub did\n\n{table(findings)}", encoding="utf-8")
