"""The names that everything agrees on: branches, files and trailers."""

import re
from dataclasses import dataclass

from claudestep.domain.errors import UsageError

METADATA_BRANCH = "claudestep-metadata"
ROOT = "claude-step"
STEP_BRANCH_PREFIX = "claude-step-"
LABEL = "claudestep"
REPOSITORY_CONFIGURATION = f"{ROOT}/configuration.yml"
CONFIGURATION_SCHEMA = f"{ROOT}/configuration.schema.json"
CLAIM_TRAILER = "ClaudeStep-Claim"
COMMIT_TRAILER = "ClaudeStep-Commit"
AUTHOR_TRAILER = "ClaudeStep-By"

_LONGEST_NAME = 80
_NOT_IN_A_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{")
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NUMBER = "[1-9][0-9]{0,8}"
_BRANCH = re.compile(rf"{STEP_BRANCH_PREFIX}(?P<project>.+)-(?P<index>{_NUMBER})(?:\.(?P<attempt>{_NUMBER}))?")


@dataclass(frozen=True, slots=True)
class StepBranch:
    """What the name of a step's branch says."""

    project: str
    step_index: int
    attempt: int


def name_problem(name: str) -> str | None:
    """Say why `name` cannot name a project; None when it can.

    A name is a folder, a file and a part of a branch name at once, so it has to be good for all of them.
    """
    if not name:
        return "it is empty"
    if len(name) > _LONGEST_NAME:
        return f"it has {len(name)} characters, and {_LONGEST_NAME} are the most"
    if not _PROJECT.fullmatch(name):
        return "it may have the letters of English, digits, '.', '_' and '-', and begins with a letter or digit"
    if ".." in name or name.endswith((".", ".lock")):
        return "git allows no branch name with '..' or with '.' or '.lock' at its end"
    return None


def check_project_name(name: str) -> str:
    """Return `name`, or raise UsageError where it cannot name a project."""
    problem = name_problem(name)
    if problem:
        raise UsageError(f"{name!r} cannot be the name of a project: {problem}")
    return name


def is_branch_name(name: str) -> bool:
    """Whether git allows a branch of this name (git-check-ref-format)."""
    parts = name.split("/")
    bad = _NOT_IN_A_BRANCH.search(name) or name.startswith("-") or name.endswith(".") or name == "@"
    return not bad and all(part and not part.startswith(".") and not part.endswith(".lock") for part in parts)


def spec_path(project: str) -> str:
    """Where a project's steps stand."""
    return f"{ROOT}/{project}/spec.md"


def configuration_path(project: str) -> str:
    """Where a project's own configuration stands; it may be absent."""
    return f"{ROOT}/{project}/configuration.yml"


def prompt_path(project: str) -> str:
    """Where a project's own template of the prompt stands; it may be absent."""
    return f"{ROOT}/{project}/prompt.md"


def pull_request_template_path(project: str) -> str:
    """Where a project's own template of the text of pull requests stands; it may be absent."""
    return f"{ROOT}/{project}/pr-template.md"


def document_path(project: str) -> str:
    """Where a project's document stands on the metadata branch."""
    return f"projects/{project}.json"


def project_of_document(path: str) -> str | None:
    """The project whose document `path` is; None for any other file."""
    folder, _, name = path.partition("/")
    is_ours = folder == "projects" and name.endswith(".json") and "/" not in name
    return name.removesuffix(".json") if is_ours else None


def project_of_spec(path: str) -> str | None:
    """The project whose spec.md `path` is; None for any other file."""
    parts = path.split("/")
    return parts[1] if len(parts) == 3 and parts[0] == ROOT and parts[2] == "spec.md" else None


def step_branch(project: str, step_index: int, attempt: int) -> str:
    """The branch of one attempt at one step: a name belongs to one claim for ever."""
    suffix = "" if attempt <= 1 else f".{attempt}"
    return f"{STEP_BRANCH_PREFIX}{project}-{step_index}{suffix}"


def parse_step_branch(branch: str) -> StepBranch | None:
    """What a branch name says, read from its end, so that `auth` is never taken for `auth-api`."""
    match = _BRANCH.fullmatch(branch)
    if not match:
        return None
    attempt = int(match["attempt"] or 1)
    return StepBranch(match["project"], int(match["index"]), attempt)
