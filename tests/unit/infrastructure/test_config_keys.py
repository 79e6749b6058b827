import json
from collections.abc import Iterator
from typing import Any

import pytest

from claudestep.domain.config import ClaudeCodeAgent
from claudestep.domain.errors import ConfigurationError
from claudestep.domain.guarding import Limits
from claudestep.infrastructure.config_file import read_config, read_repository_config
from claudestep.infrastructure.config_keys import PATTERNS, configuration_schema, repository_schema

PATH = "claude-step/p/configuration.yml"


def wrong(text: str | bytes) -> ConfigurationError:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigurationError) as caught:
        read_config(PATH, content)
    assert str(caught.value).startswith(PATH)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("reviewers: alice", 1, "`reviewers`: expected a list, got text"),
        ("reviewers: 1", 1, "`reviewers`: expected a list, got a whole number"),
        ("reviewers:", 1, "`reviewers`: expected a list, got nothing"),
        ("reviewers:\n  - alice", 2, "`reviewers.0`: expected a mapping, got text"),
        ("reviewers:\n  - username: a\n  -", 3, "`reviewers.1`: expected a mapping, got nothing"),
        ("reviewers:\n  - {}", 2, "`reviewers.0`: a key is missing: `username`"),
        ("reviewers:\n  - username: 1", 2, "`reviewers.0.username`: expected text, got a whole number"),
        ("reviewers:\n  - username: no", 2, "`reviewers.0.username`: expected text, got true or false"),
        (
            "reviewers:\n  - username: a\n    maxOpenPRs: two",
            3,
            "`reviewers.0.maxOpenPRs`: expected a whole number, got text",
        ),
        (
            "reviewers:\n  - username: a\n    maxOpenPRs: 1.5",
            3,
            "`reviewers.0.maxOpenPRs`: expected a whole number, got a number",
        ),
        (
            "reviewers:\n  - username: a\n    maxOpenPRs: true",
            3,
            "`reviewers.0.maxOpenPRs`: expected a whole number, got true or false",
        ),
        (
            "reviewers:\n  - username: a\n    maxOpenPRs: 0",
            3,
            "`reviewers.0.maxOpenPRs`: expected a whole number >= 1",
        ),
        (
            "reviewers:\n  - username: a\n    maxOpenPRs: 1001",
            3,
            "`reviewers.0.maxOpenPRs`: expected a whole number <= 1000",
        ),
        ("baseBranch: 1", 1, "`baseBranch`: expected text, got a whole number"),
        ("baseBranch: [main]", 1, "`baseBranch`: expected text, got a list"),
        ("baseBranch: ''", 1, "`baseBranch`: expected text of length >= 1"),
        ("agent: ./x.sh", 1, "`agent`: expected a mapping, got text"),
        ("agent:\n  command: ''", 2, "`agent.command`: expected text of length >= 1"),
        ("agent:\n  command: [a, b]", 2, "`agent.command`: expected text, got a list"),
        ("agent:\n  command: a\n  env: PATH", 3, "`agent.env`: expected a list, got text"),
        ("agent:\n  command: a\n  env:\n    - 1", 4, "`agent.env.0`: expected text, got a whole number"),
        ("setup: {run: make}", 1, "`setup`: expected text, got a mapping"),
        ("labels: bug", 1, "`labels`: expected a list, got text"),
        ("labels:\n  - bug\n  - 2", 3, "`labels.1`: expected text, got a whole number"),
        ("labels: ['']", 1, "`labels.0`: expected text of length >= 1"),
        ("paused: 1", 1, "`paused`: expected true or false, got a whole number"),
        ("paused: 'true'", 1, "`paused`: expected true or false, got text"),
        ("paused:", 1, "`paused`: expected true or false, got nothing"),
        ("timeoutMinutes: soon", 1, "`timeoutMinutes`: expected a number, got text"),
        ("timeoutMinutes: true", 1, "`timeoutMinutes`: expected a number, got true or false"),
        ("timeoutMinutes: 0", 1, "`timeoutMinutes`: expected a number > 0.0"),
        ("timeoutMinutes: -1", 1, "`timeoutMinutes`: expected a number > 0.0"),
        ("timeoutMinutes: .nan", 1, "`timeoutMinutes`: expected a number > 0.0"),
        ("timeoutMinutes: .inf", 1, "`timeoutMinutes`: expected a number <= 1440.0"),
        ("timeoutMinutes: 1441", 1, "`timeoutMinutes`: expected a number <= 1440.0"),
        ("verify: [make]", 1, "`verify`: expected text, got a list"),
        ("verify: ''", 1, "`verify`: expected text of length >= 1"),
        ("maxRepairs: -1", 1, "`maxRepairs`: expected a whole number >= 0"),
        ("maxRepairs: 11", 1, "`maxRepairs`: expected a whole number <= 10"),
        ("maxRepairs: 1.5", 1, "`maxRepairs`: expected a whole number, got a number"),
        ("summary: short", 1, "`summary`: expected true or false, got text"),
        ("maxAttempts: 0", 1, "`maxAttempts`: expected a whole number >= 1"),
        ("maxAttempts: 1001", 1, "`maxAttempts`: expected a whole number <= 1000"),
        ("maxAttempts:", 1, "`maxAttempts`: expected a whole number, got nothing"),
        ("onFailure: false", 1, "`onFailure`: expected text, got true or false"),
        ("retryClosed: always", 1, "`retryClosed`: expected true or false, got text"),
        ("stalePRDays: 0", 1, "`stalePRDays`: expected a number > 0.0"),
        ("stalePRDays: 3651", 1, "`stalePRDays`: expected a number <= 3650.0"),
        ("budget: 5", 1, "`budget`: expected a mapping, got a whole number"),
        ("budget:\n  perStepUsd: 0", 2, "`budget.perStepUsd`: expected a number >= 0.01"),
        ("budget:\n  perStepUsd: -1", 2, "`budget.perStepUsd`: expected a number >= 0.01"),
        ("budget:\n  projectUsd: .nan", 2, "`budget.projectUsd`: expected a number >= 0.01"),
        ("budget:\n  projectUsd: 1000001", 2, "`budget.projectUsd`: expected a number <= 1000000.0"),
        ("budget:\n  projectUsd: $5", 2, "`budget.projectUsd`: expected a number, got text"),
        ("agent:\n  allowedTools: Bash", 2, "`agent.allowedTools`: expected a list, got text"),
        ("agent:\n  allowedTools:\n    - 1", 3, "`agent.allowedTools.0`: expected text, got a whole number"),
        ("agent:\n  maxTurns: 0", 2, "`agent.maxTurns`: expected a whole number >= 1"),
        ("agent:\n  model: 4", 2, "`agent.model`: expected text, got a whole number"),
        ("- reviewers", 1, "expected a mapping, got a list"),
        ("just words", 1, "expected a mapping, got text"),
        ("# words\n\npaused: false\nsetup: 1", 4, "`setup`: expected text, got a whole number"),
    ],
)
def test_a_value_is_refused_with_its_line_when_it_is_of_the_wrong_type(text: str, line: int, problem: str) -> None:
    """ "`configuration.yml` is validated with line numbers and suggestions"."""
    error = wrong(text)
    assert (error.line, error.problem) == (line, problem)
    assert str(error) == f"{PATH}:{line}: {problem}"


@pytest.mark.parametrize("name", ["", "-a", "a b", "@alice", "a/b", "a\nb", "[bot]", "ä"])
def test_a_user_name_is_refused_when_it_cannot_be_one(name: str) -> None:
    error = wrong(f"reviewers:\n  - username: {name!r}".replace("'", '"'))
    assert error.line == 2
    assert error.problem == (
        "`reviewers.0.username`: it has to be a user name: letters, digits, '.', '_' and '-', no '@' before it"
    )


@pytest.mark.parametrize(
    "text", ['reviewers:\n  - username: "alice\\n"', 'agent:\n  command: a\n  env: ["PATH\\n"]']
)
def test_a_name_is_refused_when_it_ends_in_a_newline(text: str) -> None:
    wrong(text)


@pytest.mark.parametrize("name", ["A-B", "1A", "A B", "A=B", "$A", ""])
def test_a_variable_is_refused_when_it_cannot_be_one(name: str) -> None:
    assert wrong(f'agent:\n  command: a\n  env: ["{name}"]').problem == (
        "`agent.env.0`: it has to be the name of an environment variable, such as NPM_TOKEN"
    )


@pytest.mark.parametrize("name", ["-x", " x", "--model", "a b", "", "opus\n"])
def test_a_model_is_refused_in_plain_words_when_it_cannot_be_one(name: str) -> None:
    error = wrong(f"agent:\n  model: {json.dumps(name)}")
    assert (error.line, error.problem) == (
        2, "`agent.model`: it has to be the name of a model, such as claude-sonnet-4-5",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["-x", "--dangerously-skip-permissions", "", "1", "Bash(a\nb)"])
def test_a_tool_is_refused_in_plain_words_when_it_cannot_be_one(name: str) -> None:
    """It becomes an argument of Claude Code: none of them may be taken for an option."""
    error = wrong(f"agent:\n  allowedTools:\n    - Read\n    - {json.dumps(name)}")
    assert (error.line, error.problem) == (
        4, "`agent.allowedTools.1`: it has to be a tool of Claude Code, such as Bash(npm test:*)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "place"),
    [
        ("paused: false\nonFailure: halt", 2, "onFailure"),
        ("agent:\n  permissionMode: plan", 2, "agent.permissionMode"),
        ("agent:\n  permissionMode: 'a\\x'", 2, "agent.permissionMode"),
    ],
)
def test_a_word_is_refused_with_its_line_when_it_is_none_of_those_that_there_are(
    text: str, line: int, place: str
) -> None:
    error = wrong(text)
    assert error.line == line
    assert error.problem.startswith(f"`{place}`: ")


@pytest.mark.parametrize(
    "name", ["opus", "claude-sonnet-4-5-20250929", "us.anthropic.claude-v1:0", "opus[1m]", "a/b@c"]
)
def test_a_model_is_any_name_that_a_service_gives_it(name: str) -> None:
    found = read_config(PATH, f'agent: {{model: "{name}"}}'.encode())
    assert found.agent == ClaudeCodeAgent(model=name)


@pytest.mark.parametrize("name", ["Read", "Bash(npm test:*)", "mcp__github__get_me", "Edit(src/**)"])
def test_a_tool_is_any_rule_of_claude_code(name: str) -> None:
    found = read_config(PATH, f'agent: {{allowedTools: ["{name}"]}}'.encode())
    assert found.agent == ClaudeCodeAgent(allowed_tools=(name,))


@pytest.mark.parametrize(
    "text",
    [
        "maxRepairs: 0", "maxRepairs: 10", "maxAttempts: 1", "maxAttempts: 1000", "timeoutMinutes: 1440",
        "stalePRDays: 0.5", "stalePRDays: 3650", "budget: {perStepUsd: 0.01, projectUsd: 1000000}",
        "agent: {maxTurns: 1}", "agent: {env: [_]}", "agent: {permissionMode: bypassPermissions}",
    ],
)  # fmt: skip
def test_every_limit_is_allowed_itself(text: str) -> None:
    read_config(PATH, text.encode())


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("limits:\n  changedLines: 0", 2, "`limits.changedLines`: expected a whole number >= 1"),
        ("limits:\n  fileKiB: 0", 2, "`limits.fileKiB`: expected a whole number >= 1"),
        ("limits:\n  fileKiB: many", 2, "`limits.fileKiB`: expected a whole number, got text"),
        ("limits:\n  fileKib: 1", 2, "unknown key 'fileKib'; did you mean 'fileKiB'?"),
        ("allowChanges: .github/", 1, "`allowChanges`: expected a list, got text"),
        ("allowChanges:\n  - ''", 2, "`allowChanges.0`: expected text of length >= 1"),
        ("allowChanges:\n  - x\n  - ' '", 3, "`allowChanges` has ' ': it is empty"),
        (
            "allowChanges:\n  - x\n  - /etc/passwd",
            3,
            "`allowChanges` has '/etc/passwd': it is absolute, and has to be a path inside of the repository",
        ),
        (
            "allowChanges:\n  - a/../b",
            2,
            "`allowChanges` has 'a/../b': it has an empty part, '.' or '..', and has to be written as git lists it",
        ),
        ("allowChanges:\n  - .git/hooks/", 2, "`allowChanges` has '.git/hooks/': what .git holds is never allowed"),
        (
            "allowChanges:\n  - docs/*",
            2,
            "`allowChanges` has 'docs/*': patterns are not read: name a file, or a folder with a '/' at its end",
        ),
    ],
)
def test_limits_and_allowances_are_refused_with_their_line(text: str, line: int, problem: str) -> None:
    error = wrong(text)
    assert (error.line, error.problem) == (line, problem)


def test_limits_and_allowances_are_read_and_have_defaults() -> None:
    assert read_config(PATH, None).limits == Limits(5000, 1024 * 1024, ())
    text = b"limits: {changedLines: 1, fileKiB: 2}\nallowChanges: [.github/workflows/ci.yml, docs/.github/]\n"
    assert read_config(PATH, text).limits == Limits(1, 2048, (".github/workflows/ci.yml", "docs/.github/"))
    assert read_config(PATH, b"limits: {fileKiB: 2}").limits == Limits(5000, 2048)


def test_limits_and_allowances_come_from_the_file_for_all_projects() -> None:
    everywhere = b"defaults: {limits: {changedLines: 7}, allowChanges: [a/]}\n"
    assert read_config(PATH, b"paused: true", everywhere).limits == Limits(7, 1024 * 1024, ("a/",))
    own = read_config(PATH, b"allowChanges: [b]", everywhere).limits
    assert own == Limits(7, 1024 * 1024, ("b",))
    with pytest.raises(ConfigurationError, match=r"claude-step/configuration.yml:1: `allowChanges` has '/a'"):
        read_repository_config("claude-step/configuration.yml", b"defaults: {allowChanges: [/a]}")


# The schemas


@pytest.mark.parametrize("schema", [configuration_schema(), repository_schema()])
def test_a_schema_describes_every_key_and_allows_no_other(schema: dict[str, Any]) -> None:
    parts = schema["$defs"].values()
    assert {part["title"] for part in parts} >= {"ProjectKeys", "AgentKeys", "BudgetKeys", "ReviewerKeys"}
    for part in parts:
        assert part["additionalProperties"] is False
        assert all(key.get("description") for key in part["properties"].values()), part["title"]


def test_every_pattern_has_its_words() -> None:
    """JSON Schema knows no `\\Z`; there `$` is the end and nothing else."""
    assert set(_patterns(repository_schema())) == {pattern.replace("\\Z", "$") for pattern in PATTERNS}


def _patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "pattern":
                yield value
            yield from _patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _patterns(value)
