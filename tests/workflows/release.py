"""This repository as a release of the action holds it, without what only its own development needs."""

import shutil
import subprocess
from pathlib import Path

from tests.workflows.workflow_files import drop_queue, workflows

ROOT = Path(__file__).parents[2]
_NOT_FOR_USERS = ("tests/", "docs/", "benchmarks/", "scripts/", ".ci/")


def copy_release(to: Path) -> Path:
    """What git knows, and what it would be given next: files that are neither ignored nor deleted."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        source, target = ROOT / name, to / name
        if source.is_file() and not name.startswith(_NOT_FOR_USERS):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in workflows(to):
        drop_queue(path)
    return to
