"""What is on a metadata branch and in its history, as git and a JSON parser tell it: ClaudeStep is not asked."""

import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BRANCH = "claudestep-metadata"
TRAILER = "ClaudeStep-Commit: "


@dataclass(frozen=True, kw_only=True)
class Found:
    """What git found: `odd` are commits that have not one parent, `trailers` ours, `fsck` is its complaints."""

    ids: Counter[str]
    commits: int
    odd: int
    trailers: Counter[str]
    fsck: str


def plain(path: Path, *args: str) -> str:
    done = subprocess.run(["git", "-C", str(path), *args], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def find(path: Path) -> Found:
    """What is on the branch, as git tells it."""
    parents = [line.split()[1:] for line in plain(path, "rev-list", "--parents", BRANCH).splitlines()]
    messages = plain(path, "log", "--format=%B", BRANCH).splitlines()
    complaints = subprocess.run(
        ["git", "-C", str(path), "fsck", "--strict", "--no-dangling", "--no-progress"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Found(
        ids=ids_on(path),
        commits=len(parents),
        odd=sum(len(each) != 1 for each in parents[:-1]) + len(parents[-1]),
        trailers=Counter(line for line in messages if line.startswith(TRAILER)),
        fsck=complaints.stdout + complaints.stderr,
    )


def ids_on(path: Path) -> Counter[str]:
    """How often each id was written, over the whole history: a commit that takes out another writer's undoes it."""
    ids: Counter[str] = Counter()
    ids_of = read_ids(path)
    for changes in documents_by_commit(path):
        added: Counter[str] = Counter()
        gone: Counter[str] = Counter()
        for old, new in changes:
            added += ids_of[new] - ids_of[old]
            gone += ids_of[old] - ids_of[new]
        writers = {writer(id_) for id_ in added}
        ids += added
        ids.subtract({id_: count for id_, count in gone.items() if writer(id_) not in writers})
    return +ids


def writer(id_: str) -> str:
    """Who wrote it."""
    return id_.partition("-")[0]


def documents_by_commit(path: Path) -> list[list[tuple[str, str]]]:
    """For each commit, the oldest first, the blobs of each document that it changed: before and after."""
    listed = plain(
        path,
        "log",
        "--reverse",
        "--raw",
        "--no-abbrev",
        "--no-renames",
        "--format=tformat:c",
        BRANCH,
        "--",
        "projects",
    )
    commits: list[list[tuple[str, str]]] = []
    for line in listed.splitlines():
        if line == "c":
            commits.append([])
        elif line.startswith(":"):
            _, _, old, new, _ = line.split(maxsplit=4)
            commits[-1].append((old, new))
    return commits


def read_ids(path: Path) -> Mapping[str, Counter[str]]:
    """The ids in every document that ever was, by its blob; none in the one of zeros."""
    blobs = {oid for changes in documents_by_commit(path) for pair in changes for oid in pair if oid.strip("0")}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    with subprocess.Popen(
        ["git", "-C", str(path), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as git:
        assert git.stdin is not None
        assert git.stdout is not None
        for oid in blobs:
            git.stdin.write(f"{oid}\n".encode())
            git.stdin.flush()
            size = int(git.stdout.readline().split()[2])
            document = json.loads(git.stdout.read(size + 1))
            found[oid] = Counter(task["id"] for step in document["steps"] for task in step["ai_tasks"])
        git.stdin.close()
    return found


def moved(path: Path) -> int:
    """The commits that somebody else made."""
    return int(plain(path, "rev-list", "--count", "--invert-grep", f"--grep=^{TRAILER}", BRANCH))
