"""A GitHub that others wrote: npm `emulate`, with REST and without GraphQL, tarballs and git.

https://www.npmjs.com/package/emulate; how it differs from GitHub: tests/contract/adapters.py.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path

import pytest

LOGIN = "octocat"
_PROGRAM = Path(__file__).parent / "npm/node_modules/emulate/dist/index.js"
_UNTIL_EOF = "process.stdin.on('close', () => process.exit()).resume(); await import({program});"
_PATIENCE = 30.0
_TOKENS = 500
"""As many as tests may want one of their own: each has 5,000 requests an hour, as on GitHub."""


class Emulate:
    """A running server; each test makes its own repository. It ends with this process, however that ends."""

    def __init__(self, folder: Path) -> None:
        seed = folder / "seed.json"  # which is YAML, too
        who = {"login": LOGIN, "scopes": ["repo", "user", "workflow"]}
        tokens = {_token(number): who for number in range(_TOKENS)}
        seed.write_text(json.dumps({"tokens": tokens, "github": {"users": [{"login": LOGIN, "name": LOGIN}]}}))
        self._log = folder / "log"
        self._numbers = count()
        self._port = _free_port()
        script = _UNTIL_EOF.format(program=json.dumps(_PROGRAM.as_uri()))
        options = ["start", "--service", "github", "--port", str(self._port), "--seed", str(seed)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["node", "--input-type=module", "--eval", script, "--", *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a workflow tells programs where GitHub is."""
        return {"GITHUB_API_URL": f"http://127.0.0.1:{self._port}"}

    def wait(self) -> None:
        """Return as soon as it answers."""
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < end, self._log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()

    def new_repository(self) -> tuple[str, str]:
        """A repository with one commit: its name, and a token that nobody else uses."""
        number = next(self._numbers)
        token, name = _token(number % _TOKENS), f"r{number}"
        status, said = self._ask("POST", "/user/repos", token, {"name": name, "auto_init": True})
        assert status == 201, said
        return f"{LOGIN}/{name}", token

    def _answers(self) -> bool:
        try:
            return self._ask("GET", "/user", _token(0))[0] == 200
        except (OSError, HTTPException):
            return False

    def _ask(self, method: str, path: str, token: str, body: object = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        try:
            connection.request(method, path, json.dumps(body), {"Authorization": f"Bearer {token}"})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()


@pytest.fixture(scope="session")
def emulate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulate]:
    """One server for all tests of a worker."""
    server = Emulate(tmp_path_factory.mktemp("emulate"))
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def _token(number: int) -> str:
    return f"token-{number}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
