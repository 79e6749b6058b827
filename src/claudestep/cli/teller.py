"""What a run tells while it goes: results on stdout, signs of life on stderr."""

import sys
from datetime import timedelta

from claudestep.application.finalize import Published
from claudestep.application.prepare import Prepared
from claudestep.application.reports import run_text
from claudestep.application.run import Listener, StepOutcome
from claudestep.application.update import Updated
from claudestep.cli.errors import check_interrupt
from claudestep.domain.text import printable


class Teller:
    """Says on stdout what a run did, and on stderr that it is alive."""

    _QUIET_SECONDS = 30

    def __init__(self, name: str, *, live: bool) -> None:
        self._name = name
        self._live = live
        self._told = timedelta()

    def listener(self) -> Listener:
        """The ears of a run."""
        return Listener(
            settled=self._settled,
            started=self._started,
            progress=self._progress,
            finished=self._finished,
            updated=self._updated,
        )

    def _settled(self, published: Published) -> None:
        self._say(run_text.settled(self._name, published))

    def _updated(self, outcome: Updated) -> None:
        self._say(run_text.updated(outcome))

    def _started(self, prepared: Prepared) -> None:
        self._told = timedelta()
        self._say(run_text.started(prepared))

    def _finished(self, outcome: StepOutcome) -> None:
        self._say(run_text.finished(self._name, outcome))

    def _progress(self, since: timedelta, line: str) -> None:
        """One line that is written over where the terminal can, else a line now and then."""
        check_interrupt()
        seconds = int(since.total_seconds())
        if self._live:
            sys.stderr.write(f"\r\x1b[2K  {seconds} s  {printable(line)[:100]}")
        elif (since - self._told).total_seconds() >= self._QUIET_SECONDS:
            self._told = since
            sys.stderr.write(f"  still working after {seconds} s: {printable(line)}\n")
        sys.stderr.flush()

    def _say(self, text: str) -> None:
        check_interrupt()
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
        sys.stdout.write(printable(text))
        sys.stdout.flush()
