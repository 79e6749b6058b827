"""What stands in our own environment is not for the programs that we start."""

import os
import subprocess
import sys

import pytest

WITHOUT_RIGHTS = """
import ctypes, os, sys
for right in range(64):  # root keeps none of its rights: what it starts now is like anybody else's program
    ctypes.CDLL(None).prctl(24, right, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""
LOOK = """
import os, subprocess, sys
from claudestep.infrastructure.secrecy import conceal_ourselves
if "conceal" in sys.argv:
    conceal_ourselves()
subprocess.run(["cat", f"/proc/{os.getpid()}/environ"], env={"PATH": os.environ["PATH"]})
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux shows a process's environment in /proc, and can hide it"
)
@pytest.mark.parametrize("how", ["plain", "conceal"])
def test_a_program_that_we_start_cannot_read_our_environment(how: str) -> None:
    """ "plain" shows that there is something to hide."""
    environment = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "a-secret"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RIGHTS, LOOK, how], env=environment, capture_output=True, check=False
    )
    assert (b"a-secret" in done.stdout) is (how == "plain"), done.stderr
