"""Which Claude Code is installed."""

import re
import shutil
from collections.abc import Mapping

from claudestep.domain.errors import ClaudeStepError
from claudestep.infrastructure.agent.claude_code import PASSED, PROGRAM
from claudestep.infrastructure.agent.program import passed
from claudestep.infrastructure.process import run

Version = tuple[int, int, int]

_SECONDS = 15.0
_VERSION = re.compile(rb"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")


def claude_version(environment: Mapping[str, str]) -> Version | None:
    """The version that it names itself; None where it is not installed.

    Raises ClaudeStepError where it does not start, gives no answer, or none that can be read.
    """
    program = shutil.which(PROGRAM, path=environment.get("PATH"))
    if program is None:
        return None
    said = run([program, "--version"], env=passed(environment, PASSED), timeout=_SECONDS).stdout
    found = _VERSION.search(said)
    if found is None:
        raise ClaudeStepError(f"{PROGRAM} --version names no version")
    return int(found[1]), int(found[2]), int(found[3])
