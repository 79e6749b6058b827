"""Signs of life on stderr while something works."""

import sys
from datetime import timedelta

from claudestep.cli.errors import check_interrupt
from claudestep.domain.text import printable

_QUIET_SECONDS = 30
_LONGEST = 100


class Progress:
    """One line that is written over where the terminal can, else a line now and then."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._told = timedelta()

    def begin(self) -> None:
        """Something new begins."""
        self._told = timedelta()

    def tell(self, since: timedelta, line: str) -> None:
        """It works for so long, and does this."""
        check_interrupt()
        seconds = int(since.total_seconds())
        if self._live:
            sys.stderr.write(f"\r\x1b[2K  {seconds} s  {printable(line)[:_LONGEST]}")
        elif (since - self._told).total_seconds() >= _QUIET_SECONDS:
            self._told = since
            sys.stderr.write(f"  still working after {seconds} s: {printable(line)}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away, before something else is said."""
        check_interrupt()
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
