"""One run: act on a clone, what a test does to it meanwhile, and what must hold at its end."""

import json
import os
import signal
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from tests.workflows.journal import Done, Journal
from tests.workflows.processes import children, marked
from tests.workflows.workflow_files import drop_queue, keep_started, permissions, repositories, workflows

if TYPE_CHECKING:
    from tests.workflows.runner import Stage

_LABELS = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04")
_PATIENCE = 120.0
_MARK = "CLAUDESTEP_TEST_RUN"


class NeverHappened(AssertionError):
    """What a test waits for did not come."""


@dataclass(frozen=True)
class Happening:
    """What starts a run."""

    kind: str
    event: Mapping[str, Any]
    ref: str
    run_id: int
    attempt: int


@dataclass
class Run:
    """One run of the workflows of an event, in a folder of its own."""

    stage: "Stage"
    about: Happening
    place: Path
    journal: Journal = field(default_factory=Journal)
    started: list[str] = field(default_factory=list)
    """The workflow files that the event starts; with none, act is not asked."""
    _process: "subprocess.Popen[str] | None" = None
    _reader: threading.Thread | None = None
    _mark: str = field(default_factory=lambda: uuid4().hex)

    @property
    def home(self) -> Path:
        return self.place / "home"

    @property
    def artifacts(self) -> Path:
        return self.place / "artifacts"

    def begin(self) -> None:
        """Clone the repository as it is now, and start act in the clone."""
        for folder in (self.home, self.artifacts, self.place / "tmp"):
            folder.mkdir()
        self.started = self._clone()
        if not self.started:
            return
        errors = (self.place / "act.err").open("w", encoding="utf-8")
        with errors:
            self._process = subprocess.Popen(
                self._argv(), cwd=self.place, env=self._environment(), stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=errors, encoding="utf-8", start_new_session=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=[self._process.stdout], daemon=True)
        self._reader.start()

    def _clone(self) -> list[str]:
        """A clone for act to find the workflows in; what steps work on, the checkout of the run fetches."""
        clone, remote = self.place / "clone", self.stage.remote
        branch = self.about.ref.removeprefix("refs/heads/")
        branch = self.stage.default_branch if branch.startswith("refs/") else branch
        options = ["--quiet", "--depth=1", "--branch", branch]
        subprocess.run(["git", "clone", *options, f"file://{remote.path}", str(clone)], check=True)
        subprocess.run(["git", "-C", str(clone), "remote", "set-url", "origin", remote.git_url()], check=True)
        started = keep_started(clone, self.about.kind, self.about.event, self.about.ref)
        for path in workflows(clone):
            drop_queue(path)
        granted = permissions(clone / ".github/workflows" / name for name in started)
        remote.server.add_user("", self.stage.token, kind="actions", permissions=granted)
        return started

    def _argv(self) -> list[str]:
        clone = self.place / "clone"
        given = {
            "-e": self._file("event.json", self.about.event),
            "--secret-file": self._file("secrets.yml", self.stage.secrets),
            "--var-file": self._file("vars.yml", self.stage.variables),
            "--env-file": self._file("env.yml", self._of_github()),
            "--input-file": self._file("inputs.yml", {}),
            "--actor": self.about.event["sender"]["login"],
            "-C": str(clone),
        }
        places = repositories(clone, self.stage.ours).items()
        return [
            str(Path(sysconfig.get_path("scripts"), "act")),
            self.about.kind,
            *(word for pair in given.items() for word in pair),
            *(word for label in _LABELS for word in ("-P", f"{label}=-self-hosted")),
            *(word for name, folder in places for word in ("--local-repository", f"{name}={folder}")),
            *("--no-cache-server", "--no-skip-checkout", "--json", "--verbose"),
        ]

    def _file(self, name: str, content: Mapping[str, Any]) -> str:
        """A file beside the clone; JSON is YAML."""
        path = self.place / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def _of_github(self) -> dict[str, str]:
        """What act would otherwise make up."""
        addresses = self.stage.remote.server.environment(self.stage.token)
        del addresses["GITHUB_TOKEN"]
        return addresses | {
            "GITHUB_REPOSITORY": self.stage.remote.name,
            "GITHUB_REF": self.about.ref,
            "GITHUB_RUN_ID": str(self.about.run_id),
            "GITHUB_RUN_NUMBER": str(self.about.run_id),
            "GITHUB_RUN_ATTEMPT": str(self.about.attempt),
        }

    def _environment(self) -> dict[str, str]:
        """The environment of act, of which every step has all: no secret is in it."""
        return self.stage.environment | {
            "HOME": str(self.home),
            "TMPDIR": str(self.place / "tmp"),
            "CLAUDESTEP_TEST_ARTIFACTS": str(self.artifacts),
            _MARK: self._mark,
        }

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.journal.read(line)
        stream.close()

    # While it runs

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_for(self, marker: str) -> None:
        """Wait until a text is in the log; NeverHappened when the run ends without it."""
        self.wait_until(lambda: any(marker in line for line in self.journal.lines), f"{marker!r} in the log")

    def wait_until(self, happens: Callable[[], bool], what: str = "it") -> None:
        """Wait until something is so, at the longest until the run ends."""
        end = time.monotonic() + _PATIENCE
        while not happens() and self.is_alive() and time.monotonic() < end:
            time.sleep(0.02)
        if self._reader is not None and not self.is_alive():
            self._reader.join(_PATIENCE)
        if not happens():
            self.kill()
            raise NeverHappened(f"{what} never happened: {self.wait()!r}")

    def cancel(self) -> None:
        """Cancel the run, as the button on its page does.

        act kills the step that runs at once, where GitHub first interrupts it (`interrupt_step`) and gives it ten
        seconds. Then steps of the job run that say `always()` or `cancelled()`, also the posts, but none of the
        action whose step was killed, and none of the jobs that have not begun.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)

    def interrupt_step(self, number: signal.Signals = signal.SIGINT) -> None:
        """Send a signal to the process that a step begins with, and to no other: what GitHub does to cancel it.

        act takes what comes of it for the end of the step.
        """
        assert self._process is not None
        below = children()
        for shell in below[self._process.pid]:
            os.kill(min(below[shell]), number)

    def kill(self) -> None:
        """End it, and all that it has started."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._end_leftovers()

    def wait(self) -> Done:
        """Wait for the end of the run, and look at what must hold of any: no secret is anywhere to be read."""
        if self._process is None or self._reader is None:
            return Done(0, self.journal)
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NeverHappened(f"the run never ended: {Done(-1, self.journal)!r}") from None
        leftovers = self._end_leftovers()
        self._reader.join(_PATIENCE)
        self.journal.trouble += (self.place / "act.err").read_text(encoding="utf-8").splitlines()
        done = Done(code, self.journal, leftovers)
        self._judge(done)
        return done

    def _end_leftovers(self) -> list[str]:
        """End what the steps have left running, as a runner does behind a job; the command line of each."""
        found = list(marked(f"{_MARK}={self._mark}".encode()))
        for pid, _ in found:
            os.kill(pid, signal.SIGKILL)
        return [command for _, command in found]

    def _judge(self, done: Done) -> None:
        seen = {"the log": done.log, "the summary": done.summary, "the annotations": str(done.annotations)}
        seen |= {f"an output of {step.name or step.ids}": str(step.outputs) for step in done.journal.steps}
        for path in (path for path in self.artifacts.rglob("*") if path.is_file()):
            seen[f"the artifact {path.relative_to(self.artifacts)}"] = path.read_text("utf-8", "replace")
        for name, secret in self.stage.secrets.items():
            leaks = [place for place, text in seen.items() if secret and secret in text]
            assert not leaks, f"the secret {name} is to be read in {', '.join(leaks)}"
