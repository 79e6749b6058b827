"""Requests of GitHub as it is, with none of the program's judgement: for facts about GitHub itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claudestep.infrastructure.github.api.protocol import API_VERSION, JSON, Request
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Transport
from tests.github_server.asking import Heard

_PATIENCE = 120.0


@dataclass(frozen=True)
class Raw:
    """Somebody with a token; REST is below one repository."""

    api: str
    graphql_url: str
    repository: str
    token: Token
    transport: Transport

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Heard:
        """One request below the repository."""
        return self._send(method, f"{self.api}/repos/{self.repository}{path}", body)

    def get(self, path: str) -> Heard:
        return self.send("GET", path)

    def post(self, path: str, **fields: object) -> Heard:
        return self.send("POST", path, fields)

    def put(self, path: str, **fields: object) -> Heard:
        return self.send("PUT", path, fields)

    def patch(self, path: str, **fields: object) -> Heard:
        return self.send("PATCH", path, fields)

    def delete(self, path: str) -> Heard:
        return self.send("DELETE", path)

    def pages(self, path: str) -> list[Any]:
        """All of a list."""
        found: list[Any] = []
        for number in range(1, 100):
            page = good(self.get(f"{path}{'&' if '?' in path else '?'}per_page=100&page={number}")).json
            news = [one for one in page if one not in found]  # some lists come whole, whatever page is asked for
            found += news
            if len(page) < 100 or not news:
                break
        return found

    def graphql(self, document: str, **variables: object) -> Heard:
        return self._send("POST", self.graphql_url, {"query": document, "variables": variables})

    def ask(self, document: str, **variables: object) -> Heard:
        """A query that has the variables `owner` and `name`."""
        owner, _, name = self.repository.partition("/")
        return self.graphql(document, owner=owner, name=name, **variables)

    def mutate(self, name: str, selection: str, /, **given: object) -> Heard:
        """A mutation with one input."""
        type_ = name[0].upper() + name[1:] + "Input"
        return self.graphql(
            f"mutation($input: {type_}!) {{ {name}(input: $input) {{ {selection} }} }}", input=given
        )

    def _send(self, method: str, url: str, body: Mapping[str, object] | None) -> Heard:
        headers = {
            "Authorization": f"Bearer {self.token.reveal()}",
            "Accept": JSON,
            "User-Agent": "claudestep-live-tests",
            "X-GitHub-Api-Version": API_VERSION,
            **({"Content-Type": "application/json"} if body is not None else {}),
        }
        content = json.dumps(body).encode() if body is not None else b""
        reply = self.transport.send(Request(method, url, headers, content), timeout=_PATIENCE)
        return Heard(reply.status, reply.headers, reply.body)


def good(heard: Heard) -> Heard:
    """A reply that is no refusal."""
    assert heard.status < 300, told(heard)
    return heard


def told(heard: Heard) -> str:
    """A reply in one line: its status, and the type and the words of its first error."""
    try:
        said = heard.json
    except ValueError:
        return f"{heard.status} {heard.body[:200]!r}"
    if not isinstance(said, dict):
        return f"{heard.status}"
    if said.get("errors") and "message" not in said:
        error = said["errors"][0]
        return f"{heard.status} {error.get('type', 'without a type')}: {error.get('message', '')!r}"
    if "message" not in said:
        return f"{heard.status}"
    details = [
        one.get("message") or one.get("code") if isinstance(one, dict) else one for one in said.get("errors", [])
    ]
    return f"{heard.status} {' / '.join(map(str, [said['message'], *details]))!r}"
