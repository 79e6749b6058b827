"""What the caches of a repository hold after its first run, so that a test downloads nothing.

The libraries are those of the development environment that requirements/run.lock names, at the same versions;
Claude Code is the one of the tests.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

_LIBRARIES = "$RUNNER_TEMP/claudestep-libraries"
_CLAUDE_CODE = "$RUNNER_TEMP/claudestep-claude-code"


def fill(caches: Path, kept: Path, release: Path, claude: Path) -> Path:
    """Entries for all that the action installs: links to what is in `kept`, which spares each run a copy."""
    keys = _keys(release, caches)
    libraries, programs = kept / "libraries", kept / "claude-code"
    _copy_libraries(release / "requirements/run.lock", libraries)
    (programs / "node_modules/.bin").mkdir(parents=True)
    (programs / "node_modules/.bin/claude").symlink_to(claude)
    _entry(caches, f"claudestep-{keys['key']}", _LIBRARIES, libraries)
    _entry(caches, f"claude-code-{keys['claude_key']}", _CLAUDE_CODE, programs)
    return caches


def _keys(release: Path, place: Path) -> dict[str, str]:
    """What the action says about the Python that the runs have."""
    told = place / "told"
    place.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"], "ROOT": str(release), "GITHUB_OUTPUT": str(told),
        "PYTHON": str(Path(sys.executable).resolve()),
    }  # fmt: skip
    subprocess.run(["bash", str(release / "action/python.sh")], env=environment, check=True)
    lines = told.read_text(encoding="utf-8").splitlines()
    told.unlink()
    return dict(line.split("=", 1) for line in lines)


def _entry(caches: Path, key: str, path: str, content: Path) -> None:
    """An entry as the stand-in of actions/cache keeps it."""
    entry = caches / hashlib.sha256(path.encode()).hexdigest()[:16] / "1"
    entry.mkdir(parents=True)
    (entry / "key").write_text(key, encoding="utf-8")
    (entry / "0").symlink_to(content)


def _copy_libraries(lock: Path, to: Path) -> None:
    for line in re.findall(r"(?m)^[a-z][^\\\n]*", lock.read_text(encoding="utf-8")):
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate():
            _copy_distribution(wanted, to)
    (to / ".complete").touch()


def _copy_distribution(wanted: Requirement, to: Path) -> None:
    found = distribution(wanted.name)
    assert found.version in wanted.specifier, (
        f"run.lock has {wanted}, and here is {found.version}; run `make setup`"
    )
    for file in found.files or ():
        source, target = Path(str(found.locate_file(file))), to / file
        if ".." not in file.parts and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)  # with its time, which compiled files go by
