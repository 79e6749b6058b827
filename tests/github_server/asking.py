"""A client for the tests of the server itself: it knows HTTP and JSON, and nothing of our program."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer


@dataclass(frozen=True)
class Heard:
    """A reply. `json` raises when the body is none."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """The first error of GraphQL."""
        return self.json["errors"][0]


@dataclass(frozen=True)
class Asker:
    """Somebody with a token."""

    server: GitHubServer
    token: str = DEFAULT_TOKEN

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Heard:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(urlsplit(self.server.url).netloc, timeout=30)
        known = {"user-agent": "tests", "authorization": f"bearer {self.token}"} if self.token else {}
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        try:
            connection.request(method, path, content, {**known, **(headers or {})})
            reply = connection.getresponse()
            return Heard(reply.status, {key.lower(): value for key, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def graphql(self, query: str, **variables: object) -> Heard:
        return self.send("POST", "/graphql", {"query": query, "variables": variables})

    def data(self, query: str, **variables: object) -> Any:
        """The data of a query that must succeed."""
        heard = self.graphql(query, **variables)
        assert heard.status == 200
        assert "errors" not in heard.json, heard.json["errors"]
        return heard.json["data"]

    def mutate(self, name: str, selection: str, /, **given: object) -> Heard:
        """A mutation with one input."""
        type_ = name[0].upper() + name[1:] + "Input"
        return self.graphql(f"mutation($input:{type_}!){{{name}(input:$input){{{selection}}}}}", input=given)

    def commit(self, repository: str, branch: str, expected: str, files: Mapping[str, str | None]) -> Heard:
        """createCommitOnBranch; files are Base64 already, None deletes."""
        additions = [{"path": path, "contents": content} for path, content in files.items() if content is not None]
        return self.mutate(
            "createCommitOnBranch",
            "commit{oid} ref{name target{oid}}",
            branch={"repositoryNameWithOwner": repository, "branchName": branch},
            expectedHeadOid=expected,
            message={"headline": "A commit", "body": "with a body"},
            fileChanges={
                "additions": additions,
                "deletions": [{"path": path} for path, content in files.items() if content is None],
            },
        )
