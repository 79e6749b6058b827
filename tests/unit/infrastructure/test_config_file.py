from datetime import timedelta
from textwrap import dedent

import pytest

from claudestep.domain.config import CommandAgent, Config, RepositoryConfig, Reviewer
from claudestep.domain.errors import ConfigurationError
from claudestep.infrastructure.config_file import read_config, read_repository_config

PATH = "claude-step/p/configuration.yml"


def config(text: str) -> Config:
    return read_config(PATH, text.encode())


def wrong(text: str | bytes) -> ConfigurationError:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigurationError) as caught:
        read_config(PATH, content)
    assert str(caught.value).startswith(PATH)
    return caught.value


def test_a_configuration_says_all_that_can_be_said() -> None:
    written = """\
        reviewers:
          - username: alice
            maxOpenPRs: 3
          - username: dependabot[bot]
        baseBranch: develop
        agent:
          command: ./codemod.sh --all
          env: [JAVA_HOME, _x1]
        setup: npm ci
        labels: [migration, "needs review"]
        paused: true
        timeoutMinutes: 7.5
        """
    assert config(dedent(written)) == Config(
        reviewers=(Reviewer("alice", 3), Reviewer("dependabot[bot]", 1)),
        base_branch="develop",
        agent=CommandAgent("./codemod.sh --all", ("JAVA_HOME", "_x1")),
        setup="npm ci",
        labels=("migration", "needs review"),
        paused=True,
        timeout=timedelta(minutes=7.5),
    )


@pytest.mark.parametrize("content", [None, b"", b"\n", b"# nothing but words\n", b"\xef\xbb\xbf", b"{}"])
def test_a_configuration_is_all_defaults_when_it_is_absent_or_empty(content: bytes | None) -> None:
    """ "it may be absent"."""
    assert read_config(PATH, content) == Config()
    assert Config().timeout == timedelta(minutes=30)
    assert read_repository_config(PATH, content) == RepositoryConfig(paused=False, max_open_prs_per_reviewer=None)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    assert read_config(PATH, b"\xef\xbb\xbfpaused: true\r\nsetup: make\r\n") == Config(paused=True, setup="make")


def test_the_configuration_of_the_repository_says_all_that_can_be_said() -> None:
    content = b"paused: true\nmaxOpenPRsPerReviewer: 4\n"
    assert read_repository_config("claude-step/configuration.yml", content) == RepositoryConfig(
        paused=True, max_open_prs_per_reviewer=4
    )


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
        ("agent: {}", 1, "`agent`: a key is missing: `command`"),
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
    assert error.problem.startswith("`reviewers.0.username`: expected text matching")


@pytest.mark.parametrize(
    "text", ['reviewers:\n  - username: "alice\\n"', 'agent:\n  command: a\n  env: ["PATH\\n"]']
)
def test_a_name_is_refused_when_it_ends_in_a_newline(text: str) -> None:
    wrong(text)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("reviewer: []", 1, "unknown key 'reviewer'; did you mean 'reviewers'?"),
        ("paused: true\nbase_branch: main", 2, "unknown key 'base_branch'; did you mean 'baseBranch'?"),
        ("timeout: 5", 1, "unknown key 'timeout'; did you mean 'timeoutMinutes'?"),
        ("Paused: true", 1, "unknown key 'Paused'; did you mean 'paused'?"),
        ("agent:\n  comand: a\n  command: a", 2, "unknown key 'comand'; did you mean 'command'?"),
        (
            "reviewers:\n  - username: a\n  - username: b\n    maxOpenPR: 2",
            4,
            "unknown key 'maxOpenPR'; did you mean 'maxOpenPRs'?",
        ),
        (
            "colour: red",
            1,
            "unknown key 'colour'; known: reviewers, baseBranch, agent, setup, labels, paused, timeoutMinutes",
        ),
        ("agent:\n  command: a\n  x.y: 1", 3, "unknown key 'x.y'; known: command, env"),
    ],
)
def test_a_key_is_refused_with_its_line_and_the_nearest_one_when_it_is_unknown(
    text: str, line: int, problem: str
) -> None:
    """ "unknown keys are errors"."""
    error = wrong(text)
    assert (error.line, error.problem) == (line, problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("maxOpenPRs: 1", "unknown key 'maxOpenPRs'; did you mean 'maxOpenPRsPerReviewer'?"),
        ("agent: {}", "unknown key 'agent'; known: paused, maxOpenPRsPerReviewer"),
        ("maxOpenPRsPerReviewer: 0", "`maxOpenPRsPerReviewer`: expected a whole number >= 1"),
        ("maxOpenPRsPerReviewer: some", "`maxOpenPRsPerReviewer`: expected a whole number, got text"),
    ],
)
def test_the_configuration_of_the_repository_is_checked_like_any_other(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_repository_config("claude-step/configuration.yml", text.encode())
    assert str(caught.value) == f"claude-step/configuration.yml:1: {problem}"


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


@pytest.mark.parametrize("name", ["main", "release/1.x", "größer", "a@b"])
def test_a_base_branch_is_any_name_that_git_allows(name: str) -> None:
    assert config(f"baseBranch: {name}").base_branch == name


@pytest.mark.parametrize("name", ["a b", "a..b", "-a", "a/", "/a", "a.lock", "a~1", "a:b", "@", "a\\b", "a\nb"])
def test_a_base_branch_is_refused_with_its_line_when_git_would(name: str) -> None:
    error = wrong(f'paused: true\nbaseBranch: "{name}"')
    assert error.line == 2
    assert error.problem.endswith("cannot be the name of a branch")


def test_a_reviewer_is_refused_when_named_twice_in_whatever_letters() -> None:
    error = wrong("reviewers:\n  - username: alice\n  - username: bob\n  - username: Alice")
    assert (error.line, error.problem) == (4, "the reviewer Alice stands there twice")


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
    "name", ["GITHUB_TOKEN", "GH_TOKEN", "gh_token", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
)
def test_a_token_is_never_given_to_an_agent(name: str) -> None:
    """ "never a GitHub token"."""
    error = wrong(f"agent:\n  command: a\n  env:\n    - PATH\n    - {name}")
    assert (error.line, error.problem) == (5, f"{name} is never given to an agent; take it out")


@pytest.mark.parametrize("name", ["A-B", "1A", "A B", "A=B", "$A", ""])
def test_a_variable_is_refused_when_it_cannot_be_one(name: str) -> None:
    assert wrong(f'agent:\n  command: a\n  env: ["{name}"]').problem.startswith("`agent.env.0`: expected text")


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
