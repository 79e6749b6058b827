"""Where the server listens: TCP, and beside it a socket in the file system and TCP under TLS, as clients need them.

`gh` speaks plain HTTP over a socket file (`http_unix_socket` in its configuration) and nothing but TLS over TCP.
"""

import socket
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import uvicorn
from starlette.types import ASGIApp

_BACKLOG = 512


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate and of its key, in PEM."""

    chain: Path
    key: Path


@dataclass
class Listeners:
    """The servers of one application, with their open sockets."""

    urls: dict[str, str]
    _stack: ExitStack
    _served: list[tuple[uvicorn.Server, list[socket.socket]]] = field(default_factory=list)

    @classmethod
    def open(
        cls, app: ASGIApp, port: int = 0, uds: Path | None = None, certificate: Certificate | None = None
    ) -> "Listeners":
        """Open the sockets; from now on clients can connect. `urls` has "url", and "tls_url" with a certificate."""
        self = cls({}, ExitStack())
        plain = [self._tcp(port)]
        self.urls["url"] = f"http://127.0.0.1:{plain[0].getsockname()[1]}"
        if uds is not None:
            plain.append(self._stack.enter_context(socket.socket(socket.AF_UNIX)))
            plain[-1].bind(str(uds))
            plain[-1].listen(_BACKLOG)
        self._served.append((uvicorn.Server(_config(app)), plain))
        if certificate is not None:
            tls = self._tcp(0)
            self.urls["tls_url"] = f"https://localhost:{tls.getsockname()[1]}"
            self._served.append((uvicorn.Server(_config(app, certificate)), [tls]))
        return self

    def _tcp(self, port: int) -> socket.socket:
        return self._stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=_BACKLOG))

    async def serve(self) -> None:
        """Serve until `stop`, or until the process is told to end."""
        with self._stack:
            async with anyio.create_task_group() as group:
                for server, sockets in self._served:
                    group.start_soon(server.serve, sockets)

    def stop(self) -> None:
        """End at once, whatever is still under way; may be called in any thread."""
        for server, _ in self._served:
            server.should_exit = server.force_exit = True


def _config(app: ASGIApp, certificate: Certificate | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="error",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        access_log=False,
        h11_max_incomplete_event_size=1 << 20,
        timeout_keep_alive=60,
        ssl_certfile=certificate.chain if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
    )
