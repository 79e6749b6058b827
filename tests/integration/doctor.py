"""A repository that is in order, for tests that break one thing of it, and what doctor says then."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import Repository, Result

WORKFLOW = ".github/workflows/claudestep.yml"
STARTS = """\
name: ClaudeStep
on:
  pull_request: {types: [closed]}
  workflow_dispatch:
concurrency: {group: claudestep, queue: max}
permissions: {contents: write, pull-requests: write, issues: write}
jobs:
  step:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with: {persist-credentials: false}
      - uses: claudestep/claudestep@v1
        with:
          anthropic_api_key: ${{ secrets.ANTHROPIC_API_KEY }}
"""
CLAUDE = "agent: {model: sonnet}\n"
REVIEWERS = "reviewers:\n  - username: alice\n  - username: bob\n"


def healthy(github: GitHubServer, place: Path) -> GitHubClone:
    """Everything that doctor looks for is there, Claude Code (a script of its name) and its secret, too."""
    clone = GitHubClone.of(github, place, labels=["claudestep"])
    clone.write("claude-step/p/configuration.yml", CLAUDE + REVIEWERS)
    clone.write(WORKFLOW, STARTS)
    clone.commit("Everything is in order")
    clone.remote.configure(secrets=["ANTHROPIC_API_KEY"])
    install_claude(clone)
    return clone


def install_claude(repository: Repository, says: str = "2.0.55 (Claude Code)") -> None:
    """Put a program on the PATH that is Claude Code by its name and version."""
    tools = repository.place / "tools"
    tools.mkdir(exist_ok=True)
    program = tools / "claude"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{says}"\n')
    program.chmod(0o755)
    path = repository.environment["PATH"]
    if str(tools) not in path:
        repository.environment["PATH"] = f"{tools}:{path}"


@dataclass(frozen=True)
class Examined:
    """What doctor said: as JSON, and for people."""

    result: Result
    text: str

    @property
    def checks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.result.json["checks"]
        return found

    def named(self, name: str) -> list[dict[str, Any]]:
        return [check for check in self.checks if check["name"] == name]

    def with_status(self, *statuses: str) -> list[str]:
        """The names of the checks that ended like this."""
        return [check["name"] for check in self.checks if check["status"] in statuses]


def examine(repository: Repository, *before: str, claims: bool = False) -> Examined:
    """Start doctor twice: for programs and for people, who are told the same; `claims`: some are there."""
    secret = repository.environment.get("GITHUB_TOKEN", "")
    files = repository.git_files()
    run = _beside_claims(repository) if claims else repository.run
    result = run(*before, "doctor", "--json")
    shown = run(*before, "doctor")
    assert repository.git_files() == files
    assert shown.code == result.code == (0 if result.json["ok"] else 1), shown
    for text in (result.out, result.err, shown.out, shown.err):
        assert not secret or secret not in text
        assert DEFAULT_TOKEN not in text
    for check in result.json["checks"]:
        assert check["status"] == "ok" or check["remedy"], check
        assert "\n" not in check["message"]
        assert check["name"] == "rate" or check["message"] in shown.out
        assert all(line in shown.out for line in check["remedy"].splitlines())
    return Examined(result, shown.out)


def _beside_claims(repository: Repository) -> Callable[..., Result]:
    def run(*args: str) -> Result:
        with repository.start(*args) as process:
            out, err = process.communicate(timeout=60)
        return Result(process.returncode, out, err)

    return run


def finding(
    repository: Repository, name: str, status: str, *words: str, where: str = "", claims: bool = False
) -> Examined:
    """Doctor finds this and nothing else, with these words in it or in what to do about it."""
    found = examine(repository, claims=claims)
    [check] = [one for one in found.named(name) if one["status"] != "ok"]
    assert check["status"] == status, found.text
    said = f"{check['message']}\n{check['remedy']}"
    assert [word for word in words if word not in said] == [], said
    assert check.get("where", "") == where
    assert [one for one in found.checks if one["status"] != "ok"] == [check], found.text
    assert found.result.code == (1 if status == "problem" else 0)
    return found
