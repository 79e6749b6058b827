from dataclasses import replace
from datetime import timedelta
from textwrap import dedent

import pytest

from claudestep.domain.config import Budget, ClaudeCodeAgent, CommandAgent, Config, RepositoryConfig, Reviewer
from claudestep.domain.errors import ConfigurationError
from claudestep.infrastructure.config_file import read_config, read_repository_config

PATH = "claude-step/p/configuration.yml"
REPOSITORY = "claude-step/configuration.yml"
DEFAULT = Config(agent=ClaudeCodeAgent(), max_repairs=2, summary=True)


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
    assert read_config(PATH, content) == DEFAULT
    assert Config().timeout == timedelta(minutes=30)
    assert read_repository_config(PATH, content) == RepositoryConfig(paused=False, max_open_prs_per_reviewer=None)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    found = read_config(PATH, b"\xef\xbb\xbfpaused: true\r\nsetup: make\r\n")
    assert found == replace(DEFAULT, paused=True, setup="make")


def test_the_configuration_of_the_repository_says_all_that_can_be_said() -> None:
    content = b"paused: true\nmaxOpenPRsPerReviewer: 4\n"
    assert read_repository_config("claude-step/configuration.yml", content) == RepositoryConfig(
        paused=True, max_open_prs_per_reviewer=4
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("maxOpenPRs: 1", "unknown key 'maxOpenPRs'; did you mean 'maxOpenPRsPerReviewer'?"),
        ("agent: {}", "unknown key 'agent'; known: paused, maxOpenPRsPerReviewer, defaults"),
        ("defaults:", "`defaults`: expected a mapping, got nothing"),
        ("defaults: {defaults: {}}", "unknown key 'defaults'; known: agent, reviewers, baseBranch"),
        ("defaults: {agent: {modell: x}}", "unknown key 'modell'; did you mean 'model'?"),
        ("defaults: {reviewers: [{user: a}]}", "unknown key 'user'; did you mean 'username'?"),
        ("defaults: {budget: {perstepusd: 1}}", "unknown key 'perstepusd'; did you mean 'perStepUsd'?"),
        ("defaults: {timeoutMinutes: 0}", "`defaults.timeoutMinutes`: expected a number > 0.0"),
        ("defaults: {reviewers: [{username: a}, {username: A}]}", "the reviewer A stands there twice"),
        ("defaults: {agent: {env: [GH_TOKEN]}}", "GH_TOKEN is never given to an agent; take it out"),
        ("defaults: {baseBranch: a..b}", "'a..b' cannot be the name of a branch"),
        ("defaults: {summary: true, agent: {command: x}}", "a summary needs Claude Code"),
        ("maxOpenPRsPerReviewer: 0", "`maxOpenPRsPerReviewer`: expected a whole number >= 1"),
        ("maxOpenPRsPerReviewer: some", "`maxOpenPRsPerReviewer`: expected a whole number, got text"),
    ],
)
def test_the_configuration_of_the_repository_is_checked_like_any_other(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_repository_config("claude-step/configuration.yml", text.encode())
    assert str(caught.value).startswith(f"claude-step/configuration.yml:1: {problem}")


def test_what_is_wrong_with_a_default_has_the_line_that_it_is_on() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_repository_config(REPOSITORY, b"paused: false\ndefaults:\n  agent:\n    env:\n      - GH_TOKEN\n")
    assert caught.value.line == 5


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
    "name", ["GITHUB_TOKEN", "GH_TOKEN", "gh_token", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
)
def test_a_token_is_never_given_to_an_agent(name: str) -> None:
    """ "never a GitHub token"."""
    error = wrong(f"agent:\n  command: a\n  env:\n    - PATH\n    - {name}")
    assert (error.line, error.problem) == (5, f"{name} is never given to an agent; take it out")


# Which agent


@pytest.mark.parametrize("text", ["agent: {}", "agent:\n  env: []", "paused: false"])
def test_claude_code_does_a_step_unless_a_command_is_named(text: str) -> None:
    assert config(text) == DEFAULT


def test_claude_code_is_told_all_that_it_can_be_told() -> None:
    written = """\
        agent:
          model: claude-sonnet-4-5
          allowedTools: [Read, "Bash(make:*)"]
          permissionMode: dontAsk
          maxTurns: 40
          env: [NPM_TOKEN]
        """
    assert config(dedent(written)).agent == ClaudeCodeAgent(
        model="claude-sonnet-4-5",
        allowed_tools=("Read", "Bash(make:*)"),
        permission_mode="dontAsk",
        max_turns=40,
        env=("NPM_TOKEN",),
    )


@pytest.mark.parametrize(
    ("text", "repairs", "summary"),
    [
        ("agent: {command: x}", 0, False),
        ("agent: {command: x}\nmaxRepairs: 3", 3, False),
        ("agent: {command: x}\nsummary: false", 0, False),
        ("agent: {}", 2, True),
        ("maxRepairs: 0\nsummary: false", 0, False),
    ],
)
def test_a_command_repairs_and_describes_nothing_by_itself(text: str, repairs: int, *, summary: bool) -> None:
    found = config(text)
    assert (found.max_repairs, found.summary) == (repairs, summary)


@pytest.mark.parametrize(
    ("key", "value"),
    [("model", "opus"), ("allowedTools", "[]"), ("permissionMode", "acceptEdits"), ("maxTurns", "null")],
)
def test_what_is_only_for_claude_code_is_refused_beside_a_command(key: str, value: str) -> None:
    error = wrong(f"agent:\n  command: x\n  {key}: {value}")
    assert (error.line, error.problem) == (3, f"`{key}` is Claude Code's, and `command` names another program")


def test_a_summary_is_refused_beside_a_command() -> None:
    error = wrong("agent:\n  command: x\nsummary: true")
    assert (error.line, error.problem) == (
        3, "a summary needs Claude Code, and `agent.command` names a program",
    )  # fmt: skip


def test_how_long_and_how_often_and_how_dear_is_said() -> None:
    written = """\
        verify: make test
        maxAttempts: 5
        onFailure: stop
        retryClosed: true
        budget: {perStepUsd: 1.5, projectUsd: 100}
        stalePRDays: 2.5
        """
    assert config(dedent(written)) == replace(
        DEFAULT,
        verify="make test",
        max_attempts=5,
        on_failure="stop",
        retry_closed=True,
        budget=Budget(per_step_usd=1.5, project_usd=100),
        stale_after=timedelta(days=2.5),
    )


# The defaults of the repository


DEFAULTS = b"""\
paused: true
defaults:
  agent: {command: ./codemod.sh}
  reviewers: [{username: alice}]
  timeoutMinutes: 5
"""


@pytest.mark.parametrize("content", [None, b"", b"# nothing\n", b"{}"])
def test_the_defaults_of_the_repository_hold_where_a_project_says_nothing(content: bytes | None) -> None:
    """ "The repository-wide `claude-step/configuration.yml` gives defaults"."""
    assert read_config(PATH, content, DEFAULTS) == Config(
        agent=CommandAgent("./codemod.sh"), reviewers=(Reviewer("alice"),), timeout=timedelta(minutes=5)
    )


def test_a_key_of_the_project_takes_the_place_of_a_default_as_a_whole() -> None:
    found = read_config(PATH, b"agent: {model: opus}\nreviewers: []", DEFAULTS)
    assert found == replace(DEFAULT, agent=ClaudeCodeAgent(model="opus"), timeout=timedelta(minutes=5))


def test_the_switch_of_the_repository_is_no_default() -> None:
    assert not read_config(PATH, None, DEFAULTS).paused
    with pytest.raises(ConfigurationError, match=r"configuration\.yml:1: to pause all projects, put it beside"):
        read_repository_config("claude-step/configuration.yml", b"defaults: {paused: true}")


@pytest.mark.parametrize("content", [None, b"paused: true\n", b"defaults: {}\n", b""])
def test_a_repository_without_defaults_changes_nothing(content: bytes | None) -> None:
    assert read_config(PATH, b"setup: make", content) == replace(DEFAULT, setup="make")


def test_a_wrong_default_is_the_fault_of_the_repositorys_file() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_config(PATH, b"setup: make", b"defaults:\n  timeoutMinutes: soon\n")
    assert (caught.value.path, caught.value.line) == (REPOSITORY, 2)


def test_what_is_wrong_in_the_project_is_told_first() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_config(PATH, b"setup: 1", b"defaults: 1")
    assert caught.value.path == PATH
