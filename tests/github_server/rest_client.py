"""REST for the tests of the server: the verbs, below one path."""

from dataclasses import dataclass

from tests.github_server.asking import Asker, Heard
from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer, RemoteRepository


@dataclass(frozen=True)
class Rest:
    """Somebody who asks below a path. Names of headers are given with underscores: `if_none_match="x"`."""

    asker: Asker
    root: str = ""

    @classmethod
    def of(cls, repository: RemoteRepository, token: str = DEFAULT_TOKEN) -> "Rest":
        return cls(Asker(repository.server, token), f"/repos/{repository.name}")

    @classmethod
    def nobody(cls, server: GitHubServer) -> "Rest":
        """Somebody without a token."""
        return cls(Asker(server, ""))

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Heard:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.asker.send(method, f"{self.root}{path}", body, {"user-agent": "tests", **named})

    def get(self, path: str, **headers: str) -> Heard:
        return self.send("GET", path, **headers)

    def post(self, path: str, **fields: object) -> Heard:
        return self.send("POST", path, fields)

    def put(self, path: str, **fields: object) -> Heard:
        return self.send("PUT", path, fields)

    def patch(self, path: str, **fields: object) -> Heard:
        return self.send("PATCH", path, fields)

    def delete(self, path: str, **fields: object) -> Heard:
        return self.send("DELETE", path, fields or None)


def said(reply: Heard) -> tuple[int, str]:
    """Status and message of a refusal."""
    return reply.status, reply.json["message"]
