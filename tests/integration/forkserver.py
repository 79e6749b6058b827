"""The program, started by forking a process that has loaded it: a start takes a tenth of the time.

What a start does else is the same: its own process, environment, folder, streams and exit code. Tests that send
signals, or that look at the process itself, start the program as a user does (`Repository.start`).

The test sends what to start as JSON with the ends of two pipes, the server answers with
the number of the process and, when that has ended, with its exit status.
"""

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from select import select
from typing import Any, NoReturn

from claudestep.__main__ import main

_LONGEST_REQUEST = 1_000_000


class TookTooLong(Exception):
    """The program was ended, for it did not end by itself."""


# On the side of the tests


class ForkServer:
    """The server, which ends with the process that started it."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="forkserver-")
        self._address = str(Path(self._place.name) / "socket")
        plain = {
            name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE_")
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, self._address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**plain, "LANG": "C.UTF-8"},
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def run(
        self, args: Sequence[str], *, cwd: Path, environment: Mapping[str, str], timeout: float
    ) -> tuple[int, str, str]:
        """Start the program, wait for its end, and return its exit code and what it printed. Raises TookTooLong."""
        request = json.dumps({"args": list(args), "cwd": str(cwd), "environment": dict(environment)}).encode()
        assert len(request) < _LONGEST_REQUEST
        with _pipe() as out, _pipe() as err, socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._address)
            socket.send_fds(connection, [len(request).to_bytes(4)], [out.write, err.write])
            connection.sendall(request)
            out.close_writing()
            err.close_writing()
            pid = int.from_bytes(_exactly(connection, 4))
            out.drain()
            err.drain()
            if not select([connection], [], [], timeout)[0]:
                os.kill(pid, signal.SIGKILL)
                raise TookTooLong(args, out.text(), err.text())
            status = int.from_bytes(_exactly(connection, 4))
            return os.waitstatus_to_exitcode(status), out.text(), err.text()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._place.cleanup()


class _Pipe:
    """A pipe that is read to its end by a thread, so that neither of two can fill up."""

    def __init__(self) -> None:
        self._read, self.write = os.pipe()
        self._writing = True
        self._data = b""
        self._thread: threading.Thread | None = None

    def close_writing(self) -> None:
        if self._writing:
            os.close(self.write)
            self._writing = False

    def drain(self) -> None:
        self._thread = threading.Thread(target=self._drain)
        self._thread.start()

    def text(self) -> str:
        assert self._thread is not None
        self._thread.join()
        return self._data.decode()

    def close(self) -> None:
        self.close_writing()
        if self._thread is None:
            os.close(self._read)
        else:
            self._thread.join()

    def _drain(self) -> None:
        with open(self._read, "rb") as end:  # noqa: PTH123  a file descriptor
            self._data = end.read()


def _pipe() -> "contextlib.closing[_Pipe]":
    return contextlib.closing(_Pipe())


@cache
def shared() -> ForkServer:
    """The one of this process."""
    server = ForkServer()
    atexit.register(server.close)
    return server


# On the side of the server


def serve(address: str) -> NoReturn:
    """Fork for each connection, until whoever started this is gone."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        _load_everything()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            readable, _, _ = select([listener, sys.stdin], [], [])
            _reap()
            if sys.stdin in readable:
                os._exit(0)  # what it measured of itself is in what its children measured
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    _keep(connection)


def _load_everything() -> None:
    package = importlib.import_module("claudestep")
    for module in pkgutil.walk_packages(package.__path__, "claudestep."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _keep(connection: socket.socket) -> NoReturn:
    """Start the program, and tell how it ended."""
    length, streams, _, _ = socket.recv_fds(connection, 4, 2)
    request = json.loads(_exactly(connection, int.from_bytes(length)))
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(request, streams)
    for stream in streams:
        os.close(stream)
    connection.sendall(pid.to_bytes(4))
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        connection.sendall(status.to_bytes(4))
    os._exit(0)


def _become(request: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    """Be the program, as `python -m claudestep` would be it."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((nothing, *streams)):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  as Python opens them
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])
    tempfile.tempdir = None
    time.tzset()
    sys.argv = ["claudestep", *request["args"]]
    code: object = 3
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001  told as Python tells it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        atexit._run_exitfuncs()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise ConnectionError("the server of the program is gone")
        data += more
    return data


if __name__ == "__main__":
    serve(sys.argv[1])
