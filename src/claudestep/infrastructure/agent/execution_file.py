"""What anthropics/claude-code-action leaves of a run: one JSON array of the messages that Claude Code sent.

The last element of type `result` has the costs; after an error there may be none. A run that was begun and has no
result has an unknown cost. Everything in the file is data from outside.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from claudestep.domain.ai_tasks import UNKNOWN_MODEL, AITask
from claudestep.domain.redaction import redacted
from claudestep.infrastructure.agent.transcript import Transcript

_LARGEST = 256 << 20


@dataclass(frozen=True, slots=True)
class Execution:
    """How a run ended: `failure` is None for a success. `tasks` is what it used."""

    failure: str | None
    output: str
    tasks: tuple[AITask, ...]


def read_execution(path: Path, now: datetime, secrets: Iterable[str] = ()) -> Execution:
    """Read the file. One that is not there or cannot be read tells of a run whose cost nobody knows."""
    blank = AITask(type="PRCreation", model=UNKNOWN_MODEL, cost_usd=None, created_at=now)
    transcript = Transcript(say=partial(redacted, secrets=tuple(secrets)))
    try:
        for message in _messages(path):
            transcript.take(bytes(message))
    except OSError as error:
        return Execution(f"the agent left no execution file ({path.name}: {error.strerror})", "", (blank,))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return Execution(f"the execution file {path.name} is no list of messages: {error}", "", (blank,))
    tasks, result = transcript.tasks(blank), transcript.result
    if result is None:
        return Execution("the agent ended without a result", "", tasks)
    return Execution(result.failure, result.result or "", tasks)


def _messages(path: Path) -> list[msgspec.Raw]:
    with path.open("rb") as file:
        return msgspec.json.decode(file.read(_LARGEST), type=list[msgspec.Raw])
