"""`make fuzz`: many cases of every target, and stories of every machine.

It exits 1 where one is a bug, which is made small and written to a file. Again with that one case:
python -m tests.fuzz --target NAME --replay FILE
"""

import argparse
import re
import secrets
import sys
from pathlib import Path

from tests.fuzz import machines
from tests.fuzz.campaign import play
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS
from tests.fuzz.worlds import remove_repository

_FOLDER = Path(".hypothesis", "fuzz")
_CASES_A_STORY = 250
_SHOWN = 40


def main() -> int:
    given = _arguments()
    if given.replay:
        print(TARGETS[given.target[0]].outcome(given.replay.read_bytes()))
        return 0
    print(f"{given.cases:,} cases, seed {given.seed}", flush=True)
    chosen = [TARGETS[name] for name in given.target or ([] if given.machine else TARGETS)]
    names = given.machine or ([] if given.target else list(machines.MACHINES))
    try:
        bugs = _play_targets(chosen, given.cases, given.seed)
    finally:
        remove_repository()
    bugs += sum(_play_machine(name, max(1, given.cases // _CASES_A_STORY), given.seed) for name in names)
    print(f"bugs: {bugs}" if bugs else "no bug found")
    return 1 if bugs else 0


def _play_targets(chosen: list[Target], cases: int, start: int) -> int:
    shares = sum(target.share for target in chosen)
    bugs = 0
    for target in chosen:
        result = play(target, max(1, round(cases * target.share / shares)), start)
        print(result, flush=True)
        if result.bug is not None:
            bugs += 1
            path = _write(target.name, result.bug, result.trace)
            print(f"  again: python -m tests.fuzz --target {target.name!r} --replay {path}", flush=True)
    return bugs


def _play_machine(name: str, examples: int, start: int) -> int:
    played = machines.play(name, examples, start)
    print(played, flush=True)
    if played.trace:
        _write(f"machine {name}", played.trace.encode(), played.trace)
        print(
            f"  again: python -m tests.fuzz --machine {name} --cases N --seed {start}, with the same N", flush=True
        )
    return 1 if played.trace else 0


def _write(name: str, content: bytes, trace: str) -> Path:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    path = _FOLDER / re.sub(r"\W+", "-", name)
    path.write_bytes(content)
    for line in trace.strip().splitlines()[-_SHOWN:]:
        print(f"  | {line}"[:300])
    print(f"  {len(content):,} bytes in {path}")
    return path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="over all targets together")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--target", action="append", choices=TARGETS, help="only this one; may be repeated")
    parser.add_argument("--machine", action="append", choices=machines.MACHINES, help="only this one")
    parser.add_argument("--replay", type=Path, help="one case, with --target")
    given = parser.parse_args()
    if given.replay and len(given.target or []) != 1:
        parser.error("--replay needs one --target")
    return given


if __name__ == "__main__":
    sys.exit(main())
