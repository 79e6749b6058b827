"""A repository whose agent is the real Claude Code, which asks our stub of the Messages API and nobody else.

After every command it is checked that no cost is left on disk, that the service's key is in no file or object of
the repository and in no argument of Claude Code, and that only the stub was asked.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.messages_api import Fault, Kind, MessagesApi, Scenario, Turn
from tests.integration.repository import CONFIGURATION, PROJECT, Repository, Result

MODEL = "claude-sonnet-4-5"
KEY = "sk-ant-the-key-of-the-service"
STEP = f"agent: {{model: {MODEL}}}\nsummary: false\n"
"""A configuration in which a step is one run of Claude Code."""
TURN_USD = 0.00975
"""What a turn of the stub's usual usage costs with that model."""
_PATIENCE = 60.0


# What a scenario is made of


def writes(path: str = "one.txt", content: str = "one\n", *, fault: Fault | None = None) -> Turn:
    """A turn in which Claude Code writes a new file."""
    return Turn(text="I write it.", tool="Write", input={"file_path": path, "content": content}, fault=fault)


def bash(command: str, *, background: bool = False) -> Turn:
    """A turn in which Claude Code runs a command."""
    given = {"command": command, "description": "A command"} | ({"run_in_background": True} if background else {})
    return Turn(text="I run it.", tool="Bash", input=given)


def refused(status: int, kind: str = "api_error", message: str = "it went wrong") -> Turn:
    """A turn that the service refuses, again and again."""
    return Turn(fault=Fault(status=status, kind=kind, message=message))


DONE = Turn(text="Done.")
DOES_IT = (writes(), DONE)
HANGS = Turn(text="Too late.", hang=600)


def once(*turns: Turn) -> Scenario:
    """Every run goes like this."""
    return Scenario(runs=[turns])


@dataclass
class Bench:
    """The repository, the stub, and what every run of Claude Code was told and said."""

    repository: Repository
    api: MessagesApi

    @property
    def folder(self) -> Path:
        """Where the runs of Claude Code are kept."""
        return self.repository.place / "claude"

    @property
    def bin(self) -> Path:
        """The folder that stands first on the PATH."""
        return self.repository.place / "bin"

    def install(self, program: Path, *flags: str) -> None:
        """Put `claude` on the PATH: the program with what it prints kept, and `flags` as its first arguments."""
        self.folder.mkdir()
        self.bin.mkdir()
        tee = Path(__file__).with_name("tee.py")
        argv = shlex.join([sys.executable, "-I", "-S", str(tee), str(program), str(self.folder), *flags])
        script = self.bin / "claude"
        script.write_text(f'#!/bin/sh\nexec {argv} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        self.repository.environment |= self._environment()

    def _environment(self) -> dict[str, str]:
        """Only the stub is asked: what Claude Code would ask of others comes to it as to a proxy."""
        path = [one for one in os.environ["PATH"].split(os.pathsep) if not shutil.which("claude", path=one)]
        return {
            "PATH": os.pathsep.join([str(self.bin), *path]),
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": self.api.url,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_TELEMETRY": "1",
            "HTTPS_PROXY": self.api.url,
            "HTTP_PROXY": self.api.url,
            "NO_PROXY": "127.0.0.1",
        }

    def configure(self, configuration: str) -> None:
        """Commit a configuration."""
        self.repository.write(CONFIGURATION, configuration)
        self.repository.commit("Configure")

    # The program

    def run(self, *args: str) -> Result:
        """`claudestep run` of the project without GitHub, and a look at what always holds."""
        result = self.repository.run("--local", "run", PROJECT, *args)
        self.check()
        return result

    def run_until_it_hangs(self, act: Callable[["subprocess.Popen[str]"], None]) -> Result:
        """The same, and something is done as soon as Claude Code waits for an answer that does not come."""
        before = self.repository.belongings()
        with self.repository.start("run", PROJECT) as process:
            assert self.api.hangs.wait(_PATIENCE)
            act(process)
            out, err = process.communicate(timeout=_PATIENCE)
        result = self.repository._judged((), before, Result(process.returncode, out, err))
        self.check()
        return result

    def check(self) -> None:
        """What holds after every run."""
        assert self.unrecorded() == []
        asked = {request.path.partition("?")[0] for request in self.api.requests if request.method != "HEAD"}
        assert asked <= {"/v1/messages"}, asked
        assert not [name for name, data in self.repository.git_files().items() if KEY.encode() in data]
        assert KEY not in self.repository.git("cat-file", "--batch-all-objects", "--batch", "--unordered")
        assert not [argv for argv in self.calls() if KEY in argv]

    def unrecorded(self) -> list[Path]:
        """The costs that wait on disk, and the notes of runs."""
        root = self.repository.git_folder / "claudestep"
        return [path for kind in ("runs", "spent", "unsent") for path in (root / kind).glob("*")]

    # What Claude Code was told and said

    def calls(self) -> list[str]:
        """The arguments of each run of Claude Code."""
        return [path.read_text(encoding="utf-8").replace("\0", " ") for path in sorted(self.folder.glob("*.argv"))]

    def agent(self) -> int:
        """The process of the last run of Claude Code."""
        return int(max(self.folder.glob("*.pid")).read_text(encoding="utf-8"))

    def results(self) -> list[Any]:
        """The result lines of each run that printed any; several where it waited for a task of its own."""
        kept = [path.read_text(encoding="utf-8").splitlines() for path in sorted(self.folder.glob("*.out"))]
        parsed = [[json.loads(line) for line in lines] for lines in kept]
        found = [[line for line in lines if line["type"] == "result"] for lines in parsed]
        return [results for results in found if results]

    def printed(self) -> list[dict[str, Any]]:
        """What each run says that it used, as a document has to have it; a run that used nothing is left out."""
        return [_figures(results) for results in self.results() if results[-1]["modelUsage"]]

    # What the document says

    def recorded(self, index: int = 1) -> list[dict[str, Any]]:
        """The figures of each AI operation of a step."""
        return [{name: task.get(name) for name in _NAMES} for task in self.repository.step(index)["ai_tasks"]]

    def operations(self, index: int = 1) -> list[str]:
        """The kinds of the AI operations of a step."""
        return [task["type"] for task in self.repository.step(index)["ai_tasks"]]

    def costs(self, index: int = 1) -> list[float | None]:
        """The costs of a step."""
        return [task["cost_usd"] for task in self.repository.step(index)["ai_tasks"]]

    def failures(self, index: int = 1) -> int:
        """How often a step failed."""
        return int(self.repository.step(index).get("failures", 0))

    def asked(self, kind: Kind = "step") -> int:
        """How many runs of Claude Code asked anything at all."""
        return len(self.api.sessions(kind))


_NAMES = (
    "model", "cost_usd", "tokens_input", "tokens_output", "duration_seconds", "tokens_cache_read",
    "tokens_cache_write",
)  # fmt: skip


def _figures(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of a run: each result has what was used up to it, and the time since the one before."""
    uses = results[-1]["modelUsage"]
    known = all(use["costBasis"] == "list" for use in uses.values())

    def total(name: str) -> int:
        return sum(use[name] for use in uses.values())

    dearest = max(uses, key=lambda name: float(uses[name]["costUSD"]))
    cost = results[-1]["total_cost_usd"] if known else None
    tokens = (total("inputTokens"), total("outputTokens"))
    seconds = sum(result["duration_ms"] for result in results) / 1000
    cached = (total("cacheReadInputTokens"), total("cacheCreationInputTokens"))
    return dict(zip(_NAMES, (dearest, cost, *tokens, seconds, *cached), strict=True))
