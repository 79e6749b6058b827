"""Runs of a repository's workflows by `act` on this machine, as they stand in it.

    stage = set_stage({".github/workflows/x.yml": ..., ...}, scenario)
    done = stage.run("workflow_dispatch", inputs={"project": "auth"})
    done = stage.run("pull_request", event=stage.pull_event(1))
    done = stage.run("schedule")

Each run has a fresh machine: a home, a workspace and a folder for temporary files of its own. What lasts from one
run to the next are the repository on the server and the caches (`stage.caches`); the artifacts are the run's.
"""

import http.client
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.fakes.messages_api import MessagesApi
from tests.github_server.fixture import DEFAULT_TOKEN, RemoteRepository
from tests.workflows.journal import Done
from tests.workflows.run import Happening, NeverHappened, Run

__all__ = ["API_KEY", "NeverHappened", "Run", "Stage"]
API_KEY = "sk-ant-key-of-the-workflows"
_BASH = """\
#!{bash}
# act gives each step a terminal, which it has none of on GitHub: there it has a pipe, and nothing to read.
[ -t 1 ] || exec {bash} "$@"
set -o pipefail
{bash} "$@" < /dev/null 2>&1 | cat
status=$?
# act reads the terminal no further once a step has failed: what was printed last has to be read by then.
[ $status = 0 ] || sleep 0.3
exit $status
"""


@dataclass
class Stage:
    """A repository, who it asks, and what its workflows are given."""

    remote: RemoteRepository
    api: MessagesApi
    place: Path
    ours: Path
    """What `claudestep/claudestep` is, at any ref."""
    token: str = ""
    """GITHUB_TOKEN. A run gives it what the jobs of its workflows together ask for."""
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    """What all steps of all runs find in their environment besides."""
    _runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token = self.token or f"ghs_{uuid4().hex}"
        self.secrets = {"GITHUB_TOKEN": self.token, "ANTHROPIC_API_KEY": API_KEY, **self.secrets}
        self.environment = self._around() | self.environment

    @property
    def bin(self) -> Path:
        """The folder that stands first on the PATH."""
        return self.place / "bin"

    @property
    def caches(self) -> Path:
        return self.place / "caches"

    def _around(self) -> dict[str, str]:
        self.bin.mkdir(parents=True, exist_ok=True)
        python = Path(sys.executable).resolve()
        for name in ("python3", "python"):
            (self.bin / name).symlink_to(python)
        (self.bin / "bash").write_text(_BASH.format(bash=shutil.which("bash")), encoding="utf-8")
        (self.bin / "bash").chmod(0o755)
        return {
            "PATH": os.pathsep.join([str(self.bin), *_path_without("claude", "claudestep")]),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "ACT_DISABLE_VERSION_CHECK": "1",
            "ANTHROPIC_BASE_URL": self.api.url,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDESTEP_TEST_CACHE": str(self.caches),
        }

    def install(self, program: Path, name: str = "") -> None:
        """Put a program on the PATH of the runs."""
        (self.bin / (name or program.name)).symlink_to(program)

    # Events

    def event(self, kind: str, inputs: Mapping[str, object] | None = None) -> dict[str, Any]:
        """What GitHub tells of an event of this kind, as far as workflows look at it."""
        owner, _, name = self.remote.name.partition("/")
        repository = {"full_name": self.remote.name, "name": name, "owner": {"login": owner}}
        told: dict[str, Any] = {
            "repository": {**repository, "default_branch": self.default_branch, "fork": False},
            "sender": {"login": "alice", "type": "User"},
        }
        if kind == "workflow_dispatch":
            told |= {
                "inputs": {name: _as_text(value) for name, value in (inputs or {}).items()},
                "ref": f"refs/heads/{self.default_branch}",
            }
        if kind == "schedule":
            told |= {"schedule": "0 6 * * 1"}
        if kind == "push":
            told |= {"ref": f"refs/heads/{self.default_branch}", "commits": []}
        return told

    def pull_event(self, number: int, action: str = "closed") -> dict[str, Any]:
        """What GitHub tells of a pull request, with the pull request as the server has it now."""
        connection = http.client.HTTPConnection(urlsplit(self.remote.server.url).netloc, timeout=60)
        headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}", "User-Agent": "tests", "Accept": "application/json"}
        connection.request("GET", f"/repos/{self.remote.name}/pulls/{number}", headers=headers)
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        assert reply.status == 200, content
        return self.event("pull_request") | {
            "action": action,
            "number": number,
            "pull_request": json.loads(content),
        }

    @property
    def default_branch(self) -> str:
        return self.remote.git("symbolic-ref", "--short", "HEAD")

    # Runs

    def run(self, kind: str, **how: Any) -> Done:
        """Start the workflows of an event, see `start`, and wait for their end."""
        return self.start(kind, **how).wait()

    def start(
        self,
        kind: str,
        *,
        inputs: Mapping[str, object] | None = None,
        event: Mapping[str, Any] | None = None,
        ref: str = "",
        run_id: int | None = None,
        attempt: int = 1,
    ) -> Run:
        """Start the workflows that this event starts on GitHub.

        `event` is laid over what `event()` tells; `ref` is the branch that it is about, without one the default
        branch, or that of the pull request. A run of the same `run_id` and another `attempt` is a re-run.
        """
        told = self.event(kind, inputs) | dict(event or {})
        number = run_id or 4000 + len(self._runs)
        about = Happening(kind, told, ref or self._ref(told), number, attempt)
        run = Run(self, about, self._free_place())
        self._runs.append(run)
        run.begin()
        return run

    def _ref(self, told: Mapping[str, Any]) -> str:
        """What GITHUB_REF is, by GitHub's documentation of `github.ref`."""
        pull = told.get("pull_request")
        if pull and not pull["merged"]:
            return f"refs/pull/{pull['number']}/merge"
        return f"refs/heads/{pull['base']['ref'] if pull else self.default_branch}"

    def _free_place(self) -> Path:
        """The folder of a run: the same for runs one after another, as a home has the same name on each machine."""
        taken = {run.place for run in self._runs if run.is_alive()}
        number = next(number for number in range(1, 100) if self.place / f"machine-{number}" not in taken)
        place = self.place / f"machine-{number}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def close(self) -> None:
        """End what still runs."""
        for run in self._runs:
            run.kill()


def _as_text(value: object) -> str:
    """An input as GitHub sends it: as a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _path_without(*programs: str) -> list[str]:
    """The folders of the PATH of this process that have none of these programs."""
    folders = os.environ["PATH"].split(os.pathsep)
    return [folder for folder in folders if not any(shutil.which(name, path=folder) for name in programs)]
