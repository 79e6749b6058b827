"""The token reaches git, and nobody else: no command line, no file, no log, no text, no other server."""

import logging
import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudestep.domain.errors import ClaudeStepError
from claudestep.infrastructure.hosting.port import PublishRefused
from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.integration.server_clone import ServerClone

BRANCH = "claude-step-p-1"
WRONG = "ghs_that-nobody-gave"
TRACES = ("GIT_TRACE", "GIT_TRACE_CURL", "GIT_TRACE_PACKET", "GIT_TRACE2", "GIT_TRACE2_EVENT")
TALKATIVE = dict.fromkeys(TRACES, "1") | {
    "GIT_TRACE_REDACT": "0",
    "GIT_TRACE2_ENV_VARS": "GIT_CONFIG_VALUE_0,GIT_CONFIG_VALUE_1",
    "GIT_TRACE2_CONFIG_PARAMS": "http.*",
    "GIT_CURL_VERBOSE": "1",
}


@pytest.fixture
def source(github: GitHubServer) -> RemoteRepository:
    return github.new_repository({"file.txt": "first\n"})


@pytest.fixture
def clone(github: GitHubServer, source: RemoteRepository, tmp_path: Path) -> ServerClone:
    return ServerClone(github, source, tmp_path, "--depth=1")


def _go_all_ways(clone: ServerClone, env: dict[str, str] | None = None) -> list[str]:
    """Fetch and publish, with the right token and with a wrong one; what the errors say is returned."""
    commit = clone.source.commit("main", {"new.txt": "new\n"}, "New")
    texts = []
    for token in (WRONG, clone.token):
        git = clone.step_git(token=token, env=env)
        try:
            with git.worktree(commit, clone.place / "agent"):
                pass
            git.publish(BRANCH, clone.commit(commit))
        except ClaudeStepError as error:
            texts.append(f"{error!r} {error.explained} {vars(error)}")
    with pytest.raises(ClaudeStepError) as caught:
        clone.step_git(token=WRONG, env=env).publish("other", clone.commit("HEAD"))
    return [*texts, f"{caught.value!r} {caught.value.explained}"]


def _forms(clone: ServerClone) -> Iterator[str]:
    """How a token may be written down."""
    for token in (clone.token, WRONG):
        yield token
        yield b64encode(f"x-access-token:{token}".encode()).decode()


def _hold_no_token(clone: ServerClone, texts: list[str]) -> None:
    for form in _forms(clone):
        assert not [text for text in texts if form in text]


def _files_below(folder: Path) -> list[str]:
    return [path.read_bytes().decode(errors="replace") for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("traces", ["no", "stderr", "file"])
def test_no_file_and_no_text(
    clone: ServerClone, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], traces: str
) -> None:
    caplog.set_level(logging.DEBUG)
    file = {name: str(clone.place / "trace") for name in TRACES} if traces == "file" else {}
    texts = _go_all_ways(clone, {} if traces == "no" else TALKATIVE | file)
    assert len(texts) == 2
    printed = capfd.readouterr()
    _hold_no_token(clone, [*texts, caplog.text, printed.out, printed.err])
    _hold_no_token(clone, _files_below(clone.place))


def test_no_trace_that_the_users_configuration_asks_for(clone: ServerClone) -> None:
    clone.git("config", "--global", "trace2.eventTarget", str(clone.place / "trace"))
    clone.git("config", "--global", "trace2.configParams", "http.*")
    clone.git("config", "--global", "trace2.envVars", "GIT_CONFIG_VALUE_0,GIT_CONFIG_VALUE_1")
    _go_all_ways(clone)
    assert (clone.place / "trace").exists()
    _hold_no_token(clone, _files_below(clone.place))


def test_no_command_line(clone: ServerClone) -> None:
    """Of git, of the programs that it is made of, and of those that it starts."""
    log = _note_command_lines(clone)
    _go_all_ways(clone, {"GIT_EXEC_PATH": str(clone.place / "exec")})
    noted = log.read_text()
    assert all(f"{word} " in noted for word in ("fetch", "push", "remote-http", "pack-objects"))
    _hold_no_token(clone, [noted])


def _note_command_lines(clone: ServerClone) -> Path:
    """Put scripts that note how they are called before git and before each program that it is made of."""
    real = Path(clone.git("--exec-path"))
    folder, log = clone.place / "exec", clone.place / "command-lines"
    folder.mkdir()
    programs = {path.name: path for path in real.iterdir() if os.access(path, os.X_OK) and path.is_file()}
    programs["git"] = Path(shutil.which("git") or "")
    for name, program in programs.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\necho "{name} $* " >> "{log}"\nexec "{program}" "$@"\n')
        script.chmod(0o755)
    clone.environment["PATH"] = f"{folder}:{clone.environment['PATH']}"
    return log


def test_no_credential_helper_and_no_asking_program(clone: ServerClone) -> None:
    """Neither asked for a token, nor told to forget one because ours is wrong."""
    asked = clone.place / "asked"
    program = clone.place / "program"
    program.write_text(f'#!/bin/sh\ntouch "{asked}"\n')
    program.chmod(0o755)
    server = clone.url.removesuffix(f"/{clone.source.name}.git")
    for name in ("credential.helper", f"credential.{server}.helper"):
        clone.git("config", name, str(program))
    clone.git("config", "core.askPass", str(program))
    _go_all_ways(clone, {"GIT_ASKPASS": str(program), "SSH_ASKPASS": str(program)})
    assert not asked.exists()


def test_what_git_prints_all_the_same_is_taken_out(clone: ServerClone) -> None:
    programs = clone.place / "bin"
    programs.mkdir()
    script = programs / "git"
    script.write_text(
        "#!/bin/sh\n"
        'for word; do case "$word" in fetch|push|ls-remote)\n'
        '  echo "fatal: $GIT_CONFIG_VALUE_1 $(echo ${GIT_CONFIG_VALUE_1##* } | base64 -d)" >&2; exit 128;;\n'
        "esac; done\n"
        f'exec {shutil.which("git")} "$@"\n'
    )
    script.chmod(0o755)
    clone.environment["PATH"] = f"{programs}:{clone.environment['PATH']}"
    texts = _go_all_ways(clone)
    assert "Authorization: Basic *** x-access-token:***" in texts[0]
    _hold_no_token(clone, texts)


def test_not_the_server_that_the_first_reply_leads_to(clone: ServerClone, source: RemoteRepository) -> None:
    """A repository that has moved: git would follow, and take the header along to any server."""
    source.configure(name=f"{source.name.partition('/')[2]}-renamed")
    with pytest.raises(PublishRefused, match="has moved") as caught:
        clone.step_git().publish(BRANCH, clone.commit("HEAD"))
    assert caught.value.remedy
    assert source.git("branch", "--list", BRANCH) == ""
