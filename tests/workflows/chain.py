"""A repository whose workflows are those that `claudestep init` writes, run by act."""

import hashlib
import json
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
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


def writes(path: str, content: str = "done\n") -> tuple[Turn, ...]:
    """A run of Claude Code that writes a file."""
    return Turn(text="I write it.", tool="Write", input={"file_path": path, "content": content}), Turn(text="Done.")


def does(count: int) -> Scenario:
    """As many runs as that, each with a file of its own and its summary."""
    runs = [writes(f"file-{number}.txt") for number in range(1, count + 1)]
    return Scenario(runs=runs, summary=(SUMMARY,), api_key=API_KEY)


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

    def merge(self, number: int, **how: Any) -> Done:
        """Merge a pull request as a person does, and run what that starts."""
        self.stage.remote.merge(number)
        return self.stage.run("pull_request", event=self.stage.pull_event(number), **how)

    def open(self) -> list[int]:
        """The numbers of the open pull requests."""
        return [pull["number"] for pull in self.stage.remote.pulls() if pull["state"].lower() == "open"]


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


def set_chain(
    set_stage: SetStage, files: Mapping[str, str], scenario: Scenario, claude: Path, **more: Any
) -> Chain:
    """A repository of these files, with its installed parts in the cache of the runner."""
    stage = set_stage(files, scenario, **more)
    fill_cache(stage, claude)
    return Chain(stage)


def fill_cache(stage: Stage, claude: Path) -> None:
    """What earlier runs have left on the runner: our libraries, and Claude Code, here the one of the tests."""
    keys = _keys(stage)
    packages = Path(sysconfig.get_path("purelib"))
    libraries = {path.name: path for name in _LIBRARIES for path in packages.glob(f"{name}*")}
    _keep(
        stage, "claudestep-libraries", f"claudestep-{keys['key']}", {**libraries, ".complete": packages / "typer"}
    )
    program = {"node_modules/.bin/claude": claude}
    _keep(stage, "claudestep-claude-code", f"claude-code-{keys['claude_key']}", program)


_LIBRARIES = ("click", "markdown_it", "mdurl", "msgspec", "pygments", "rich", "shellingham", "tenacity", "typer", "urllib3", "yaml", "_yaml", "annotated_doc")  # fmt: skip


def _keys(stage: Stage) -> dict[str, str]:
    """What the action calls what it installs."""
    told = stage.place / "keys"
    environment = {"GITHUB_OUTPUT": str(told), "ROOT": str(stage.ours), "PATH": stage.environment["PATH"]}
    subprocess.run(["bash", str(stage.ours / "action/python.sh")], check=True, env=environment)
    return dict(line.split("=", 1) for line in told.read_text().splitlines())


def _keep(stage: Stage, name: str, key: str, links: Mapping[str, Path]) -> None:
    """An entry of the cache, as the stand-in for actions/cache keeps it: links to what is there."""
    family = hashlib.sha256(f"$RUNNER_TEMP/{name}".encode()).hexdigest()[:16]
    entry = stage.caches / family / "1-kept"
    for path, target in links.items():
        (entry / "0" / path).parent.mkdir(parents=True, exist_ok=True)
        (entry / "0" / path).symlink_to(target)
    (entry / "key").write_text(key)
