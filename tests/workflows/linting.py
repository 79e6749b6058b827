"""What is linted, laid out as a repository, and the tools that look at it; each says what it found, or nothing."""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.workflows.release import ROOT
from tests.workflows.workflow_files import OURS, drop_queue, load, workflows

_CONFIGURATION = ROOT / ".github/zizmor.yml"
"""The exceptions, each with its reason; without the file there are none."""


def files() -> dict[str, str]:
    """The actions and workflows of this repository, by their paths."""
    found = [ROOT / "action.yml", *ROOT.glob("[!.]*/action.yml"), *workflows(ROOT)]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in found if path.is_file()}


def written_by_init(place: Path, *options: str) -> Path:
    """A clone of a repository on GitHub, with what `claudestep init` writes into it."""
    git = ["git", "-C", str(place)]
    for command in ([*git, "init", "--quiet"], [*git, "remote", "add", "origin", "https://github.com/o/r"]):
        subprocess.run(command, check=True)
    action = "claudestep/claudestep@0123456789abcdef0123456789abcdef01234567"
    command = [sys.executable, "-m", "claudestep", "-C", str(place), "init", "p", "--yes", "--action", action]
    subprocess.run([*command, *options], check=True, capture_output=True)
    lay_out(place, files())
    return place


def lay_out(folder: Path, texts: dict[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def actions(folder: Path) -> list[Path]:
    """The action files of a repository."""
    return sorted([*folder.glob("action.yml"), *folder.glob("[!.]*/action.yml")])


def actionlint(folder: Path) -> str:
    """The workflows, as if our action were their own: only then its inputs are looked at; and the steps of actions.

    actionlint looks at no action by itself: these steps are shown to it as those of a job.
    """
    (folder / ".git").mkdir(exist_ok=True)  # without it, nothing is a repository's own
    for path in workflows(folder):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(rf"(uses: ){OURS}/?([^@\s]*)@\S+", r"\1./\2", text), encoding="utf-8")
    for number, path in enumerate(actions(folder)):
        _write(folder / f".github/workflows/action-{number}.yml", _as_workflow(load(path)))
    return _run(
        "actionlint", "-oneline", "-no-color", "-shellcheck=", "-pyflakes=", cwd=folder, names=workflows(folder)
    )


def zizmor(folder: Path) -> str:
    """Everything that is more than a hint."""
    configuration = [f"--config={_CONFIGURATION}"] if _CONFIGURATION.is_file() else ["--no-config"]
    options = ["--offline", "--no-progress", "--quiet", "--strict-collection", "--min-severity=low", *configuration]
    return _run("zizmor", *options, cwd=folder, names=[*actions(folder), *workflows(folder)])


def check_jsonschema(folder: Path) -> str:
    """Both kinds of files, by the schemas of schemastore.org that the tool carries."""
    kinds = {"vendor.github-workflows": workflows(folder), "vendor.github-actions": actions(folder)}
    return "".join(
        _run("check-jsonschema", "--builtin-schema", schema, cwd=folder, names=paths)
        for schema, paths in kinds.items()
    )


def act(folder: Path) -> str:
    """The workflows, by the schema of act, which knows no `queue`."""
    for path in workflows(folder):
        drop_queue(path)
    return "".join(
        _run("act", "--validate", "--strict", "-W", cwd=folder, names=[path]) for path in workflows(folder)
    )


TOOLS: dict[str, Callable[[Path], str]] = {
    "actionlint": actionlint, "zizmor": zizmor, "check-jsonschema": check_jsonschema, "act": act,
}  # fmt: skip


def _as_workflow(action: dict[str, object]) -> dict[str, object]:
    """A workflow with the inputs, steps and outputs of an action."""
    runs, inputs, outputs = (action.get(name) or {} for name in ("runs", "inputs", "outputs"))
    assert isinstance(runs, dict)
    assert isinstance(inputs, dict)
    assert isinstance(outputs, dict)
    job = {
        "runs-on": "ubuntu-latest",
        "outputs": {name: output["value"] for name, output in outputs.items()},
        "steps": runs["steps"],
    }
    typed = {name: {"type": "string"} for name in inputs}
    return {"name": action["name"], "on": {"workflow_call": {"inputs": typed}}, "jobs": {"action": job}}


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, width=1000), encoding="utf-8")


def _run(tool: str, *options: str, cwd: Path, names: list[Path]) -> str:
    """What a tool says about files when it does not like them, else nothing."""
    if not names:
        return ""
    program = Path(sysconfig.get_path("scripts"), tool)
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "ACT_DISABLE_VERSION_CHECK": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        [program, *options, *(str(path.relative_to(cwd)) for path in names)],
        cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = (done.stdout + done.stderr).strip()
    return f"{tool} exited with {done.returncode}:\n{said}\n" if done.returncode else ""
