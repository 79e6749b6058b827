import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from claudestep.domain.models import Owner
from claudestep.infrastructure.owner import current_owner, describe, is_gone, owner_of


@contextmanager
def a_process() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that lives until it is told otherwise."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_we_are_not_gone() -> None:
    assert current_owner().pid == os.getpid()
    assert current_owner() == owner_of(os.getpid())
    assert not is_gone(current_owner())


def test_a_process_is_gone_when_it_has_ended() -> None:
    """ "same host and boot and that process is gone"."""
    with a_process() as process:
        owner = owner_of(process.pid)
        assert not is_gone(owner)
        process.kill()
        process.wait()
        assert is_gone(owner)


def test_a_process_is_gone_when_it_has_ended_and_nobody_has_heard_of_it_yet() -> None:
    with a_process() as process:
        owner = owner_of(process.pid)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(owner)


def test_a_process_is_gone_when_another_one_has_its_number() -> None:
    assert is_gone(replace(current_owner(), started="1"))


@pytest.mark.parametrize(
    "doubt",
    [
        {"host": "elsewhere"},
        {"boot_id": "another boot"},
        {"started": ""},
        {"pid": 0},
    ],
)
def test_an_owner_is_not_gone_in_doubt(doubt: dict[str, object]) -> None:
    """ "False in doubt": a claim is taken from nobody who may be working."""
    with a_process() as process:
        owner = owner_of(process.pid)
        process.kill()
        process.wait()
        assert not is_gone(replace(owner, **doubt))  # type: ignore[arg-type]


@pytest.mark.parametrize("owner", [Owner(), Owner(run_id=123456, run_attempt=1)])
def test_a_workflow_run_is_no_process_and_never_gone_by_this(owner: Owner) -> None:
    assert not is_gone(owner)


def test_two_processes_are_two_owners() -> None:
    with a_process() as one, a_process() as other:
        assert owner_of(one.pid) == owner_of(one.pid)
        assert owner_of(one.pid) != owner_of(other.pid)
        assert owner_of(one.pid).host == owner_of(other.pid).host == current_owner().host


def test_a_number_without_a_process_has_no_start() -> None:
    with a_process() as process:
        process.kill()
        process.wait()
        assert owner_of(process.pid).started == ""


HERE = Owner(host="laptop pid:[4026531836]", pid=7, boot_id="b", started="1")


def test_who_writes_is_a_user_on_a_host_or_a_run_of_a_workflow() -> None:
    assert describe(HERE, {"USER": "alice"}) == "alice@laptop pid 7"
    assert describe(HERE, {"USER": "alice", "LOGNAME": "bob"}) == "bob@laptop pid 7"
    assert describe(replace(HERE, host=""), {"USER": "alice"}) == "alice@unknown pid 7"
    assert describe(Owner(run_id=12, run_attempt=2), {"USER": "alice"}) == "workflow run 12 attempt 2"


@pytest.mark.parametrize("name", ["", "a\nClaudeStep-Commit: 1", "ghp_" + "x" * 36, "a b", "\x1b[31m", "a@b"])
def test_what_is_no_user_name_is_never_published(name: str) -> None:
    told = describe(HERE, {"USER": name})
    assert told == describe(HERE, {})
    assert name not in told or not name
