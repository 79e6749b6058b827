"""What a run tells while it goes: results on stdout, signs of life on stderr."""

import sys

from claudestep.application.ending import StepOutcome
from claudestep.application.finalize import Published
from claudestep.application.prepare import Prepared
from claudestep.application.reports import run_text
from claudestep.application.run import Listener
from claudestep.application.update import Updated
from claudestep.cli.progress import Progress
from claudestep.domain.text import printable


class Teller:
    """Says on stdout what a run did, and on stderr that it is alive."""

    def __init__(self, name: str, *, live: bool) -> None:
        self._name = name
        self._progress = Progress(live=live)

    def listener(self) -> Listener:
        """The ears of a run."""
        return Listener(
            settled=self._settled,
            started=self._started,
            progress=self._progress.tell,
            finished=self._finished,
            updated=self._updated,
        )

    def _settled(self, published: Published) -> None:
        self._say(run_text.settled(self._name, published))

    def _updated(self, outcome: Updated) -> None:
        self._say(run_text.updated(outcome))

    def _started(self, prepared: Prepared) -> None:
        self._progress.begin()
        self._say(run_text.started(prepared))

    def _finished(self, outcome: StepOutcome) -> None:
        self._say(run_text.finished(self._name, outcome))

    def _say(self, text: str) -> None:
        self._progress.clear()
        sys.stdout.write(printable(text))
        sys.stdout.flush()
