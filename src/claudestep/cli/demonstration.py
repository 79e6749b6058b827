"""The demo: the example repository, and the program itself run on it as a user would."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TextIO

from claudestep.cli.settings import Settings
from claudestep.domain.errors import UsageError
from claudestep.infrastructure import process
from claudestep.infrastructure.git.command import OUR_IDENTITY, clean_environment

EXAMPLE = "bookshop"
PROJECT = "modernise"
_SCRIPT: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Two reviewers, room for one pull request (here: a branch) each. The first run stages a step for alice:",
        ("run", PROJECT),
    ),
    ("The second one for bob:", ("run", PROJECT)),
    ("Now nobody has room, and it says so:", ("run", PROJECT)),
    (
        "alice reviews and merges hers, as anybody merges a branch:",
        ("git", "merge", "claude-step-modernise-1"),
    ),
    ("That gives her room for the next:", ("run", PROJECT)),
    (
        "bob merges his, though alice's came first (git makes a merge commit):",
        ("git", "merge", "--no-edit", "claude-step-modernise-2"),
    ),
    ("And alice hers:", ("git", "merge", "--no-edit", "claude-step-modernise-3")),
    ("The rest of the chain, merged at once:", ("run", PROJECT, "--auto-merge", "--max-steps", "9")),
    ("Where it stands:", ("status", PROJECT)),
    ("The figures (a codemod costs nothing; Claude Code's cost would stand here):", ("statistics",)),
    ("All of it is in the repository itself:", ("git", "log", "--oneline", "claudestep-metadata")),
)


def demonstrate(settings: Settings, folder: Path | None, out: TextIO) -> None:
    """Make the example a repository in `folder`, run the script on it, and say where to look.

    Raises UsageError where the folder is not empty, CommandFailed where a command of the script fails.
    """
    place = _new_folder(folder)
    environment = {**clean_environment(settings.environment), **OUR_IDENTITY}
    shutil.copytree(example_folder(), place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    setting_up: tuple[tuple[str, ...], ...] = (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--no-gpg-sign", "-m", "A bookshop in an old style"),
    )
    for arguments in setting_up:
        process.run(("git", *arguments), env=environment, cwd=place)
    out.write(f"A small library in an old style, and {PROJECT}/spec.md with five steps, in\n{place}\n")
    for sentence, arguments in _SCRIPT:
        _show(sentence, arguments, place, environment, out)
    out.write(
        f"\nLook around:\n  cd {place}\n  git log --graph --oneline main\n"
        f"  git log claudestep-metadata\n  git show claudestep-metadata:projects/{PROJECT}.json\n"
        f"  cat claude-step/{PROJECT}/spec.md claude-step/{PROJECT}/configuration.yml\n"
        "Now yours: in your own repository, claudestep init my-refactor\n"
    )


def example_folder() -> Path:
    """Where the example is: inside an installed package, beside the sources in a clone."""
    package = Path(__file__).parents[1]
    candidates = (package / "examples" / EXAMPLE, package.parents[1] / "examples" / EXAMPLE)
    return next(path for path in candidates if path.is_dir())


def _new_folder(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="claudestep-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", remedy="Name a folder that does not exist yet.")
    return folder.resolve()


def _show(sentence: str, arguments: tuple[str, ...], place: Path, environment: dict[str, str], out: TextIO) -> None:
    shown = arguments if arguments[0] == "git" else ("claudestep", *arguments)
    argv = arguments if arguments[0] == "git" else (sys.executable, "-m", "claudestep", *arguments)
    out.write(f"\n{sentence}\n$ {' '.join(shown)}\n")
    out.flush()
    out.write(process.run(argv, env=environment, cwd=place).stdout.decode(errors="replace"))
    out.flush()
