"""A server of raw sockets that says what a script tells it to, right or wrong, byte by byte."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-One: a\r\nX-One: b\r\n\r\n{}"
GENEROUS = 20.0
"""Seconds that nothing here takes."""

_OFTEN = 0.03

Script = Callable[[socket.socket, threading.Event], None]


class RawServer:
    """A server that says what a script tells it to, byte by byte, one connection after the other.

    `ended` is set when the test is over: a script that would go on for ever waits for it.
    """

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.connections = 0
        self.hung_up = threading.Semaphore(0)  # once for each connection that has ended
        self.ended = threading.Event()
        self.script: Script = answering(OK)
        self.at_once: Script | None = None  # before any request was read
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def close(self) -> None:
        self.ended.set()
        with suppress(OSError):  # wakes accept
            socket.create_connection(self._listener.getsockname()[:2], 1).close()
        self._thread.join(GENEROUS)
        self._listener.close()

    def _serve(self) -> None:
        while not self.ended.is_set():
            connection, _ = self._listener.accept()
            with connection, suppress(OSError):
                if self.ended.is_set():
                    return
                connection.settimeout(GENEROUS)
                self.connections += 1
                if self.at_once:
                    self.at_once(connection, self.ended)
                while request := read_request(connection):
                    self.heard.append(request)
                    self.script(connection, self.ended)
            self.hung_up.release()


class Hangup(OSError):
    """The script wants no further request on this connection."""


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65536)
        if not block:
            return b""
        data += block
    head, _, rest = data.partition(b"\r\n\r\n")
    body = bytearray(rest)
    length = next(
        (int(line.partition(b":")[2]) for line in head.splitlines() if line.lower().startswith(b"content-length:")),
        0,
    )
    while len(body) < length:
        block = connection.recv(65536)
        if not block:
            return b""
        body += block
    return head + b"\r\n\r\n" + body


def answering(*parts: bytes, hang_up: bool = False) -> Script:
    """Send these, and end the connection or not."""

    def script(connection: socket.socket, _: threading.Event) -> None:
        for part in parts:
            connection.sendall(part)
        if hang_up:
            raise Hangup

    return script


def dripping(start: bytes, drop: bytes) -> Script:
    """Send a start, and then a little, often enough for every time-out of a single read."""

    def script(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(start)
        for _ in range(int(GENEROUS / _OFTEN)):
            if ended.wait(_OFTEN):
                break
            connection.sendall(drop)
        raise Hangup

    return script


def resetting(connection: socket.socket, _: threading.Event) -> None:
    """End the connection as a crash does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    raise Hangup


def waiting(seconds: float) -> Script:
    """Do nothing for a while."""

    def script(_: socket.socket, ended: threading.Event) -> None:
        ended.wait(seconds)

    return script
