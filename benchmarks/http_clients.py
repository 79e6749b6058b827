"""What an HTTP client costs a short-lived program: its import, and 200 calls on one kept-alive connection.

    python benchmarks/http_clients.py

Times are given as multiples: of `python -c pass` for the import, of http.client for the calls. Clients that are not
installed are left out; httpx2 (7 distributions) is none of ours and can be added by hand to compare.
"""

import http.client
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

CALLS = 200
ROUNDS = 7
BODY = b'{"data": {"repository": {"id": "R_1"}}}'
IMPORTS = {
    "http.client": "import http.client, ssl",
    "urllib3": "import urllib3; urllib3.PoolManager()",
    "httpx2": "import httpx2; httpx2.Client()",
    "httpx": "import httpx; httpx.Client()",
    "tenacity": "import tenacity",
    "the client of ClaudeStep": "import claudestep.infrastructure.github.api.client",
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the base class
        pass


def by_http_client(port: int) -> Callable[[], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def call() -> bytes:
        connection.request("POST", "/graphql", BODY)
        return connection.getresponse().read()

    return call


def by_urllib3(port: int) -> Callable[[], bytes]:
    import urllib3  # noqa: PLC0415

    manager = urllib3.PoolManager()
    return lambda: manager.request("POST", f"http://127.0.0.1:{port}/graphql", body=BODY).data


def by_ours(port: int) -> Callable[[], bytes]:
    from claudestep.infrastructure.github.api.protocol import Request  # noqa: PLC0415
    from claudestep.infrastructure.github.api.transport import Urllib3Transport  # noqa: PLC0415

    transport = Urllib3Transport({})
    request = Request("POST", f"http://127.0.0.1:{port}/graphql", {}, BODY)
    return lambda: transport.send(request, timeout=30).body


CLIENTS = {"http.client": by_http_client, "urllib3": by_urllib3, "the transport of ClaudeStep": by_ours}


def seconds(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def started(code: str) -> float:
    """The median seconds of a Python program."""
    argv = [sys.executable, "-c", code]
    return statistics.median(seconds(lambda: subprocess.run(argv, check=True)) for _ in range(ROUNDS))


def called(call: Callable[[], bytes]) -> float:
    """The median seconds of a call."""
    call()
    return statistics.median(seconds(call) for _ in range(CALLS))


def main() -> None:
    nothing = started("pass")
    print(f"python -c pass: {nothing * 1000:.0f} ms")
    for name, code in IMPORTS.items():
        if find_spec(code.split()[1].split(".")[0].strip(";,")):
            took = started(code)
            print(f"  {name:28} {took / nothing:5.1f} times, {(took - nothing) * 1000:4.0f} ms more")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        times = {name: called(make(server.server_port)) for name, make in CLIENTS.items()}
        server.shutdown()
    print(f"one of {CALLS} calls")
    for name, took in times.items():
        print(f"  {name:28} {took / times['http.client']:5.1f} times, {took * 1e6:5.0f} us")


if __name__ == "__main__":
    main()
