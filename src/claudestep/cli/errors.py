"""One place where errors become sentences and exit codes.

0 done, also "nothing to do"; 1 failed; 2 wrong use or configuration; 3 an error of ours; 130 interrupted.
"""

import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from types import FrameType
from typing import Any

from claudestep.domain.errors import ClaudeStepError, ConfigurationError, Interrupted, UsageError
from claudestep.domain.text import printable

_INPUT = re.compile(r"\(env var: 'CLAUDESTEP_INPUT_(\w+)'\)")
OK, FAILED, WRONG_USE, OUR_ERROR, INTERRUPTED = 0, 1, 2, 3, 130


def exit_code(error: ClaudeStepError) -> int:
    """The exit code of an expected error."""
    return WRONG_USE if isinstance(error, UsageError) else FAILED


def tell_workflow(level: str, message: str, *, path: str = "", line: int | None = None) -> None:
    """Say something beside the run, and beside the file, where this is a step of a workflow."""
    say = getattr(sys.stdout, "command", None)
    if say is not None:
        from claudestep.infrastructure.actions.commands import annotation  # what needs none of it starts quicker

        say(annotation(level, message, path=path, line=line))


def tell(error: ClaudeStepError) -> None:
    """Say what is wrong and what to do, on stderr; to a workflow, beside the file that it is about."""
    where = (error.path, error.line) if isinstance(error, ConfigurationError) else ("", None)
    tell_workflow("error", error.explained, path=where[0], line=where[1])
    sys.stderr.write(printable(f"error: {error}\n"))
    for line in error.remedy.splitlines():
        sys.stderr.write(printable(f"  {line}\n"))


def wrong_use(error: Exception) -> UsageError:
    """What is wrong with a command line, in one sentence; an input of the action is called by its name there."""
    said = getattr(error, "format_message", lambda: str(error))()
    return UsageError(_INPUT.sub(lambda match: f"(the input {match[1].lower()})", said))


def guarded(program: Callable[[], Any]) -> int:
    """Run the program and return its exit code; every error ends here."""
    _set_up_process()
    try:
        ended = program()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK
    except Interrupted:
        clear = "\r\x1b[2K" if sys.stderr.isatty() else ""
        sys.stderr.write(f"{clear}interrupted; run it again to go on\n")
        return INTERRUPTED
    except ClaudeStepError as error:
        tell(error)
        return exit_code(error)
    except OSError as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED
    except Exception as error:  # noqa: BLE001  the one boundary: what arrives here is a mistake of ours
        return _our_error(error)
    return ended if isinstance(ended, int) else OK


def _set_up_process() -> None:
    """Signals that end a program become exceptions; text that a terminal cannot show is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


_received: list[int] = []


def _interrupt(number: int, _: FrameType | None) -> None:
    _received.append(number)
    raise Interrupted(by_hand=number == signal.SIGINT)


def check_interrupt() -> None:
    """Raise again what a destructor swallowed: Python drops an exception that is raised inside of one."""
    if _received:
        raise Interrupted(by_hand=_received[-1] == signal.SIGINT)


def _our_error(error: Exception) -> int:
    sys.stderr.write(f"error: this is a mistake in ClaudeStep itself ({type(error).__name__}: {error})\n")
    try:
        with tempfile.NamedTemporaryFile("w", prefix="claudestep-error-", suffix=".log", delete=False) as file:
            traceback.print_exception(error, file=file)
        sys.stderr.write(f"  The details are in {file.name}; please report them.\n")
    except OSError:  # no room for it
        traceback.print_exception(error, file=sys.stderr)
    return OUR_ERROR
