"""The connections of the transport: those of urllib3, with a bound on sending and on a whole reply.

A time-out of a socket is one for each read: a host that drips a byte a second would never reach it.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from claudestep.domain.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, SupportsRead, WriteableBuffer

_SENDING = 60.0
"""For a request's bytes to leave: a commit may have megabytes."""


def seconds() -> float:
    """The time that sockets go by."""
    return time.monotonic()  # noqa: TID251  no Clock makes a socket wait less


class _Bounded(io.RawIOBase):
    """What comes from a socket until its time-out has passed, counted from now on and over all reads."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)
        allowed = sock.gettimeout()
        self._end = None if allowed is None else seconds() + allowed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        if self._end is not None:
            left = self._end - seconds()
            if left <= 0:
                raise TimeoutError("the reply as a whole took too long")
            self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A reply whose time-out is one for all of it: status, headers, chunks and body."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        self.fp = io.BufferedReader(_Bounded(sock))


class _Plain(HTTPConnection):
    response_class = _Response

    def send(self, data: "SupportsRead[bytes] | Iterable[ReadableBuffer] | ReadableBuffer | str") -> None:
        """Send with a time-out of its own: urllib3 sends with that for connecting."""
        if self.sock is None:
            self.connect()
        before = self.sock.gettimeout()
        self.sock.settimeout(_SENDING)
        super().send(data)
        self.sock.settimeout(before)


class _Secure(_Plain, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


def pool_manager(certificates: ssl.SSLContext | None, proxy: str) -> urllib3.PoolManager:
    """A pool of kept-alive connections, through `proxy` where it is not ""."""
    manager = _through(proxy, certificates) if proxy else urllib3.PoolManager(ssl_context=certificates)
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return manager


def _through(proxy: str, certificates: ssl.SSLContext | None) -> urllib3.PoolManager:
    split = urlsplit(proxy)
    headers = {}
    if split.username is not None:
        credentials = f"{unquote(split.username)}:{unquote(split.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=credentials)
    bare = f"{split.scheme}://{split.netloc.rpartition('@')[2]}"
    return urllib3.ProxyManager(bare, proxy_headers=headers, ssl_context=certificates)


def trusted_certificates(environment: Mapping[str, str]) -> ssl.SSLContext:
    """The system's certificates, or those of the file or folder that the environment names.

    OpenSSL itself knows SSL_CERT_FILE and SSL_CERT_DIR; REQUESTS_CA_BUNDLE is set where there are other Python
    programs. Raises UsageError.
    """
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"):
        if path := environment.get(name, ""):
            return _certificates_at(path, name)
    return ssl.create_default_context()


def _certificates_at(path: str, name: str) -> ssl.SSLContext:
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise UsageError(f"{name} names no file with certificates", remedy="Correct it or unset it.") from error
