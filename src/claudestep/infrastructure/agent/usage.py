"""What a command says that it used of an AI: a file that it may write beside its tree."""

import logging
import stat
from datetime import datetime
from pathlib import Path

from claudestep.domain.ai_tasks import UNKNOWN_MODEL, AITask
from claudestep.domain.errors import InvalidDocument
from claudestep.domain.redaction import redacted
from claudestep.infrastructure.agent.discretion import Say, cleaned_tasks
from claudestep.infrastructure.files import discard
from claudestep.infrastructure.metadata import codec

logger = logging.getLogger(__name__)

VARIABLE = "CLAUDESTEP_USAGE_FILE"


def usage_file(folder: Path) -> Path:
    """Where a command of this run writes it."""
    return folder / "usage.json"


def take_usage(path: Path, operation: str, now: datetime, *, say: Say = redacted) -> tuple[AITask, ...]:
    """Read the file and remove it, so that nothing is counted twice.

    What cannot be read has an unknown cost, not none; where there is no file, nothing was used.
    """
    try:
        return cleaned_tasks(codec.decode_ai_tasks(VARIABLE, _content(path)), say)
    except FileNotFoundError:
        return ()
    except (InvalidDocument, OSError, RecursionError) as error:
        logger.warning("the usage that the agent wrote cannot be read, so its cost is unknown: %s", say(str(error)))
    finally:
        discard(path)
    return (AITask(type=operation, model=UNKNOWN_MODEL, cost_usd=None, created_at=now),)


def _content(path: Path) -> bytes:
    """The bytes of a plain file; reading anything else might never end. Raises OSError, InvalidDocument."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise InvalidDocument(VARIABLE, "it is no file", where="")
    return path.read_bytes()
