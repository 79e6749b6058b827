"""One REST request as its handler sees it: who asks, about which repository, with which fields."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.github_server.call import Call
from tests.github_server.people import User
from tests.github_server.problems import NotFound, Problem
from tests.github_server.rest.fields import Fields
from tests.github_server.rest.links import Links
from tests.github_server.state import Host, Repository

Handler = Callable[["Ask"], Response]
Routes = tuple[tuple[str, str, Handler], ...]


@dataclass(frozen=True)
class Ask:
    """A request; what a handler raises as a Problem becomes the reply."""

    call: Call
    request: Request

    @property
    def host(self) -> Host:
        return self.call.host

    @property
    def user(self) -> User:
        """Who asks. Unauthorized: nobody that is known."""
        return self.call.user

    @cached_property
    def fields(self) -> Fields:
        """The JSON object in the body."""
        return Fields.read(self.call.body)

    @cached_property
    def links(self) -> Links:
        return Links(f"{self.request.url.scheme}://{self.request.headers.get('host', 'localhost')}")

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def number(self) -> int:
        """The number of an issue or pull request in the path."""
        if not self.part("number").isdecimal():
            raise NotFound
        return int(self.part("number"))

    def query(self, name: str, default: str = "") -> str:
        """A value of the query string."""
        return self.request.query_params.get(name, default)

    def accepts(self, word: str) -> bool:
        """Whether the Accept header asks for one of GitHub's media types: "raw", "object"."""
        return any(
            part.split("+")[0].rpartition(".")[2] == word and "vnd.github" in part
            for part in self.request.headers.get("accept", "").split(",")
        )

    @cached_property
    def repository(self) -> Repository:
        """The repository of the path. NotFound; a former name is answered with the way to the present one."""
        if "id" in self.request.path_params:
            return self._by_number(int(self.part("id")))
        owner, name = self.part("owner"), self.part("name")
        found = self.call.repository(owner, name)
        if found.name.lower() != name.lower():
            raise self._moved(found)
        return found

    def _by_number(self, number: int) -> Repository:
        found = next((each for each in self.host.repositories() if each.number == number), None)
        if found is None:
            raise NotFound
        return self.call.repository(found.owner.login, found.name)

    def _moved(self, repository: Repository) -> Problem:
        """301 for reads, 307 for writes, which keeps the method and the body."""
        path: str = self.request.scope["path"]
        rest = path.split("/", 4)[4:]
        url = self.links.api("repositories", repository.number, *rest)
        if self.request.url.query:
            url += f"?{self.request.url.query}"
        reading = self.request.method in ("GET", "HEAD")
        message, status = ("Moved Permanently", 301) if reading else ("Temporary Redirect", 307)
        return Problem(message, status, headers={"location": url})

    def writable(self, *permissions: str) -> Repository:
        """The repository, if the asker has one of these permissions to write to it (see `access.require_write`)."""
        *others, last = permissions or ("contents",)
        for permission in others:
            try:
                return self.call.writable(self.repository, permission)
            except Problem as problem:
                if problem.status != 403:
                    raise
        return self.call.writable(self.repository, last)


def answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON as GitHub labels it."""
    return JSONResponse(content, status, headers, media_type="application/json; charset=utf-8")


def nothing() -> Response:
    """204."""
    return Response(status_code=204)
