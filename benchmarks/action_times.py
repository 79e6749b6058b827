"""What the action adds to the run time of a workflow: seconds for each of its steps, cold and with filled caches.

    python -m benchmarks.action_times [--rounds N]

The workflow that `claudestep init` writes is run by act on this machine, against the GitHub server of the tests on
loopback. Cold, pip and npm download; the caches are then those that the first run left, copied from the disk. So
the installation depends on this machine's network and disk, and the rest is the program's own time.
"""

import argparse
import os
import statistics
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.messages_api import serving
from tests.github_server.fixture import GitHubServer
from tests.workflows.chain import does, project_files
from tests.workflows.journal import Done
from tests.workflows.release import copy_release
from tests.workflows.runner import Stage

_STATISTICS = """\
on: watch
permissions: {contents: read, pull-requests: read}
jobs:
  figures:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd
      - uses: claudestep/claudestep/statistics@5eed00000000000000000000000000000000cafe
"""
_SHOWN = (
    "Look for Python", "Look for ClaudeStep's libraries", "Install ClaudeStep", "Claim the next step",
    "Look for Claude Code", "Install Claude Code", "Work on it", "Open the pull request", "Count",
)  # fmt: skip


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs with filled caches")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        cold, warm = _measure(place, rounds)
    print("| step of the action | cold | with caches |\n| --- | ---: | ---: |")
    for name in _SHOWN:
        print(f"| {name} | {cold.get(name, 0.0):.2f} s | {warm.get(name, 0.0):.2f} s |")
    print(f"| all of a run | {_all(cold):.2f} s | {_all(warm):.2f} s |")


def _all(times: Mapping[str, float]) -> float:
    """The seconds of a run that does a step."""
    return sum(seconds for name, seconds in times.items() if name != "Count")


def _measure(place: Path, rounds: int) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The seconds of each step, of the first run and of the median of later ones."""
    server = GitHubServer(place / "server")
    steps = [f"Step {number}" for number in range(rounds + 1)]
    options = ("--reviewer", "alice:99", "--model", "claude-sonnet-4-5")
    files = project_files(place / "init", "auth", steps=steps, options=options)
    files[".github/workflows/figures.yml"] = _STATISTICS
    try:
        with serving(does(rounds + 1)) as api:
            release = copy_release(place / "release")
            stage = Stage(server.new_repository(files), api, place / "stage", release)
            stage.environment |= {
                k: v for k, v in os.environ.items() if k.startswith(("PIP_", "NPM_", "npm_", "NODE_"))
            }
            stage.environment["NPM_CONFIG_USERCONFIG"] = str(Path.home() / ".npmrc")
            times = [_times(stage.run("workflow_dispatch", inputs={"project": "auth"})) for _ in steps]
            for one in times:
                one["Count"] = _times(stage.run("watch"))["Count"]
    finally:
        server.stop()
    return times[0], {name: statistics.median(one.get(name, 0.0) for one in times[1:]) for name in times[0]}


def _times(done: Done) -> dict[str, float]:
    """Seconds by the name of the step."""
    assert done.exit_code == 0, done
    return {step.name: step.seconds for step in done.journal.steps if step.stage == "Main" and step.name in _SHOWN}


if __name__ == "__main__":
    assert Path(sysconfig.get_path("scripts"), "act").is_file(), "run `make setup`"
    main()
