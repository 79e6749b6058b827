"""How a program tells a workflow something: outputs, the job summary, and lines of its log.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from claudestep.domain.errors import RepositoryError
from claudestep.domain.text import printable, shortened

MOST_SUMMARY_BYTES = 1024 * 1024 - 4096
"""GitHub drops a summary above 1 MiB whole; some room is left for what other steps' tools add."""

_CUT = "\n\n*The rest did not fit into the summary.*\n"
_COMMAND = re.compile(r"(?P<begin>(?:^|[\r\n])[^\S\r\n]*)::")
_OLD_COMMAND = re.compile(r"##(?=\[)")
_BREAK = "\N{ZERO WIDTH SPACE}"


def set_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Write outputs of this step. A value may hold anything, also lines that look like the end of one.

    Raises RepositoryError where the file cannot be written.
    """
    parts = []
    for name, value in outputs.items():
        delimiter = f"end-{os.urandom(16).hex()}"
        parts.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    _append(path, "".join(parts))


def add_summary(path: Path, text: str) -> None:
    """Write a part of the job summary, as much as fits. Raises RepositoryError."""
    there = path.stat().st_size if path.exists() else 0
    data = text.encode(errors="replace")
    room = MOST_SUMMARY_BYTES - there
    if len(data) > room:
        cut = data[: max(0, room - len(_CUT))].decode(errors="ignore").rpartition("\n")[0]
        text = cut + _CUT if room > len(_CUT) else ""
    _append(path, text)


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
    except OSError as error:
        raise RepositoryError(f"{path.name} of the workflow cannot be written: {error.strerror}") from error


def annotation(level: str, message: str, *, path: str = "", line: int | None = None) -> str:
    """The line of the log that GitHub shows beside a run, and beside the file where it names one.

    `level` is `error`, `warning` or `notice`.
    """
    named = {"file": path, "line": str(line) if line else ""}
    properties = ",".join(f"{name}={_property(value)}" for name, value in named.items() if value)
    return f"::{level}{' ' if properties else ''}{properties}::{_data(shortened(message, 4000))}\n"


def _data(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def harmless(text: str) -> str:
    """Whole lines, of which none is a command to the workflow, neither of today's form nor of the old one."""
    broken = _OLD_COMMAND.sub(f"##{_BREAK}", text)
    return _COMMAND.sub(lambda match: f"{match['begin']}{_BREAK}::", broken)


class HarmlessStream:
    """A stream of text on which nothing can be said to the workflow but by `command`.

    A line is written when it has ended: its parts may come one by one.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""

    def write(self, text: str) -> int:
        """Write text from anywhere."""
        whole, end, self._line = (self._line + text).rpartition("\n")
        self._stream.write(harmless(whole + end))
        return len(text)

    def command(self, line: str) -> None:
        """Write a command to the workflow: one that `annotation` made."""
        self._end_line()
        self._stream.write(line)
        self._stream.flush()

    def flush(self) -> None:
        """Hand on what was written; a line that has not ended ends here."""
        self._end_line()
        self._stream.flush()

    def isatty(self) -> bool:
        """A workflow's log is no terminal."""
        return False

    def _end_line(self) -> None:
        if self._line:
            self.write("\n")

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)
