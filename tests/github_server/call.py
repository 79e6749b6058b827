"""One request on its way through the server: who asks, what is asked, and which faults strike it."""

from dataclasses import dataclass, field

from starlette.requests import Request

from tests.github_server import access, authoring, refs
from tests.github_server.faults import Fault
from tests.github_server.operations import Operation
from tests.github_server.people import Token, User
from tests.github_server.problems import Unauthorized
from tests.github_server.state import Host, Repository

_BLOB_LIMIT = 512_000  # where GitHub cuts Blob.text (github-facts, section 3)


@dataclass
class Call:
    """Everything about one request. Reads of refs go through it, as faults may make them lag or move."""

    host: Host
    operation: Operation
    body: bytes
    token: Token | None = None
    faults: list[Fault] = field(default_factory=list)
    moved: bool = False
    client: str = ""

    @property
    def user(self) -> User:
        """Who asks. Unauthorized: nobody that is known."""
        if self.token is None:
            raise Unauthorized("Requires authentication")
        return self.token.user

    @property
    def blob_limit(self) -> int:
        """How many bytes of a blob GraphQL gives."""
        return min((fault.bytes for fault in self.faults if fault.kind == "truncate"), default=_BLOB_LIMIT)

    def repository(self, owner: str, name: str) -> Repository:
        """A repository that the asker may see. NotFound otherwise."""
        found = self.host.repository(owner, name)
        access.require_read(self.token, found)
        return found

    def writable(self, repository: Repository, permission: str = "contents") -> Repository:
        """The repository, when the asker may write to it (see `access.require_write`)."""
        access.require_write(self.token, repository, permission)
        return repository

    def read_ref(self, repository: Repository, name: str) -> str | None:
        """Where a ref (by its full name) points for this reader, or None; a "move" strikes just after."""
        lag = next((fault for fault in self.faults if fault.kind == "lag"), None)
        if lag is None:
            oid = repository.objects.ref(name)
        else:
            oid = refs.oid_before(repository, name, requests=lag.requests, seconds=lag.seconds)
        self._strike_move(repository, name)
        return oid

    def _strike_move(self, repository: Repository, name: str) -> None:
        if self.moved:
            return
        for fault in self.faults:
            if fault.kind == "move" and fault.ref in ("*", name, name.removeprefix("refs/heads/")):
                self.moved = True
                branch = name.removeprefix("refs/heads/")
                authoring.commit_files(repository, branch, fault.files, "A commit of somebody else")


def call_of(request: Request) -> Call:
    """The call that a request belongs to; the middleware has made it."""
    found = request.scope["call"]
    assert isinstance(found, Call)
    return found
