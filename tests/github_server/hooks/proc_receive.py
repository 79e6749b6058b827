"""git's `proc-receive` hook: refuses what the rules forbid and lets git do the rest (protocol: githooks(5))."""

import json
import os
import sys
from fnmatch import fnmatchcase
from typing import TypedDict

ABSENT = "0" * 40


class Rule(TypedDict):
    """A rule as `push_rules` tells it: what may not be done to refs that match a pattern."""

    pattern: str
    reason: str
    forbids: list[str]
    classic: bool


def main() -> None:
    """One conversation: the version, the commands, a verdict for each."""
    receive()
    send("version=1\0")
    flush()
    rules: list[Rule] = json.loads(os.environ["GITHUB_SERVER_PUSH_RULES"])
    for line in receive():
        old, new, ref = line.split(" ", 2)
        broken = [rule for rule in rules if forbidden(rule, operation(old, new), ref)]
        if broken:
            explain(ref, broken)
            send(f"ng {ref} {verdict(broken)}")
        else:
            send(f"ok {ref}")
            send("option fall-through")
    flush()


def forbidden(rule: Rule, done: str, ref: str) -> bool:
    return fnmatchcase(ref, rule["pattern"]) and done in rule["forbids"]


def operation(old: str, new: str) -> str:
    if old == ABSENT:
        return "creation"
    return "deletion" if new == ABSENT else "update"


def verdict(broken: list[Rule]) -> str:
    if all(rule["classic"] for rule in broken):
        return "protected branch hook declined"
    return "push declined due to repository rule violations"


def explain(ref: str, broken: list[Rule]) -> None:
    """Words on stderr, which git carries to the pusher as "remote: " lines."""
    if all(rule["classic"] for rule in broken):
        head = f"error: GH006: Protected branch update failed for {ref}."
    else:
        head = f"error: GH013: Repository rule violations found for {ref}."
    reasons = "".join(f"\n- {rule['reason']}\n" for rule in broken)
    sys.stderr.write(f"{head}\n{reasons}\n")
    sys.stderr.flush()


def receive() -> list[str]:
    """The pkt-lines up to the next flush."""
    lines = []
    while (size := int(sys.stdin.buffer.read(4), 16)) != 0:
        lines.append(sys.stdin.buffer.read(size - 4).decode().rstrip("\n"))
    return lines


def send(text: str) -> None:
    data = text.encode()
    sys.stdout.buffer.write(b"%04x" % (len(data) + 4) + data)


def flush() -> None:
    sys.stdout.buffer.write(b"0000")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
