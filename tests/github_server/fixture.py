"""The server for tests: a process of its own, and what people do on its pages as methods."""

import base64
import http.client
import itertools
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from tests.github_server.faults import Fault
from tests.github_server.people import DEFAULT_TOKEN, SCOPES
from tests.github_server.published.violations import Reader
from tests.github_server.request_log import Logged

__all__ = ["DEFAULT_TOKEN", "Fault", "GitHubServer", "Logged", "RemoteRepository"]
_ROOT = Path(__file__).parents[2]


class ControlFailed(AssertionError):
    """The server refused a command of the test."""


class GitHubServer:
    """A server, started here. Its repositories live until it ends; each test makes its own."""

    started: ClassVar[list["GitHubServer"]] = []
    """All of this process, for what looks at each after every test."""

    def __init__(self, root: Path, *flags: str) -> None:
        command = [sys.executable, "-m", "tests.github_server", "--until-eof", "--root", str(root)]
        self._process = subprocess.Popen(
            [*command, *flags], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        told = self._process.stdout.readline()
        assert told, "the GitHub server did not start; it says why above"
        addresses = json.loads(told)
        self.url: str = addresses["url"]
        self.pid: int = addresses["pid"]
        self.tls_url: str = addresses.get("tls_url", "")
        self._address = urlsplit(self.url).netloc
        self._numbers = itertools.count(1)
        self.root = root
        self.violations = Reader(root)
        self.started.append(self)

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()

    def environment(self, token: str = DEFAULT_TOKEN) -> dict[str, str]:
        """The variables by which a workflow tells programs where GitHub is."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_GRAPHQL_URL": f"{self.url}/graphql",
            "GITHUB_SERVER_URL": self.url,
            "GITHUB_TOKEN": token,
        }

    def control(self, command: str, **arguments: object) -> Any:
        """Send a command of the control API; its answer. ControlFailed: the server refused it."""
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            connection.request("POST", f"/_control/{command}", json.dumps(arguments))
            reply = connection.getresponse()
            content = reply.read()
        finally:
            connection.close()
        if reply.status != 200:
            raise ControlFailed(f"{command}: {content.decode(errors='replace')}")
        return json.loads(content)

    def add_user(
        self,
        login: str,
        token: str,
        kind: str = "write",
        permissions: Mapping[str, str] | None = None,
        *,
        scopes: str = SCOPES,
    ) -> None:
        """Give somebody a token: "write", "read", "actions", "outsider" or "expired" (see `people.Token`)."""
        login = "github-actions[bot]" if kind == "actions" else login
        given = dict(permissions or {})
        self.control("add-token", login=login, token=token, kind=kind, permissions=given, scopes=scopes)

    def advance(self, seconds: float) -> None:
        """Move the server's time on."""
        self.control("advance", seconds=seconds)

    def fault(self, fault: Fault) -> None:
        """Arm a fault for all repositories, unless it names one."""
        self.control("fault", **msgspec.to_builtins(fault))

    def clear_faults(self) -> None:
        self.control("clear-faults")

    def set_limit(
        self,
        *,
        used: int,
        limit: int = 5000,
        resource: str = "core",
        token: str = DEFAULT_TOKEN,
        seconds: int = 3600,
    ) -> None:
        """Set how much of a token's rate limit is used up, and how long an hour is."""
        self.control("set-limit", token=token, resource=resource, limit=limit, used=used, seconds=seconds)

    def set_pace(self, points: int, seconds: float, *, token: str = DEFAULT_TOKEN, status: int = 403) -> None:
        """Set a secondary limit: points in a window, a read one and a write five; 0 points: none."""
        self.control("set-pace", token=token, points=points, seconds=seconds, status=status)

    def refusals(self) -> tuple[int, int]:
        """Since the pace was set: how often a limit refused somebody, and how often one came back too early."""
        told = self.control("pacing")
        return told["refused"], told["early"]

    def requests(self) -> list[Logged]:
        """All requests since the start or the last time they were forgotten."""
        return msgspec.convert(self.control("log"), list[Logged])

    def new_repository(
        self,
        files: Mapping[str, str | bytes] | None = None,
        *,
        name: str | None = None,
        collaborators: Sequence[str] = ("alice", "bob"),
        **more: object,
    ) -> "RemoteRepository":
        """A repository with one commit of these files (empty when there are none).

        `more`: private, archived, default_branch, labels, fork_of.
        """
        name = name or f"o/r{next(self._numbers)}"
        told = self.control(
            "new-repository", name=name, files=_encoded(files or {}), collaborators=list(collaborators), **more
        )
        return RemoteRepository(self, told["name"], Path(told["path"]), told["id"])


class RemoteRepository:
    """A repository on the server, and what people other than the program under test do to it."""

    def __init__(self, server: GitHubServer, name: str, path: Path, id_: str) -> None:
        self.server = server
        self.name = name
        self.path = path
        self.id = id_

    def _control(self, command: str, **arguments: object) -> Any:
        return self.server.control(command, repository=self.name, **arguments)

    # The repository

    def configure(self, **changes: object) -> None:
        """Change it: private, archived, default_branch, collaborators, rules, secrets, settings; `name` renames it.

        `rules` are dicts like {"pattern": "main", "kind": "pull_request", "classic": False}, see `rules.Rule`.
        """
        told = self._control("configure", **changes)
        self.name = told["name"]

    def git_url(self, token: str = "") -> str:
        """Where git finds it, with or without credentials in the URL."""
        scheme, rest = self.server.url.split("://")
        credentials = f"x-access-token:{token}@" if token else ""
        return f"{scheme}://{credentials}{rest}/{self.name}.git"

    def clone(self, folder: Path, token: str = DEFAULT_TOKEN) -> Path:
        """A clone in a folder; the token is kept in the URL of its remote."""
        subprocess.run(["git", "clone", "--quiet", self.git_url(token), str(folder)], check=True)
        return folder

    def git(self, *args: str, stdin: str = "") -> str:
        """Run git in the bare repository; what it says."""
        done = self._control("git", args=list(args), stdin=stdin)
        assert done["code"] == 0, done["err"]
        return str(done["out"]).strip()

    def refs(self) -> dict[str, str]:
        """All refs and where they point."""
        refs: dict[str, str] = self._control("repository")["refs"]
        return refs

    def head(self, branch: str = "main") -> str:
        """The commit that a branch points to."""
        return self.refs()[f"refs/heads/{branch}"]

    def show(self, path: str, at: str = "main") -> str:
        """The content of a file."""
        command = ["git", "-C", str(self.path), "show", f"{at}:{path}"]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode()

    def commit(
        self, branch: str, files: Mapping[str, str | bytes | None], message: str = "Edit in the web editor"
    ) -> str:
        """Commit as a person in the web editor; None deletes a file. A branch that is not there is begun."""
        return str(self._control("commit", branch=branch, files=_encoded(files), message=message)["oid"])

    def branch(self, name: str, at: str = "main") -> str:
        """Begin a branch where another one is."""
        self.git("update-ref", f"refs/heads/{name}", f"refs/heads/{at}")
        return self.head(name)

    def delete_branch(self, name: str) -> None:
        self.git("update-ref", "-d", f"refs/heads/{name}")

    # Requests and faults

    def requests(self) -> list[Logged]:
        """The requests about this repository, oldest first."""
        return msgspec.convert(self._control("log"), list[Logged])

    def forget_requests(self) -> None:
        self._control("forget")

    def tally(self) -> tuple[int, dict[str, int]]:
        """All requests about this repository since it was made, and how often each kind of fault struck."""
        told = self._control("tally")
        return told["requests"], told["faults"]

    def fault(self, fault: Fault) -> None:
        """Arm a fault for this repository."""
        self.server.fault(msgspec.structs.replace(fault, repository=self.name))

    def pending_faults(self) -> list[Fault]:
        """Faults that have not struck (often enough) yet."""
        return msgspec.convert(self._control("faults"), list[Fault])

    def clear_faults(self) -> None:
        self._control("clear-faults")

    def held(self) -> list[str]:
        """What the requests ask for that a fault "hold" holds now."""
        found: list[str] = self._control("held")
        return found

    def let_go(self, *, lose: bool = False) -> None:
        """Serve the requests that are held, or break off their connections."""
        self._control("let-go", lose=lose)

    # Pull requests

    def pulls(self) -> list[dict[str, Any]]:
        """All pull requests, by number."""
        found: list[dict[str, Any]] = self._control("pulls")
        return found

    def pull(self, number: int) -> dict[str, Any]:
        return next(pull for pull in self.pulls() if pull["number"] == number)

    def open_pull(self, head: str, base: str = "main", **more: object) -> dict[str, Any]:
        """Open a pull request; `more`: title, body, draft, labels (made when they are not there), author."""
        pull: dict[str, Any] = self._control("open-pull", head=head, base=base, **more)
        return pull

    def change_pull(self, number: int, **changes: object) -> dict[str, Any]:
        """Do anything to a pull request, see `control_pulls.Change`."""
        pull: dict[str, Any] = self._control("change-pull", number=number, **changes)
        return pull

    def merge(self, number: int, method: str = "MERGE", by: str = "alice") -> dict[str, Any]:
        return self.change_pull(number, state="merged", method=method, by=by)

    def close(self, number: int) -> dict[str, Any]:
        return self.change_pull(number, state="closed")

    def reopen(self, number: int) -> dict[str, Any]:
        return self.change_pull(number, state="open")

    def retarget(self, number: int, base: str) -> dict[str, Any]:
        return self.change_pull(number, base=base)

    def label(self, number: int, *names: str) -> dict[str, Any]:
        return self.change_pull(number, add_labels=names)

    def unlabel(self, number: int, *names: str) -> dict[str, Any]:
        return self.change_pull(number, remove_labels=names)

    def assign(self, number: int, *logins: str) -> dict[str, Any]:
        return self.change_pull(number, add_assignees=logins)

    def comment(self, number: int, body: str, by: str = "alice") -> dict[str, Any]:
        return self.change_pull(number, comment=body, by=by)


def _encoded(files: Mapping[str, str | bytes | None]) -> dict[str, object]:
    return {
        path: {"base64": base64.b64encode(content).decode()} if isinstance(content, bytes) else content
        for path, content in files.items()
    }
