"""What agents do: work, fail, hang, and harm the tree that they work in."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.integration.repository import SPEC, THREE_STEPS, Repository, eventually


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin()


def told(repository: Repository, command: str, more: str = "") -> Repository:
    """The repository with an agent that runs this."""
    repository.configure(command, more)
    repository.commit("Configure the agent")
    return repository


def end(group: str) -> None:
    with suppress(ProcessLookupError):
        os.killpg(int(group), signal.SIGKILL)


def is_alive(pid: str) -> bool:
    asked = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False)
    return asked.stdout.strip()[:1] not in ("", "Z")


# The program, in which Ctrl-C comes after an agent has begun and before the call that started it is back.
INTERRUPTED_AS_A_SHELL_STARTS = """\
import os, pathlib, signal, subprocess, sys, time

class Popen(subprocess.Popen):
    def __init__(self, argv, **options):
        super().__init__(argv, **options)
        if argv[0] == "/bin/sh":
            while not pathlib.Path(begun).exists():
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

begun = sys.argv[1]
subprocess.Popen = Popen
sys.argv[1:] = ["run", "p"]
from claudestep.__main__ import main
main()
"""
ME = "-c user.name=A -c user.email=a@example.org"
FAILING: Mapping[str, tuple[str, str]] = {
    "exit-status": ("echo much; echo the reason >&2; exit 7", "exit status 7: the reason"),
    "syntax": ("if then", "exit status 2"),
    "killed": ("kill -9 $$", "signal 9"),
    "nothing": ("true", "changed nothing"),
    "nothing-after-all": ("echo x > x.txt; rm x.txt", "changed nothing"),
    "only-the-spec": (f"printf -- '- [x] One\\n' > {SPEC}", "changed nothing"),
    "only-our-folder": ("mkdir claude-step/new; echo '- [ ] x' > claude-step/new/spec.md", "changed nothing"),
    "only-a-commit": ("git commit --quiet --allow-empty -m Mine", "changed nothing"),
    "orphan": ("git checkout --quiet --orphan other; echo x > x.txt", "left the commit"),
    "orphan-commit": ("git checkout -q --orphan o; echo x > x; git add x; git commit -qm x", "left the commit"),
    "amended": ("git commit --quiet --amend -m Mine; echo x > x.txt", "left the commit"),
    "no-git": ("rm -rf .git; echo x > x.txt", ""),
    "no-head": ("rm .git/HEAD; echo x > x.txt", ""),
    "no-tree": ('rm -rf "$PWD"', ""),
    "inner-repository": (
        f"git init -q in && cd in && git {ME} commit -q --allow-empty -m x",
        "git repository inside",
    ),
    "inner-empty": ("git init -q in; echo x > in/x", "git repository inside"),
    "inner-clone": ("git clone -q . in", "git repository inside"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_is_told_counted_and_leaves_nothing(repository: Repository, name: str) -> None:
    command, words = FAILING[name]
    told(repository, command)

    result = repository.run("run", "p")

    assert result.code == 1
    assert "  failed: " in result.out
    assert words in result.out
    step = repository.step(1)
    assert (step["attempts"], step["failures"]) == (1, 1)
    assert words in step["failure_reason"]
    assert repository.branches() == []


@pytest.mark.parametrize(("command", "status"), [("no-such-program --flag", 127), ("./file.txt", 126)])
def test_an_agent_that_is_not_there_is_no_failure_of_the_step(
    repository: Repository, command: str, status: int
) -> None:
    told(repository, command)
    for _ in range(3):
        result = repository.run("run", "p")
        assert result.code == 1
        assert (
            f"agent.command (in a checkout of what is committed) failed with exit status {status}: " in result.out
        )
        assert "does not count" in result.out
    assert "failures" not in repository.step(1)
    assert repository.branches() == []


GOOD: Mapping[str, tuple[str, list[str]]] = {
    "commits": ("echo x > x.txt; git add x.txt; git commit -qm Mine", ["x.txt"]),
    "commits-and-goes-on": ("echo x > x.txt; git add .; git commit -qm Mine; echo y > y.txt", ["x.txt", "y.txt"]),
    "commits-on-a-branch": ("git checkout -qb mine; echo x > x.txt; git add .; git commit -qm Mine", ["x.txt"]),
    "switches": ("git checkout --quiet -b mine; git tag mine; echo x > x.txt", ["x.txt"]),
    "stages-and-stashes": ("echo y > y.txt; git add .; git stash -q; echo x > x.txt", ["x.txt"]),
    "pushes": ("git push -q --force origin HEAD:main; git push . HEAD:z; echo x > x.txt", ["x.txt"]),
    "ticks-too": (f"sed -i.old 's/- .*/- [x] all/' {SPEC}; echo x > x.txt", ["x.txt"]),
    "removes-our-folder": ("rm -rf claude-step; echo x > x.txt", ["x.txt"]),
    "removes-all": ("git rm -rq .; echo x > x.txt", ["file.txt", "x.txt"]),
    "mode": ("chmod +x file.txt", ["file.txt"]),
    "links": ("ln -s nowhere x.txt; ln -s . y.txt", ["x.txt", "y.txt"]),
    "odd-names": ("echo x > ./-x; echo x > -- ; echo x > 'a \"b'", ['"a \\"b"', "--", "-x"]),
    "a-pipe": ("mkfifo pipe; echo x > x.txt", ["x.txt"]),
    "read-only": ("mkdir -p a/b; echo x > a/b/x.txt; chmod 500 a/b a", ["a/b/x.txt"]),
    "hooks": ("mkdir h; printf '#!/bin/sh\\nexit 1' > h/pre-commit; git config core.hooksPath h", ["h/pre-commit"]),
    "ignores": ("echo y.txt > .gitignore; echo x > x.txt; echo y > y.txt", [".gitignore", "x.txt"]),
    "much-output": ("head -c 20000000 /dev/zero | tr '\\0' x; echo x > x.txt", ["x.txt"]),
    "much-work": ("for i in $(seq 300); do echo $i > $i.txt; done; rm [0-9]*.txt; echo x > x.txt", ["x.txt"]),
}
TOUCHES_OUR_FOLDER = ("ticks-too", "removes-our-folder", "removes-all")


@pytest.mark.parametrize("name", GOOD)
def test_what_an_agent_may_do_in_its_tree(repository: Repository, name: str) -> None:
    command, files = GOOD[name]
    told(repository, command)

    result = repository.run("run", "p")

    assert result.code == 0
    assert ("left out" in result.err) == (name in TOUCHES_OUR_FOLDER)
    assert sorted(repository.changed_files("claude-step-p-1")) == sorted([*files, SPEC])
    assert repository.spec("claude-step-p-1") == THREE_STEPS.replace("[ ] One", "[x] One")
    assert repository.git("log", "--format=%s", "main..claude-step-p-1") == "ClaudeStep: One"


def test_a_filter_that_an_agent_configures_does_not_run(repository: Repository) -> None:
    ran = repository.place / "ran"
    attributes = "echo '* filter=mine' > .gitattributes"
    told(repository, f"{attributes}; git config filter.mine.clean 'touch {ran}; cat'")
    assert repository.run("run", "p").code == 0
    assert not ran.exists()


def test_a_hanging_agent_is_ended_at_its_limit(repository: Repository) -> None:
    pids = repository.place / "pids"
    told(repository, f"echo begun; sleep 30 & echo $! > '{pids}'; wait", "timeoutMinutes: 0.02\n")
    result = repository.run("run", "p")
    assert result.code == 1
    assert "time limit" in result.out
    assert "begun" in result.out
    assert repository.step(1)["failures"] == 1
    eventually(lambda: not is_alive(pids.read_text().strip()))


def test_setup_and_agent_share_one_limit(repository: Repository) -> None:
    told(repository, "echo x > x.txt", "timeoutMinutes: 0.01\nsetup: sleep 30\n")
    result = repository.run("run", "p")
    assert result.code == 1
    assert "setup was stopped at the time limit" in result.out


@pytest.mark.parametrize("where", ["", " > /dev/null 2>&1"], ids=["output-held", "output-free"])
def test_children_that_are_left_behind_are_ended(repository: Repository, where: str) -> None:
    pids = repository.place / "pids"
    told(repository, f"echo x > x.txt; (sleep 30; echo late > late.txt){where} & echo $! > '{pids}'")
    assert repository.run("run", "p").code == 0
    assert repository.changed_files("claude-step-p-1") == [SPEC, "x.txt"]
    eventually(lambda: not is_alive(pids.read_text().strip()))


def test_only_the_end_of_much_output_is_shown(repository: Repository) -> None:
    told(repository, "yes abc | head -c 20000000; exit 1")
    assert len(repository.run("run", "p").out) < 2000


def test_control_sequences_do_not_reach_the_terminal(repository: Repository) -> None:
    told(repository, r"printf 'a\033[2J\033]0;title\007\r\bz\n'; exit 1")
    result = repository.run("run", "p")
    assert "title" in result.out
    assert not set("\x1b\x07\r\x08") & set(result.out + result.err)


class TestTwoFailures:
    @pytest.fixture
    @staticmethod
    def failed(repository: Repository) -> Repository:
        told(
            repository,
            '[ "$CLAUDESTEP_STEP_INDEX" != 1 ] || { echo no luck; exit 1; }; echo x > $CLAUDESTEP_STEP_INDEX.txt',
        )
        assert repository.run("run", "p").code == 1
        assert "attempt 2" in repository.run("run", "p").out
        return repository

    def test_the_step_is_failed_and_the_chain_goes_on(self, failed: Repository) -> None:
        assert failed.states() == {1: "failed", 2: "to_do", 3: "to_do"}
        assert "step 2: Two" in failed.run("run", "p").out
        assert (failed.step(1)["attempts"], failed.step(1)["failures"]) == (2, 2)

    def test_status_says_why_in_json(self, failed: Repository) -> None:
        step = failed.run("status", "p", "--json").json["projects"][0]["steps"][0]
        assert (step["state"], step["failures"]) == ("failed", 2)
        assert "no luck" in step["failure_reason"]

    def test_status_says_why(self, failed: Repository) -> None:
        assert "no luck" in failed.run("status", "p").out

    def test_the_reason_why_nothing_is_left_to_do(self, failed: Repository) -> None:
        result = failed.run("run", "p", "--auto-merge", "--max-steps", "9")
        assert result.code == 0
        assert "failed too often" in result.out
        assert "no luck" in result.out


def test_max_steps_ends_at_a_failure(repository: Repository) -> None:
    told(repository, "exit 1", "reviewers: [{username: alice, maxOpenPRs: 9}]\n")
    repository.run("run", "p", "--max-steps", "9")
    assert repository.step(1)["attempts"] == 1


class TestInterrupt:
    @pytest.fixture
    @staticmethod
    def pids(repository: Repository) -> Path:
        """Where the agent, which then sleeps, writes its process and that of its child."""
        pids = repository.place / "pids"
        told(repository, f"sleep 30 & sleep 0.3; echo $! $$ > '{pids}.new'; mv '{pids}.new' '{pids}'; wait")
        return pids

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
    def test_everything_is_given_back_at_once(
        self, repository: Repository, pids: Path, number: signal.Signals
    ) -> None:
        result = repository.interrupt(number, "run", "p", once=pids)

        assert result.code == 130
        assert "interrupted" in result.err
        step = repository.step(1)
        assert (step["attempts"], step.get("failures", 0)) == (1, 0)
        assert repository.branches() == []
        eventually(lambda: not any(is_alive(pid) for pid in pids.read_text().split()))
        assert "attempt 2" in repository.run("run", "p", "--dry-run").out

    def test_a_second_interrupt_leaves_no_agent_behind(self, repository: Repository) -> None:
        pids, ignored = repository.place / "pids", repository.place / "ignored"
        loop = "i=0; while [ $i -lt 200 ]; do sleep 0.1; i=$((i + 1)); done"
        stubborn = f"trap \"touch '{ignored}'\" TERM; sleep 0.3; echo $$ > '{pids}'; {loop}"
        told(repository, stubborn)
        with repository.start("run", "p") as process:
            eventually(lambda: pids.exists() and bool(pids.read_text()))
            process.send_signal(signal.SIGINT)
            eventually(ignored.exists)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        pid = pids.read_text().strip()
        try:
            assert not is_alive(pid)
        finally:
            end(pid)

    def test_an_interrupt_as_the_agent_starts_leaves_none_behind(self, repository: Repository) -> None:
        pids = repository.place / "pids"
        told(repository, f"echo $$ > '{pids}'; sleep 20")
        argv = [sys.executable, "-c", INTERRUPTED_AS_A_SHELL_STARTS, str(pids)]
        done = subprocess.run(argv, cwd=repository.path, env=repository.environment, check=False, timeout=60)
        assert done.returncode == 130
        pid = pids.read_text().strip()
        try:
            assert not is_alive(pid)
        finally:
            end(pid)

    def test_an_interrupted_chain_keeps_what_it_has_done(self, repository: Repository) -> None:
        second = repository.place / "second"
        told(
            repository,
            f'echo x > "$CLAUDESTEP_STEP_INDEX"; [ ! -e 2 ] || {{ sleep 0.3; touch "{second}"; sleep 30; }}',
        )
        result = repository.interrupt(signal.SIGINT, "run", "p", "--auto-merge", "--max-steps", "9", once=second)
        assert result.code == 130
        assert repository.ticked() == 1
        assert repository.states() == {1: "done", 2: "to_do", 3: "to_do"}
