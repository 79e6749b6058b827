"""What this machine and this clone have: git, Claude Code, secrets in git's settings, what runs left behind."""

from collections.abc import Iterator

from claudestep.application.doctor.sight import attempt
from claudestep.application.fsck import leftovers
from claudestep.domain.diagnosis import Check, Status, or_fine, unknown
from claudestep.domain.errors import ClaudeStepError
from claudestep.infrastructure.agent.claude_version import Version
from claudestep.infrastructure.machine import Machine
from claudestep.infrastructure.runs import Runs

LEAST_GIT = (2, 38)
"""The first with `git merge-tree --write-tree`."""
LEAST_CLAUDE = (2, 0, 0)
_INSTALL = "npm install -g @anthropic-ai/claude-code"


def check_git(machine: Machine) -> Check:
    """Whether git is new enough."""
    found = attempt(machine.git_version)
    if isinstance(found, ClaudeStepError):
        return unknown("git", found)
    said, version = found
    if version < LEAST_GIT:
        least = ".".join(map(str, LEAST_GIT))
        return Check("git", "problem", f"git {said} is too old", f"Install git {least} or newer.")
    return Check("git", "ok", f"git {said}")


def check_credentials(machine: Machine) -> list[Check]:
    """Whether a secret stands where an agent can read it."""
    found = attempt(machine.credentials)
    if isinstance(found, ClaudeStepError):
        return [unknown("credentials", found)]
    findings = (_readable(credential.setting, credential.file) for credential in found)
    return or_fine("credentials", findings, "no token stands in the settings of git")


def _readable(setting: str, file: str) -> Check:
    remedy = (
        "In a workflow: `persist-credentials: false` at actions/checkout.\n"
        "Otherwise take it out of the file: ClaudeStep gives git its token (GITHUB_TOKEN, gh auth login) by itself."
    )
    problem = f"{setting} holds a token: an agent can read it there"
    return Check("credentials", "problem", problem, remedy, file)


def check_claude(machine: Machine, *, needed: bool) -> Check:
    """Whether Claude Code is here, and new enough; `needed`: runs on this machine surely take it."""
    version = attempt(machine.claude_version)
    if isinstance(version, ClaudeStepError):
        return unknown("claude_code", version, f"Try it: claude --version. Install it anew: {_INSTALL}")
    if version is None:
        return _no_claude(needed=needed)
    if version < LEAST_CLAUDE:
        problem = f"Claude Code {_dotted(version)} is too old; {_dotted(LEAST_CLAUDE)} is the least"
        return Check("claude_code", "problem", problem, f"claude update, or: {_INSTALL}")
    return Check("claude_code", "ok", f"Claude Code {_dotted(version)}")


def _no_claude(*, needed: bool) -> Check:
    problem = "Claude Code is not installed: there is no `claude` on the PATH"
    if not needed:
        remedy = (
            f"Workflows install it for themselves. For runs on this machine that are not a command's: {_INSTALL}"
        )
        return Check("claude_code", "warning", problem, remedy)
    remedy = f"{_INSTALL}\nOr name another program: `agent: {{command: ./codemod.sh}}` in configuration.yml"
    return Check("claude_code", "problem", problem, remedy)


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def check_leftovers(runs: Runs) -> list[Check]:
    """What ended runs left on disk; most of it is news and no fault."""
    found = attempt(lambda: list(_leftovers(runs)))
    if isinstance(found, ClaudeStepError):
        return [unknown("leftovers", found)]
    return or_fine("leftovers", found, "ended runs left nothing behind")


def _leftovers(runs: Runs) -> Iterator[Check]:
    for finding in leftovers(runs):
        status: Status = "ok" if finding.level == "note" else "warning"
        yield Check("leftovers", status, finding.problem, finding.remedy, finding.path)
