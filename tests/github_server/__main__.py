"""Start the server: `python -m tests.github_server --root DIR`; it tells its address in one line of JSON."""

import argparse
import json
import os
import sys
import threading
from pathlib import Path

import anyio.to_thread

from tests.github_server.app import build
from tests.github_server.serving import Certificate, Listeners
from tests.github_server.state import Host

_THREADS = 64


def main() -> None:
    """Serve until the process is ended, or until stdin is closed where --until-eof is given."""
    options = _options()
    certificate = Certificate(*options.tls) if options.tls else None
    listeners = Listeners.open(build(Host(options.root)), options.port, options.uds, certificate)
    sys.stdout.write(json.dumps({**listeners.urls, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    if options.until_eof:
        threading.Thread(target=_watch_stdin, args=(listeners,), daemon=True).start()
    anyio.run(_serve, listeners)


async def _serve(listeners: Listeners) -> None:
    anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
    await listeners.serve()


def _watch_stdin(listeners: Listeners) -> None:
    """End with the process that started this one, however that ends."""
    os.read(sys.stdin.fileno(), 1)
    listeners.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.github_server", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="where the repositories are put")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--uds", type=Path, help="a socket file to listen at as well")
    parser.add_argument("--tls", type=Path, nargs=2, metavar=("CERT", "KEY"), help="a port with TLS as well")
    parser.add_argument("--until-eof", action="store_true", help="end when stdin is closed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
