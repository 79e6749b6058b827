"""What the caches of a repository hold after its first run, so that a test downloads nothing.

The wheels of the libraries are those that `make setup` has fetched. Claude Code is on the PATH of the runs, at the
version that the action would install, so that it installs none.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

_WHEELS = "$RUNNER_TEMP/claudestep-wheels"


def fill(caches: Path, release: Path) -> Path:
    """An entry for all that the action downloads."""
    wheels = Path(sys.prefix, "wheels")
    assert wheels.is_dir(), f"{wheels} is missing; run `make setup`"
    _entry(caches, f"claudestep-{_keys(release, caches)['key']}", _WHEELS, wheels)
    return caches


def _keys(release: Path, place: Path) -> dict[str, str]:
    """What the action says about the Python that the runs have."""
    told = place / "told"
    place.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"], "RUNNER_TEMP": str(place), "GITHUB_OUTPUT": str(told),
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
