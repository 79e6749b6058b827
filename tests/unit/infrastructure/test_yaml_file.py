import pytest

from claudestep.domain.config import CommandAgent, Config
from claudestep.domain.errors import ConfigurationError
from claudestep.infrastructure.config_file import read_config

PATH = "claude-step/p/configuration.yml"
KEYS = (
    "agent, reviewers, baseBranch, setup, verify, maxRepairs, summary, timeoutMinutes, maxAttempts, onFailure, "
    "retryClosed, budget, stalePRDays, limits, allowChanges, labels, paused"
)


def config(text: str) -> Config:
    return read_config(PATH, text.encode())


def wrong(text: str | bytes) -> ConfigurationError:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigurationError) as caught:
        read_config(PATH, content)
    assert str(caught.value).startswith(PATH)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("paused: true\nsetup: a\npaused: false", 3, "paused"),
        ("agent:\n  command: a\n  command: b", 3, "command"),
        ("reviewers:\n  - username: a\n    username: b", 3, "username"),
        ("agent: {command: a}\nagent: {command: b}", 2, "agent"),
    ],
)
def test_a_key_is_refused_with_its_second_line_when_it_stands_there_twice(text: str, line: int, key: str) -> None:
    error = wrong(text)
    assert (error.line, error.problem) == (line, f"{key!r} stands there twice")


@pytest.mark.parametrize(
    "text",
    [
        "setup: &s make\nbaseBranch: *s",
        "reviewers:\n  - &a {username: a}\n  - *a",
        "labels: &l [x, *l]",
    ],
)
def test_an_alias_is_refused(text: str) -> None:
    assert "aliases" in wrong(text).problem


@pytest.mark.parametrize(
    "text", ["<<: {paused: true}", "agent:\n  <<: {command: a}", "? [a]\n: 1", "? {a: 1}\n: 1"]
)
def test_a_merge_and_a_key_that_is_no_word_are_refused(text: str) -> None:
    error = wrong(text)
    assert error.problem == "a key is a plain word"
    assert error.line is not None


@pytest.mark.parametrize("key", ["1", "true", "null", "1.5", "2025-01-15"])
def test_a_key_is_refused_when_yaml_takes_it_for_something_else(key: str) -> None:
    assert wrong(f"{key}: x").line == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("paused: [", 1),
        ("paused: true\n  setup: x", 2),
        ("paused: true\n\tsetup: x", 2),
        ("setup: a: b", 1),
        ("--- {}\n--- {}", 2),
        ("setup: !!python/object:os.system x", 1),
        ("setup: !mine x", 1),
        ("setup: 'open", 1),
        ("setup: @at", 1),
    ],
)
def test_a_configuration_is_refused_with_its_line_when_it_is_no_yaml(text: str, line: int) -> None:
    error = wrong(text)
    assert error.problem.startswith("it is not YAML: ")
    assert error.line == line


@pytest.mark.parametrize(
    "content",
    [b"setup: caf\xe9", b"setup: \x00", b"setup: 2025-99-99", b"[" * 1000, b"{a: " * 1000, b"# " * 200_000],
)
def test_a_configuration_is_refused_when_it_cannot_be_read_at_all(content: bytes) -> None:
    assert wrong(content).problem


def test_the_values_of_a_configuration_are_taken_as_they_are_written() -> None:
    found = config('setup: |\n  make a\n  make b\nagent: {command: "echo $HOME # not a comment"}')
    assert found.setup == "make a\nmake b\n"
    assert found.agent == CommandAgent("echo $HOME # not a comment")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("reviewer: []", 1, "unknown key 'reviewer'; did you mean 'reviewers'?"),
        ("paused: true\nbase_branch: main", 2, "unknown key 'base_branch'; did you mean 'baseBranch'?"),
        ("timeout: 5", 1, "unknown key 'timeout'; did you mean 'timeoutMinutes'?"),
        ("Paused: true", 1, "unknown key 'Paused'; did you mean 'paused'?"),
        ("agent:\n  comand: a\n  command: a", 2, "unknown key 'comand'; did you mean 'command'?"),
        ("agent:\n  allowed_tools: []", 2, "unknown key 'allowed_tools'; did you mean 'allowedTools'?"),
        ("budget:\n  perStep: 1", 2, "unknown key 'perStep'; did you mean 'perStepUsd'?"),
        ("budget:\n  command: a", 2, "unknown key 'command'; known: perStepUsd, projectUsd"),
        ("defaults: {}", 1, f"unknown key 'defaults'; known: {KEYS}"),
        (
            "reviewers:\n  - username: a\n  - username: b\n    maxOpenPR: 2",
            4,
            "unknown key 'maxOpenPR'; did you mean 'maxOpenPRs'?",
        ),
        (
            "colour: red",
            1,
            f"unknown key 'colour'; known: {KEYS}",
        ),
        (
            "agent:\n  command: a\n  x.y: 1",
            3,
            "unknown key 'x.y'; known: command, env, model, allowedTools, permissionMode, maxTurns",
        ),
    ],
)
def test_a_key_is_refused_with_its_line_and_the_nearest_one_when_it_is_unknown(
    text: str, line: int, problem: str
) -> None:
    """ "unknown keys are errors"."""
    error = wrong(text)
    assert (error.line, error.problem) == (line, problem)
