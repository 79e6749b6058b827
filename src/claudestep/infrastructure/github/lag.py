"""Reads that lag behind: after a write GitHub may show a branch as it was before, for some seconds.

Most of it does no harm: a commit on an old head is refused as stale. But where a commit is in doubt, a log that
does not even reach what was read before looks like a branch that somebody rewrote.
https://github.com/PyGithub/PyGithub/issues/2759
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from claudestep.domain.observation import Snapshot
from claudestep.infrastructure.clock import Clock

T = TypeVar("T")

logger = logging.getLogger(__name__)

_WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds; lags of ten were reported."""


def caught_up(look: Callable[[], T], snapshot_of: Callable[[T], Snapshot], clock: Clock) -> T:
    """What `look` sees, looked for again while its log does not reach back to where it was to."""
    seen = look()
    for wait in _WAITS:
        if snapshot_of(seen).log_complete:
            break
        logger.info("GitHub shows an older metadata branch than before; looking again in %.0f s", wait)
        clock.sleep(wait)
        seen = look()
    return seen
