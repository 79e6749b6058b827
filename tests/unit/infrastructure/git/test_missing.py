"""What is missing of a commit, from what the git of today and that of tomorrow say."""

from pathlib import Path

import pytest

from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.missing import missing_objects

COMMIT, PARENT, TREE, BLOB = (letter * 40 for letter in "abcd")
SAID = [
    (f"{COMMIT} {PARENT}\n{TREE}\n{BLOB}\n", []),
    (f"{COMMIT}\n{TREE}\n", []),
    (f"{COMMIT} {PARENT}\n{TREE}\n?{BLOB}\n", [BLOB]),
    (f"{COMMIT} {PARENT}\n?{TREE}\n", [TREE]),
    (f"{COMMIT} {PARENT}\n{TREE}\n?{PARENT}\n", [COMMIT]),  # from 2.45 on; before, git stopped there
    (f"?{COMMIT}\n", [COMMIT]),
]


@pytest.mark.parametrize(("said", "missing"), SAID)
def test_what_git_says(tmp_path: Path, said: str, missing: list[str]) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\nprintf '{said}'\n")
    program.chmod(0o755)
    git = Git(tmp_path, "sha1", tmp_path, {"PATH": str(tmp_path)})
    assert missing_objects(git, COMMIT) == missing
