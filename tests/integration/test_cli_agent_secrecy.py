"""A secret that a command prints is read nowhere: in no line of a run, no document and no pull request."""

import base64
from pathlib import Path

import pytest

from tests.integration.repository import Repository

KNOWN = "the-password-of-the-database"
TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6"
FORMS = (KNOWN, TOKEN, base64.b64encode(KNOWN.encode()).decode(), KNOWN.encode().hex())
SAYS = f'echo "$DB_PASSWORD and {TOKEN}"; printf %s "$DB_PASSWORD" | base64'
USES = (
    """printf '{"type": "PRCreation", "model": "%s", "cost_usd": 1, "created_at": "2026-11-23T00:00:00Z"}' """
    f"""'{TOKEN}' > "$CLAUDESTEP_USAGE_FILE" """
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path).begin()
    made.environment["DB_PASSWORD"] = KNOWN
    return made


def told(repository: Repository, script: str, more: str = "") -> Repository:
    """The repository with an agent that runs this script and may see the password; the script is no secret."""
    program = repository.place / "program"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    repository.configure(str(program), f"  env: [DB_PASSWORD]\n{more}")
    repository.commit("Configure the agent")
    return repository


def kept(repository: Repository) -> str:
    """All that git has: documents, messages, refs."""
    return repository.git("cat-file", "--batch-all-objects", "--batch", "--unordered")


@pytest.mark.parametrize(
    ("script", "more"),
    [
        (f"{SAYS}; exit 1", ""),
        (f"{SAYS}; {USES}; exit 1", ""),
        (f"{SAYS}; {USES}; echo one > one.txt", ""),
        ("echo one > one.txt", f"verify: 'echo {TOKEN[:9]}''{TOKEN[9:]}; exit 1'\nmaxRepairs: 0\n"),
        ("echo one > one.txt", f"setup: 'echo {TOKEN[:9]}''{TOKEN[9:]}; exit 1'\n"),
        (f"for i in $(seq 400); do {SAYS}; done; sleep 1; exit 1", ""),
    ],
)  # fmt: skip
def test_what_a_command_prints_is_told_and_kept_without_its_secrets(
    repository: Repository, script: str, more: str
) -> None:
    more = more.replace("''", '""')
    result = told(repository, script, more).run("run", "p")
    assert "[redacted]" in result.out + result.err + kept(repository)
    for form in FORMS:
        assert form not in result.out
        assert form not in result.err
        assert form not in kept(repository)
        assert form not in repository.run("why", "p").out + repository.run("status", "p").out
