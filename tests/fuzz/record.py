"""Record `exchanges.json` anew: python -m tests.fuzz.record"""

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from claudestep.domain.errors import ClaudeStepError
from claudestep.infrastructure.github.api.protocol import Reply, Request
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.metadata.branch import BranchError
from tests.fuzz.exchanges import OPERATIONS, PATH, STEP_BRANCH, Exchange, client
from tests.github_server.fixture import GitHubServer, RemoteRepository


@dataclass
class _Recorder:
    inner: Urllib3Transport
    seen: list[Exchange] = field(default_factory=list)

    def send(self, request: Request, *, timeout: float) -> Reply:
        reply = self.inner.send(request, timeout=timeout)
        self.seen.append(Exchange(reply.status, dict(reply.headers), reply.body.decode()))
        return reply


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = GitHubServer(Path(folder))
        try:
            recorded = _record(server)
        finally:
            server.stop()
    PATH.write_bytes(msgspec.json.format(msgspec.json.encode(recorded), indent=1) + b"\n")


def _record(server: GitHubServer) -> dict[str, list[Exchange]]:
    files = {
        "claude-step/p/spec.md": "- [ ] One\n",
        "claude-step/p/configuration.yml": "paused: true\n",
        "a.py": "1\n",
    }
    repository = server.new_repository(files, name="o/r", labels=["claudestep"])
    _push(repository)
    recorded = {}
    for name, operation in OPERATIONS.items():
        if name == "merge":
            repository.reopen(1)
        recorder = _Recorder(Urllib3Transport({}))
        try:
            operation(client(recorder, server.environment()))
        except (ClaudeStepError, BranchError) as error:
            sys.exit(f"{name}: {error}")
        recorded[name] = recorder.seen
    return recorded


def _push(repository: RemoteRepository) -> None:
    repository.branch(STEP_BRANCH)
    repository.commit(STEP_BRANCH, {"a.py": "2\n"}, "One\n\nClaudeStep-Claim: c1\n")


if __name__ == "__main__":
    main()
