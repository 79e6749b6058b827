"""Configurations that are wrong, each named with its file and line; and what the right ones do."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.repository import CONFIGURATION, METADATA, THREE_STEPS, Repository, Result

REVIEWER = "reviewers:\n  - username: alice\n"


@dataclass(frozen=True)
class Wrong:
    """A configuration, the line that its error names (0: none), and words that the error says."""

    text: str | bytes
    line: int
    words: str


WRONG: Mapping[str, Wrong] = {
    "list": Wrong("- a\n", 1, "expected a mapping, got a list"),
    "text": Wrong("just text\n", 1, "expected a mapping, got text"),
    "not-yaml": Wrong("agent:\n  command: [\n", 3, "it is not YAML"),
    "tab": Wrong("agent:\n\tcommand: x\n", 2, "it is not YAML"),
    "two-documents": Wrong("paused: true\n---\npaused: true\n", 2, "it is not YAML"),
    "not-utf-8": Wrong(b"setup: \xff\n", 0, "not text in UTF-8"),
    "alias": Wrong("setup: &a x\nbaseBranch: *a\n", 0, "anchors and aliases"),
    "merge-key": Wrong("paused: true\n<<: {setup: x}\n", 2, "a key is a plain word"),
    "python-tag": Wrong("setup: !!python/object/apply:os.system [touch pwned]\n", 1, "it is not YAML"),
    "unknown-key": Wrong("# a\nreviewer: []\n", 2, "unknown key 'reviewer'; did you mean 'reviewers'?"),
    "unknown-inner-key": Wrong("agent:\n  comand: x\n", 2, "did you mean 'command'?"),
    "agent-number": Wrong("agent: 3\n", 1, "`agent`: expected a mapping"),
    "command-number": Wrong("agent:\n  command: 3\n", 2, "`agent.command`: expected text"),
    "command-list": Wrong("agent:\n  command: [a, b]\n", 2, "`agent.command`: expected text"),
    "command-empty": Wrong("agent:\n  command: ''\n", 2, "`agent.command`"),
    "env-text": Wrong("agent:\n  command: x\n  env: HOME\n", 3, "`agent.env`: expected a list"),
    "env-name": Wrong("agent:\n  command: x\n  env:\n    - a b\n", 4, "`agent.env.0`"),
    "env-token": Wrong("agent:\n  command: x\n  env: [GITHUB_TOKEN]\n", 3, "GITHUB_TOKEN is never given"),
    "reviewers-text": Wrong("reviewers: alice\n", 1, "`reviewers`: expected a list"),
    "reviewers-names": Wrong("reviewers:\n  - alice\n", 2, "expected a mapping, got text"),
    "reviewer-nameless": Wrong("reviewers:\n  - maxOpenPRs: 1\n", 2, "a key is missing: `username`"),
    "reviewer-number": Wrong("reviewers:\n  - username: 7\n", 2, "expected text"),
    "reviewer-name": Wrong("reviewers:\n  - username: a b\n", 2, "username"),
    "reviewer-twice": Wrong(f"{REVIEWER}  - username: Alice\n", 3, "Alice stands there twice"),
    "room-text": Wrong(f"{REVIEWER}    maxOpenPRs: many\n", 3, "expected a whole number, got text"),
    "room-none": Wrong(f"{REVIEWER}    maxOpenPRs: 0\n", 3, "a whole number >= 1"),
    "room-part": Wrong(f"{REVIEWER}    maxOpenPRs: 1.5\n", 3, "expected a whole number"),
    "base-number": Wrong("baseBranch: 7\n", 1, "`baseBranch`: expected text"),
    "base-empty": Wrong("baseBranch: ''\n", 1, "`baseBranch`"),
    "setup-list": Wrong("setup: [a]\n", 1, "`setup`: expected text"),
    "labels-text": Wrong("labels: x\n", 1, "`labels`: expected a list"),
    "paused-text": Wrong("paused: maybe\n", 1, "`paused`: expected true or false"),
    "time-text": Wrong("timeoutMinutes: soon\n", 1, "`timeoutMinutes`: expected a number"),
    "time-none": Wrong("timeoutMinutes: 0\n", 1, "`timeoutMinutes`"),
    "time-not-a-number": Wrong("timeoutMinutes: .nan\n", 1, "`timeoutMinutes`"),
    "time-endless": Wrong("timeoutMinutes: .inf\n", 1, "`timeoutMinutes`"),
}


class TestWrong:
    @pytest.fixture(scope="class")
    @staticmethod
    def tried(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Result]:
        """One repository with a project for each of them, and a good one."""
        repository = Repository(tmp_path_factory.mktemp("wrong"))
        for name, wrong in WRONG.items():
            repository.add_project(name)
            repository.write(f"claude-step/{name}/configuration.yml", wrong.text)
        repository.begin()
        return repository, repository.run("run", "--all")

    @pytest.mark.parametrize("name", WRONG)
    def test_file_and_line_are_named(self, tried: tuple[Repository, Result], name: str) -> None:
        wrong = WRONG[name]
        where = f"error: claude-step/{name}/configuration.yml{f':{wrong.line}' if wrong.line else ''}: "
        (line,) = [line for line in tried[1].err.splitlines() if line.startswith(where)]
        assert wrong.words in line

    def test_each_is_an_error_of_its_own_project_alone(self, tried: tuple[Repository, Result]) -> None:
        repository, result = tried
        assert result.code == 2
        assert repository.branches() == ["claude-step-p-1"]
        assert [document["project"] for document in repository.documents()] == ["p"]
        assert not list(repository.place.rglob("pwned"))

    def test_status_shows_what_is_wrong(self, tried: tuple[Repository, Result]) -> None:
        repository, _ = tried
        result = repository.run("status")
        assert result.code == 0
        shown = {line.split(":")[0] for line in result.out.splitlines() if not line.startswith(" ")}
        assert {*WRONG, "p"} <= shown
        assert result.out.count("/configuration.yml:") >= len([w for w in WRONG.values() if w.line])


@pytest.mark.parametrize("text", ["", REVIEWER, "agent: {}\n"])
def test_nothing_is_claimed_when_claude_code_is_to_work_and_is_not_there(tmp_path: Path, text: str) -> None:
    repository = Repository(tmp_path)
    repository.add_project("q")
    repository.write("claude-step/q/configuration.yml", text)
    repository.begin()
    only_git = tmp_path / "bin"
    only_git.mkdir()
    (only_git / "git").symlink_to(str(shutil.which("git")))

    result = repository.run("run", "q", env={"PATH": str(only_git)})

    assert result.code == 2
    assert "Claude Code is not installed" in result.err
    assert "agent: {command: " in result.err
    assert METADATA not in repository.refs()


def test_a_wrong_configuration_is_wrong_use(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    repository.write(CONFIGURATION, "reviewers: alice\n")
    repository.commit()
    result = repository.run("run", "p")
    assert result.code == 2
    assert result.out == ""
    assert METADATA not in repository.refs()


@pytest.mark.parametrize("name", ["-x", "a..b", "a b"])
def test_a_base_branch_that_cannot_be_one(tmp_path: Path, name: str) -> None:
    result = Repository(tmp_path).begin(more=f"baseBranch: '{name}'\n").run("run", "p")
    assert result.code == 2
    assert f"{CONFIGURATION}:" in result.err


@pytest.mark.parametrize("command", ["run p", "run --all", "status", "statistics"])
def test_a_missing_base_branch_of_another_project_disturbs_nobody(tmp_path: Path, command: str) -> None:
    repository = Repository(tmp_path)
    repository.add_project("q", more="baseBranch: nowhere\n")
    repository.begin()
    result = repository.run(*command.split())
    assert "p" in result.out
    if command.startswith("run"):
        assert repository.branches() == ["claude-step-p-1"]


def test_the_line_of_a_key_that_stands_there_twice_is_that_of_the_second(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    repository.write(CONFIGURATION, "paused: true\n\npaused: false\n")
    repository.commit()
    assert f"{CONFIGURATION}:3: 'paused' stands there twice" in repository.run("run", "p").err


def test_a_configuration_that_is_nested_without_end(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    repository.write(CONFIGURATION, "agent: " + "[" * 3000)
    repository.commit()
    result = repository.run("run", "p")
    assert result.code == 2
    assert f"{CONFIGURATION}: it cannot be read" in result.err


def test_a_configuration_that_is_not_committed_does_not_count(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    repository.configure("exit 1")
    assert repository.run("run", "p").code == 0


@pytest.mark.parametrize("where", [CONFIGURATION, "claude-step/configuration.yml"])
def test_paused(tmp_path: Path, where: str) -> None:
    repository = Repository(tmp_path).begin()
    repository.write(where, "paused: true\n")
    repository.commit()
    result = repository.run("run", "p")
    assert result.code == 0
    assert "paused: true" in result.out
    assert repository.branches() == []


class TestOfTheRepository:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("paused: maybe\n", ":1: `paused`"),
            ("\nmaxOpenPRsPerReviewer: x\n", ":2: `maxOpenPRsPerReviewer`"),
            ("agent: {command: x}\n", ":1: unknown key 'agent'"),
        ],
    )
    def test_it_is_wrong(self, tmp_path: Path, text: str, words: str) -> None:
        repository = Repository(tmp_path)
        repository.write("claude-step/configuration.yml", text)
        result = repository.begin().run("run", "p")
        assert result.code == 2
        assert f"claude-step/configuration.yml{words}" in result.err
        assert METADATA not in repository.refs()


class TestWhatTheAgentGets:
    @pytest.fixture(scope="class")
    @staticmethod
    def done(tmp_path_factory: pytest.TempPathFactory) -> Repository:
        command = "env -0 | tr '\\n\\0' ' \\n' | sort > env.txt; cat > prompt.txt"
        more = f"  env: [CHOSEN, ABSENT]\n{REVIEWER}"
        repository = Repository(tmp_path_factory.mktemp("agent")).begin(command=command, more=more)
        repository.edit_spec("- [ ] One\n", "- [ ] One\n  Mind the *gap*.\n")
        secrets = {"GITHUB_TOKEN": "t", "ANTHROPIC_API_KEY": "k", "SECRET": "s", "CHOSEN": "c"}
        assert repository.run("run", "p", env=secrets).code == 0
        return repository

    def test_an_environment_of_few_names(self, done: Repository) -> None:
        lines = done.show("claude-step-p-1:env.txt").splitlines()
        names = {line.partition("=")[0] for line in lines}
        ours = {"PROJECT", "STEP_INDEX", "STEP_DESCRIPTION", "AI_TASK", "RUN", "USAGE_FILE"}
        shell = {"PWD", "OLDPWD", "SHLVL", "_"}
        assert names - shell == {
            "PATH",
            "HOME",
            "LANG",
            "TMPDIR",
            "CHOSEN",
            "GH_CONFIG_DIR",
            "GIT_CONFIG_GLOBAL",
            "GIT_CONFIG_NOSYSTEM",
            "GIT_TERMINAL_PROMPT",
            *(f"CLAUDESTEP_{name}" for name in ours),
        }
        assert {"CLAUDESTEP_PROJECT=p", "CLAUDESTEP_STEP_INDEX=1", "CHOSEN=c"} <= set(lines)
        assert {"CLAUDESTEP_AI_TASK=PRCreation", "GIT_CONFIG_GLOBAL=/dev/null"} <= set(lines)

    def test_a_prompt_with_the_step_its_details_and_the_spec(self, done: Repository) -> None:
        prompt = done.show("claude-step-p-1:prompt.txt")
        assert "do exactly this one step" in prompt
        assert "Mind the *gap*." in prompt
        assert done.spec() in prompt
        assert THREE_STEPS.splitlines()[-1] in prompt
