"""Stands in front of Claude Code as `claude`: runs it, keeps what it prints, and ends as it ends.

`python tee.py PROGRAM FOLDER [ARGUMENTS ...]`. In the folder, `<n>.pid` is its process, `<n>.argv` how it was
called and `<n>.out` what it printed. Standard library only, and nothing of ours: it starts at each run.
"""

import os
import signal
import subprocess
import sys
import time


def main(program: str, folder: str, *arguments: str) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # the group gets them: what it still prints has to be kept
        signal.signal(number, lambda *_: None)
    argv = [program, *arguments]
    place = os.path.join(folder, str(time.time_ns()))  # noqa: PTH118  pathlib takes as long to load as all the rest
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process, open(f"{place}.out", "wb") as kept:  # noqa: PTH123
        _write(f"{place}.argv", "\0".join(argv))
        _write(f"{place}.pid", str(process.pid))
        assert process.stdout is not None
        while data := os.read(process.stdout.fileno(), 1 << 16):
            kept.write(data)
            kept.flush()
            os.write(sys.stdout.fileno(), data)
    return process.returncode


def _write(path: str, text: str) -> None:
    with open(f"{path}.new", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)
    os.rename(f"{path}.new", path)  # noqa: PTH104


def end_as(status: int) -> None:
    """End with an exit status, or by the signal that it stands for."""
    if status < 0:
        signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    end_as(main(*sys.argv[1:]))
