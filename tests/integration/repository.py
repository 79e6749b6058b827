"""A git repository with a user: a real one in a temporary folder, and the real program started on it.

Every start checks what must hold after any command: the user's refs, index and work tree are as before, no
temporary folder is left, no claim is left, and the program was not surprised.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration import forkserver

PROJECT = "p"
SPEC = f"claude-step/{PROJECT}/spec.md"
CONFIGURATION = f"claude-step/{PROJECT}/configuration.yml"
METADATA = "refs/heads/claudestep-metadata"
THREE_STEPS = "# Steps\n\n- [ ] One\n\n- [ ] Two\n\n- [ ] Three\n"
WRITES_A_FILE = 'echo "$CLAUDESTEP_STEP_DESCRIPTION" > "$CLAUDESTEP_STEP_INDEX.txt"'
_OURS = ("refs/heads/claude-step-", METADATA, "refs/claudestep/")
_PATIENCE = 60.0
_OF_PYTHON = ("PYTHON", "LANG", "LC_")
"""What Python itself reads when it starts."""


@dataclass(frozen=True)
class Result:
    """How a program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Repository:
    """A repository in `place/repo`, with a home and a TMPDIR of its own beside it."""

    place: Path
    name: str = "repo"
    environment: dict[str, str] = field(default_factory=dict)
    forks: bool = True
    """Whether the program is started by forking one that is loaded."""

    def __post_init__(self) -> None:
        for folder in (self.path, self.home, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        passed = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        self.environment = passed | {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    @property
    def path(self) -> Path:
        return self.place / self.name

    @property
    def home(self) -> Path:
        return self.place / "home"

    @property
    def temporary(self) -> Path:
        return self.place / "tmp"

    # What a user does

    def begin(
        self,
        *,
        spec: str | bytes = THREE_STEPS,
        command: str = WRITES_A_FILE,
        more: str = "",
        project: str = PROJECT,
    ) -> "Repository":
        """A repository with one commit: a file, a project of these steps, and an agent that runs `command`."""
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Ursula User")
        self.git("config", "user.email", "ursula@example.org")
        self.write("file.txt", "first\n")
        self.add_project(project, spec=spec, command=command, more=more)
        self.commit("First commit")
        return self

    def add_project(
        self, project: str, *, spec: str | bytes = THREE_STEPS, command: str = WRITES_A_FILE, more: str = ""
    ) -> None:
        """Write a project's two files; they are not committed yet."""
        self.write(f"claude-step/{project}/spec.md", spec)
        self.configure(command, more, project)

    def configure(self, command: str, more: str = "", project: str = PROJECT) -> None:
        """Write a configuration whose agent is this shell script."""
        script = "".join(f"    {line}\n" for line in command.splitlines())
        self.write(f"claude-step/{project}/configuration.yml", f"agent:\n  command: |\n{script}{more}")

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def edit_spec(self, old: str, new: str) -> None:
        """Replace a text of the spec on the branch that is checked out, and commit it."""
        text = (self.path / SPEC).read_text(encoding="utf-8")
        assert old in text
        self.write(SPEC, text.replace(old, new))
        self.commit("Edit the spec")

    def commit(self, message: str = "A change") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def hook(self, name: str) -> Path:
        """Install a hook that fails; the file that it writes when it runs is returned."""
        marker = self.place / f"ran-{name}"
        self.write(f".git/hooks/{name}", f"#!/bin/sh\ntouch '{marker}'\nexit 1\n").chmod(0o755)
        return marker

    def git(
        self, *args: str, stdin: str = "", env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> str:
        full = {**self.environment, **(env or {})}
        done = subprocess.run(
            ["git", *args], cwd=cwd or self.path, env=full, input=stdin.encode(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode(errors="replace").strip()

    # The program

    def run(self, *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Result:
        """Start the program in the repository (or in `cwd`), wait for its end, and check what always holds."""
        before = self.belongings()
        environment = {**self.environment, **(env or {})}
        if not self.forks or any(name.startswith(_OF_PYTHON) for name in env or {}):
            with self.start(*args, cwd=cwd, env=env) as process:
                out, err = process.communicate(timeout=_PATIENCE)
            result = Result(process.returncode, out, err)
        else:
            folder = cwd or self.path
            server = forkserver.shared()
            result = Result(*server.run(args, cwd=folder, environment=environment, timeout=_PATIENCE))
        return self._judged(args, before, result)

    def start(
        self, *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        argv = [sys.executable, "-m", "claudestep", *args]
        return subprocess.Popen(
            argv, cwd=cwd or self.path, env={**self.environment, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    def interrupt(self, number: signal.Signals, *args: str, once: Path) -> Result:
        """Start the program, send it a signal as soon as the file `once` is there, and wait for its end."""
        before = self.belongings()
        with self.start(*args) as process:
            eventually(lambda: once.exists() or process.poll() is not None)
            process.send_signal(number)
            out, err = process.communicate(timeout=_PATIENCE)
        return self._judged(args, before, Result(process.returncode, out, err))

    def _judged(self, args: Iterable[str], before: object, result: Result) -> Result:
        """The result, after a look at what must hold whatever happened."""
        assert result.code in (0, 1, 2, 130), result
        assert "Traceback" not in result.err
        assert "--auto-merge" in args or self.belongings() == before
        assert not list(self.temporary.glob("claudestep-*"))
        assert not list((self.git_folder / "claudestep/runs").glob("*"))
        assert not [step for project in self.documents() for step in project["steps"] if "claim" in step]
        return result

    # What is there now

    @property
    def backend(self) -> Path:
        """The repository that has the branches, the documents and the pull requests."""
        return self.path

    def refs(self) -> dict[str, str]:
        """All refs of the backend and where they are; none where there is no repository."""
        return self._refs_of(self.backend) if (self.git_folder / "HEAD").exists() else {}

    def _refs_of(self, folder: Path) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", cwd=folder).splitlines()
        return dict(line.split(" ") for line in lines)

    @property
    def git_folder(self) -> Path:
        """Where git keeps its things; in a bare repository, the repository itself."""
        inner = self.path / ".git"
        return inner if inner.exists() else self.path

    def belongings(self) -> tuple[object, ...]:
        """What is the user's and not ours: refs, HEAD, index and work tree."""
        refs = {name: at for name, at in self.refs().items() if not name.startswith(_OURS)}
        if not (self.path / ".git").exists():
            return (refs,)
        status = self.git("--no-optional-locks", "status", "--porcelain", "--ignored")
        return (refs, _content(self.git_folder / "HEAD"), _content(self.git_folder / "index"), status)

    def git_files(self) -> dict[str, bytes]:
        """Every file that git keeps, with its content."""
        files = (path for path in self.git_folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.path)): path.read_bytes() for path in files}

    def branches(self) -> list[str]:
        """The branches of steps."""
        prefix = "refs/heads/claude-step-"
        return [name.removeprefix("refs/heads/") for name in self.refs() if name.startswith(prefix)]

    def show(self, name: str) -> str:
        """The content of `<commit>:<path>`, to the byte."""
        argv = ["git", "show", name]
        return subprocess.run(
            argv, cwd=self.backend, env=self.environment, capture_output=True, check=True
        ).stdout.decode()

    def spec(self, at: str = "main") -> str:
        return self.show(f"{at}:{SPEC}")

    def ticked(self, at: str = "main") -> int:
        """How many boxes are ticked."""
        return self.spec(at).count("- [x]")

    def changed_files(self, branch: str) -> list[str]:
        return self.git("diff", "--name-only", f"{branch}~1", branch, cwd=self.backend).splitlines()

    def document(self, project: str = PROJECT) -> Any:
        return json.loads(self.show(f"{METADATA}:projects/{project}.json"))

    def documents(self) -> Iterable[Any]:
        """All documents that can be read."""
        if METADATA not in self.refs():
            return
        for path in self.git("ls-tree", "-r", "--name-only", METADATA, cwd=self.backend).splitlines():
            try:
                data = json.loads(self.show(f"{METADATA}:{path}"))
            except ValueError:
                continue
            if isinstance(data, dict) and isinstance(data.get("steps"), list):
                yield data

    def step(self, index: int, project: str = PROJECT) -> Any:
        """The record of a step."""
        return next(step for step in self.document(project)["steps"] if step["step_index"] == index)

    def states(self, project: str = PROJECT) -> dict[int, str]:
        """The state of every step, as `status --json` has it."""
        shown = self.run("status", project, "--json").json["projects"][0]
        return {step["step_index"]: step["state"] for step in shown["steps"]}

    def next(self, project: str = PROJECT) -> Any:
        """What comes next and why, as `status --json` has it."""
        return self.run("status", project, "--json").json["projects"][0]["next"]

    def put_on_metadata_branch(self, path: str, content: str) -> None:
        """Write a file on the metadata branch as somebody's hand would, making the branch where it is not there."""
        parents = ["-p", METADATA] if METADATA in self.refs() else []
        env = {"GIT_INDEX_FILE": str(self.place / "metadata-index")}
        at = self.backend
        if parents:
            self.git("read-tree", METADATA, env=env, cwd=at)
        blob = self.git("hash-object", "-w", "--stdin", stdin=content, cwd=at)
        self.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=env, cwd=at)
        tree = self.git("write-tree", env=env, cwd=at)
        self.git("update-ref", METADATA, self.git("commit-tree", tree, *parents, "-m", "By hand", cwd=at), cwd=at)


def eventually(happens: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + _PATIENCE
    while not happens():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
