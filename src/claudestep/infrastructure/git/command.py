"""git as a program: one repository, a clean environment, errors as sentences."""

import os
import re
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from claudestep.domain.errors import ClaudeStepError, RepositoryError, UsageError
from claudestep.infrastructure import process
from claudestep.infrastructure.process import CommandFailed

# What git sets for its hooks: it would lead us to another repository, index or object store than the one asked for.
_LOCATION_VARIABLES = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NAMESPACE",
)  # fmt: skip
# Nothing of the user's runs or asks while we work: no hooks, no signing, no house-keeping.
_QUIET = (
    "core.hooksPath=/dev/null",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.fsmonitor=false",
    "core.safecrlf=false",
    "core.sparseCheckout=false",
    "core.splitIndex=false",
    "i18n.commitEncoding=UTF-8",
    "i18n.logOutputEncoding=UTF-8",
    "advice.addEmbeddedRepo=false",
)
# Without git-lfs its pointers are taken as they stand: who changes none of them does not need it.
_NO_LFS = ("filter.lfs.required=false", "filter.lfs.process=", "filter.lfs.clean=", "filter.lfs.smudge=")
_ROOM = "No space left on device|Out of diskspace|Disk quota exceeded|File too large"
_RIGHT = "Permission denied|Read-only file system|insufficient permission for adding an object .*"
_CANNOT_WRITE = re.compile(f"^(?:(?:error|fatal): )?(.*?(?:(?P<room>{_ROOM})|(?P<right>{_RIGHT})))$", re.MULTILINE)
OUR_NAME = "ClaudeStep"
OUR_EMAIL = "claudestep@users.noreply.github.com"
OUR_IDENTITY: Mapping[str, str] = {
    "GIT_AUTHOR_NAME": OUR_NAME,
    "GIT_AUTHOR_EMAIL": OUR_EMAIL,
    "GIT_COMMITTER_NAME": OUR_NAME,
    "GIT_COMMITTER_EMAIL": OUR_EMAIL,
}


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` for git: no inherited locations, messages in English, no questions, every object as it is."""
    kept = {name: value for name, value in environment.items() if name not in _LOCATION_VARIABLES}
    return kept | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_EDITOR": "true",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


class CannotWrite(CommandFailed):
    """git could not write for want of room or of the right to: trying again at once is no use."""

    def __init__(self, failed: CommandFailed, problem: str, remedy: str) -> None:
        super().__init__(failed.argv, failed.returncode, problem)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git in one repository: `git_dir` is what all its work trees share."""

    git_dir: Path
    object_format: str
    start: Path
    environment: Mapping[str, str]
    has_lfs: bool = True
    """Whether git-lfs is installed."""
    apart: bool = False
    """Whether it knows none of the user's settings, and so none of the filters that files are written through."""

    @property
    def no_object(self) -> str:
        """The id that means "does not exist" to update-ref."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    def argv(self, *args: str) -> list[str]:
        """The whole command line of a git command in this repository."""
        wanted = _QUIET if self.has_lfs else (*_QUIET, *_NO_LFS)
        settings = [part for setting in wanted for part in ("-c", setting)]
        return ["git", *settings, *args]

    def run(
        self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> bytes:
        """Return what the command prints. Raises CommandFailed."""
        full = {**self.environment, "GIT_DIR": str(self.git_dir), **(env or {})}
        return self._output(self.argv(*args), full, cwd or self.git_dir, stdin)

    def text(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """The same as text, without the white space at its ends."""
        return self.run(*args, stdin=stdin, env=env).decode(errors="surrogateescape").strip()

    def inside(self, tree: Path, *args: str, env: Mapping[str, str] | None = None) -> str:
        """Run git as somebody would who stands in `tree`, whatever repository that belongs to."""
        full = {**self.environment, **(env or {})}
        output = self._output(self.argv("-C", str(tree), *args), full, tree)
        return output.decode(errors="surrogateescape")

    @staticmethod
    def _output(argv: list[str], env: Mapping[str, str], cwd: Path, stdin: bytes = b"") -> bytes:
        try:
            return process.run(argv, env=env, cwd=cwd, stdin=stdin).stdout
        except CommandFailed as error:
            raise _explained(error) from error

    def succeeds(self, *args: str) -> bool:
        """Whether a command that answers by its exit status says yes."""
        try:
            self.run(*args)
        except CommandFailed:
            return False
        return True

    def find(self, name: str) -> str | None:
        """The object that a name (of a ref) stands for; None where there is none."""
        try:
            return self.text("rev-parse", "--verify", "--quiet", name)
        except CommandFailed:
            return None

    def identity(self) -> Mapping[str, str]:
        """The variables that a commit in the user's name needs: ours where git knows none."""
        known = self.succeeds("var", "GIT_COMMITTER_IDENT") and self.succeeds("var", "GIT_AUTHOR_IDENT")
        return {} if known else OUR_IDENTITY


def _explained(error: CommandFailed) -> CommandFailed:
    """The same failure, as CannotWrite where that is what git says."""
    if error.returncode == -signal.SIGXFSZ:
        problem = "a file would be larger than your limit on the size of files"
        return CannotWrite(error, problem, "Raise it (ulimit -f), and run it again.")
    found = _CANNOT_WRITE.search(error.stderr)
    if found is None:
        return error
    remedy = "Make room there" if found["room"] else "Get the right to write there"
    return CannotWrite(error, found[1], f"{remedy}, and run it again.")


def open_repository(path: Path, environment: Mapping[str, str]) -> Git:
    """Find the repository that `path` is in.

    Raises RepositoryError, UsageError where there is none that git will use.
    """
    env = clean_environment(environment)
    ask = [
        "git",
        "-C",
        str(path),
        "rev-parse",
        "--path-format=absolute",
        "--git-common-dir",
        "--show-object-format",
    ]
    try:
        answer = process.run(ask, env=env).stdout
    except CommandFailed as error:
        raise _no_repository(path, error) from error
    git_dir, object_format = os.fsdecode(answer).rstrip("\n").rsplit("\n", 1)
    has_lfs = shutil.which("git-lfs", path=env.get("PATH")) is not None
    return Git(Path(git_dir), object_format, path, env, has_lfs)


def _no_repository(path: Path, error: CommandFailed) -> ClaudeStepError:
    if error.returncode is None:
        return RepositoryError("git was not found", remedy="Install git 2.38 or newer.")
    if not path.is_dir():
        return UsageError(f"{path} is not a folder", remedy="Name a folder inside a git repository.")
    if "not a git repository" in error.stderr:
        return RepositoryError(f"{path} is not inside a git repository", remedy="Go to one, or make one: git init")
    return RepositoryError(f"git will not work in {path}: {error.stderr.removeprefix('fatal: ')}")
