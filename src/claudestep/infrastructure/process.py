"""The one place that starts processes."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from claudestep.domain.errors import ClaudeStepError


@dataclass(frozen=True, slots=True)
class Completed:
    """A process that ended well."""

    stdout: bytes
    stderr: bytes


class CommandFailed(ClaudeStepError):
    """A process that could not be started, or ended with something other than 0.

    `returncode` is negative for a signal and None where it never started; `stdout` is what it printed until then.
    """

    def __init__(self, argv: Sequence[str], returncode: int | None, stderr: str, stdout: str = "") -> None:
        detail = stderr.strip() or f"exit status {returncode}"
        super().__init__(f"{_short(argv)}: {detail}")
        self.argv = tuple(argv)
        self.returncode = returncode
        self.stderr = stderr.strip()
        self.stdout = stdout


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: bytes = b"",
    timeout: float | None = None,
) -> Completed:
    """Run a short program to its end, in a session of its own, so that Ctrl-C does not cut it in half.

    After `timeout` seconds it is killed. Raises CommandFailed.
    """
    try:
        process = subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise CommandFailed(argv, None, f"cannot start {argv[0]}: {error.strerror}") from error
    try:
        stdout, stderr = process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired as error:
        signal_group(process.pid, signal.SIGKILL)
        _let_end(process)
        raise CommandFailed(argv, None, f"no answer within {timeout:g} seconds") from error
    except BaseException:
        _let_end(process)
        raise
    if process.returncode != 0:
        texts = (stream.decode(errors="replace") for stream in (stderr, stdout))
        raise CommandFailed(argv, process.returncode, *texts)
    return Completed(stdout, stderr)


def _let_end(process: "subprocess.Popen[bytes]") -> None:
    """Let a program end that is in the middle of something: killed at once, git leaves its locks behind."""
    for ask in (None, process.terminate, process.kill):
        if ask is not None:
            ask()
        with suppress(subprocess.TimeoutExpired, ValueError, OSError):
            process.communicate(timeout=_GRACE)
            return


_GRACE = 10.0  # seconds


def _short(argv: Sequence[str]) -> str:
    """The program and its command, without the settings that stand between them."""
    words = list(argv[1:])
    while words and words[0] in ("-c", "-C"):
        del words[:2]
    return " ".join([argv[0], *words[:1]])


class Conversation:
    """A program that answers on stdout to what is written to its stdin, until it is closed."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None) -> None:
        self._process = subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def ask(self, line: bytes) -> bytes:
        """Write one line and return the first line of the answer, without its end."""
        self._pipe(self._process.stdin).write(line + b"\n")
        self._pipe(self._process.stdin).flush()
        return self._pipe(self._process.stdout).readline().rstrip(b"\n")

    def read(self, size: int) -> bytes:
        """Read exactly so many bytes of the answer."""
        return self._pipe(self._process.stdout).read(size)

    def close(self) -> None:
        """End it."""
        self._pipe(self._process.stdin).close()
        self._pipe(self._process.stdout).close()
        self._process.wait()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None:
            raise ValueError("this process has no pipe")
        return pipe


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Hold back the signals that end a program until the block is over: what it makes can then be undone.

    Only for the main thread, which is where Python's handlers run.
    """
    held: list[int] = []
    before = {number: signal.signal(number, lambda got, _: held.append(got)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


class Group:
    """A process group: a program and everything that it started and that did not leave the group."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        stdin: IO[bytes],
        stdout: IO[bytes] | int,
        stderr: IO[bytes] | None = None,
    ) -> None:
        """Start it; without `stderr` of its own, what it prints there goes to `stdout` as well."""
        self._process = subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=stdin, stdout=stdout,
            stderr=stderr or subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    @property
    def id(self) -> int:
        """The number of the group, which is the program's own."""
        return self._process.pid

    def wait(self, seconds: float) -> int | None:
        """The exit status (negative: the signal) of the program, None while it still runs after `seconds`."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self, grace: float = 5.0, *, interrupt: bool = False) -> None:
        """End everything in the group: politely, and after `grace` seconds by force.

        `interrupt` is more polite still: SIGINT, and as much time, before SIGTERM.
        """
        try:
            if interrupt:
                self._signal(signal.SIGINT)
                self.wait(grace)
            self._signal(signal.SIGTERM)
            self.wait(grace)
        finally:  # also where an interrupt breaks off the wait
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: int) -> None:
        signal_group(self._process.pid, number)


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group; one that is gone is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
