"""A repository whose workflows are those that `claudestep init` writes, run by act."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.messages_api import Scenario, Turn
from tests.workflows.conftest import SetStage
from tests.workflows.journal import Done
from tests.workflows.runner import API_KEY, Stage

ACTION = "claudestep/claudestep@5eed00000000000000000000000000000000cafe"
METADATA = "claudestep-metadata"
MODEL = "claude-sonnet-4-5"
SUMMARY_USD = TURN_USD = 0.00975
"""What a turn of the stub's usual usage costs with that model."""

SUMMARY = Turn(
    tool="StructuredOutput",
    input={"what_changed": "A file is new.", "how_to_review": ["Read it."], "risks": []},
)
WORKFLOW = ".github/workflows/claudestep.yml"
STEP_WORKFLOW = ".github/workflows/claudestep-step.yml"
_PATIENCE = 90.0
WRITES = 'echo done > "$CLAUDESTEP_PROJECT-$CLAUDESTEP_STEP_INDEX.txt"'
"""A program that does a step: it writes a file that no other step writes."""


def writes(path: str, content: str = "done\n") -> tuple[Turn, ...]:
    """A run of Claude Code that writes a file."""
    return Turn(text="I write it.", tool="Write", input={"file_path": path, "content": content}), Turn(text="Done.")


def plays(*runs: Sequence[Turn]) -> Scenario:
    """These runs of Claude Code, each with a summary."""
    return Scenario(runs=runs, summary=(SUMMARY,), api_key=API_KEY)


def does(count: int) -> Scenario:
    """As many runs as that, each with a file of its own and its summary."""
    return plays(*(writes(f"file-{number}.txt") for number in range(1, count + 1)))


@dataclass(frozen=True)
class Chain:
    """What is there, and how to look at it."""

    stage: Stage

    def document(self, project: str) -> dict[str, Any]:
        """The document of a project as it stands on the branch."""
        found: dict[str, Any] = json.loads(self.stage.remote.show(f"projects/{project}.json", METADATA))
        return found

    def steps(self, project: str) -> list[dict[str, Any]]:
        """Its steps."""
        found: list[dict[str, Any]] = self.document(project)["steps"]
        return found

    def states(self, project: str) -> list[tuple[object, object]]:
        """The number and the state of each step's pull request; nobody holds a claim."""
        assert not any("claim" in step for step in self.steps(project)), self.steps(project)
        return [(step.get("pr_number"), step.get("pr_state")) for step in self.steps(project)]

    def by_hand(self, project: str = "", **how: Any) -> Done:
        """Start it on the page of the workflow."""
        return self.stage.run("workflow_dispatch", inputs={"project": project}, **how)

    def closed(self, number: int, **how: Any) -> Done:
        """Run what the end of a pull request starts."""
        return self.stage.run("pull_request", event=self.stage.pull_event(number), **how)

    def merge(self, number: int, **how: Any) -> Done:
        """Merge a pull request as a person does, and run what that starts."""
        self.stage.remote.merge(number)
        return self.closed(number, **how)

    def push(self, files: Mapping[str, str | bytes | None], branch: str = "main") -> Done:
        """Commit as a person does, and run what the push starts."""
        before, ref = self.stage.remote.head(branch), f"refs/heads/{branch}"
        after = self.stage.remote.commit(branch, files)
        return self.stage.run("push", ref=ref, event={"ref": ref, "before": before, "after": after})

    def open(self) -> list[int]:
        """The numbers of the open pull requests."""
        return [pull["number"] for pull in self.stage.remote.pulls() if pull["state"].lower() == "open"]


def until(happens: Callable[[], bool], what: str) -> None:
    """Wait until something is so, whichever run does it."""
    end = time.monotonic() + _PATIENCE
    while not happens():
        assert time.monotonic() < end, f"{what} never happened"
        time.sleep(0.05)


def told(done: Done, *names: str) -> tuple[str, ...]:
    """Outputs of the action, as the shipped workflow has it."""
    return tuple(done.outputs["claudestep"][name] for name in names)


def errors(done: Done) -> list[str]:
    """What is annotated as an error."""
    return [one.message for one in done.annotations if one.level == "error"]


# Files


def project_files(place: Path, name: str, *, steps: Sequence[str], options: Sequence[str] = ()) -> dict[str, str]:
    """The files that `claudestep init` writes into an empty clone of a repository on GitHub."""
    clone = place / name
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(clone)], check=True)
    subprocess.run(["git", "-C", str(clone), "remote", "add", "origin", "https://github.com/o/r"], check=True)
    asked = [part for step in steps for part in ("--step", step)]
    command = [sys.executable, "-m", "claudestep", "-C", str(clone), "init", name, "--yes", "--action", ACTION]
    subprocess.run([*command, *asked, *options], check=True, capture_output=True)
    written = (path for folder in ("claude-step", ".github") for path in (clone / folder).rglob("*"))
    return {str(path.relative_to(clone)): path.read_text("utf-8") for path in written if path.is_file()}


def shipped(place: Path, *options: str) -> dict[str, str]:
    """The workflow files that `claudestep init` writes, and nothing else."""
    files = project_files(place / "shipped", "any", steps=["Any"], options=options)
    shutil.rmtree(place / "shipped")
    return {path: text for path, text in files.items() if path.startswith(".github/")}


def configuration(command: str = WRITES, *, room: int = 1, more: str = "") -> str:
    """A configuration: a program (or with "" Claude Code) does the steps, and alice reviews so many at once."""
    agent = f"command: {json.dumps(command)}" if command else f"model: {MODEL}"
    return f"agent:\n  {agent}\nreviewers:\n  - username: alice\n    maxOpenPRs: {room}\n{more}"


def spec(*steps: str) -> str:
    """A spec whose steps merge in any order."""
    return "# It\n\n" + "\n".join(f"- [ ] {step}\n" for step in steps)


def project(name: str, *steps: str, command: str = WRITES, room: int = 1, more: str = "") -> dict[str, str]:
    """The files of a project, see `configuration`."""
    return {
        f"claude-step/{name}/spec.md": spec(*steps),
        f"claude-step/{name}/configuration.yml": configuration(command, room=room, more=more),
    }


@dataclass(frozen=True)
class Held:
    """A program that does a step as soon as it is let go."""

    place: Path

    @property
    def command(self) -> str:
        """Its command line."""
        begun, go = self.place / "begun-$CLAUDESTEP_STEP_INDEX", self.place / "go"
        return f': > "{begun}"; until test -e "{go}"; do sleep 0.05; done; {WRITES}'

    def begun(self) -> int:
        """How many steps it has begun."""
        return len(list(self.place.glob("begun-*")))

    def let_go(self) -> None:
        """Let it go on, whatever is left of it."""
        (self.place / "go").touch()


_ONE = does(1)


def set_chain(set_stage: SetStage, files: Mapping[str, str], scenario: Scenario = _ONE, **more: Any) -> Chain:
    """A repository of these files."""
    return Chain(set_stage(files, scenario, **more))
