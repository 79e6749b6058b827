"""What an examination found, for programs."""

from collections.abc import Mapping

from claudestep.application.reports import json_text
from claudestep.domain.diagnosis import Check, Diagnosis


def render(diagnosis: Diagnosis) -> str:
    """One object; `where` is there where a check is about one place."""
    checks = [_check(check) for check in diagnosis.checks]
    return json_text.render("doctor", {"ok": diagnosis.ok, "checks": checks})


def _check(check: Check) -> Mapping[str, object]:
    found = {"name": check.name, "status": check.status, "message": check.message, "remedy": check.remedy}
    return {**found, "where": check.where} if check.where else found
