"""A whole world to decide in: a document, a spec and pull requests, each of them odd. And git's own objects."""

import json
import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from claudestep.application.world import World, questions, read_world
from claudestep.domain.models import Project
from claudestep.domain.observation import BaseTree, Observation, PullRequest, Snapshot, StepHead
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.git.command import open_repository
from claudestep.infrastructure.git.local_host import LocalHost
from claudestep.infrastructure.git.refs import HEADS, PULLS
from claudestep.infrastructure.hosting import record_block
from claudestep.infrastructure.metadata import codec
from claudestep.infrastructure.metadata.documents import read_documents
from claudestep.infrastructure.metadata.git_branch import REF, GitMetadataBranch
from tests.fuzz import samples
from tests.fuzz.mutation import Mutation, mutants, mutate_bytes, mutate_json
from tests.fuzz.target import READ, Target
from tests.unit.builders import NOW, head, pull, record

_DOCUMENT, _SPEC = "projects/p.json", "claude-step/p/spec.md"


def _world(case: bytes) -> str:
    """Whatever was seen is decided about; and what comes of it, once written, is not changed again."""
    try:
        raw = json.loads(case)
        pulls = tuple(msgspec.json.decode(json.dumps(raw["pulls"]), type=list[PullRequest]))
        heads = msgspec.json.decode(json.dumps(raw["heads"]), type=dict[str, StepHead])
        files = {_DOCUMENT: json.dumps(raw["document"]).encode(), _SPEC: str(raw["spec"]).encode()}
    except (ValueError, TypeError, KeyError, RecursionError):
        return "cannot be seen"
    first = _seen(files, pulls, heads)
    if first.documents.broken:
        return "broken"
    changed = first.changed(first.documents)
    for project in changed.values():
        files[_DOCUMENT] = codec.encode(project)
    again = _seen(files, pulls, heads)
    assert again.projects == first.projects
    assert not again.changed(again.documents), "what was repaired is repaired again"
    return type(first.decide("p")).__name__


def _seen(files: dict[str, bytes], pulls: tuple[PullRequest, ...], heads: dict[str, StepHead]) -> World:
    snapshot = Snapshot("v", {_DOCUMENT: files[_DOCUMENT]})
    base = BaseTree("main", "0" * 40, {_SPEC: files[_SPEC]})
    seen = Observation(
        now=NOW, snapshot=snapshot, default_branch="main", bases={"main": base}, pull_requests=pulls, heads=heads
    )
    documents = read_documents(snapshot)
    questions(seen, documents, None)
    return read_world(seen, documents, is_gone=lambda owner: owner.pid == 7)


def _sample(project: Project, *pulls: PullRequest) -> bytes:
    return msgspec.json.encode(
        {
            "document": msgspec.json.decode(codec.encode(project)),
            "spec": samples.SPECS[0].decode(),
            "pulls": pulls,
            "heads": {"claude-step-p-4": head("c4"), "claude-step-p-3": head("other")},
        }
    )


_WORLDS = (
    _sample(samples.PLAIN),
    _sample(samples.RICH, pull(102), pull(106, "open"), pull(91, branch="claude-step-p--9"), pull(107, "merged")),
    _sample(
        samples.PLAIN,
        pull(5, branch="claude-step-p-1", record=samples.RECORD, assignees=("carol",)),
        pull(6, "closed", branch="claude-step-p-1.2", record=record(1, "One", ai_tasks=samples.RECORD.ai_tasks)),
        pull(8, "merged", branch="claude-step-p-12", record=record(12, "Lost", reviewer="dave"), inferred=True),
    ),
)

# git's own objects, whatever is in them


@cache
def _repository() -> LocalHost:
    """A repository with one commit on main, for as long as the process lives."""
    folder = Path(mkdtemp(prefix="claudestep-fuzz-"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    argv = ["git", "init", "--quiet", "--initial-branch=main", str(folder)]
    subprocess.run(argv, env=environment, check=True)
    host = LocalHost(open_repository(folder, environment), SystemClock())
    tree = host.git.text("mktree", stdin=b"")
    host.git.run("update-ref", f"{HEADS}main", host.git.text("commit-tree", tree, "-m", "First"))
    return host


def remove_repository() -> None:
    """Take it away again."""
    from shutil import rmtree  # noqa: PLC0415

    if _repository.cache_info().currsize:
        rmtree(_repository().git.git_dir.parent)
        _repository.cache_clear()


def _commit(case: bytes) -> str:
    """A commit as somebody made it, on the metadata branch, and as a pull request of ours."""
    host = _repository()
    tree, first = host.git.text("mktree", stdin=b""), host.git.text("rev-parse", f"{HEADS}main")
    raw = case.replace(b"TREE", tree.encode()).replace(b"PARENT", first.encode())
    made = host.git.text("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=raw)
    git_dir = host.git.git_dir
    for ref in (REF, f"{PULLS}1", f"{HEADS}claude-step-p-1"):
        path = git_dir / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{made}\n", encoding="ascii")
    branch = GitMetadataBranch(host.git)
    branch.log(3)
    branch.read("")
    branch.ancestry()
    return READ if host.observe().pull_requests else "no pull request"


_BODY = record_block.write(samples.RECORD).encode()
_COMMIT = (
    b"tree TREE\nparent PARENT\nauthor A <a@b> 1736937000 +0100\ncommitter B <c@d> 1736937000 -0500\n\n"
    b"ClaudeStep: One\n\n" + _BODY + b"\n\nClaudeStep-Branch: claude-step-p-1\nClaudeStep-Claim: c1\n"
)
_GIT_WORDS = (
    b"99999999999999999999", b"9223372036854775807", b"253402300800", b"-1", b"", b"+9999",
    b"encoding latin-1\n", b"gpgsig x\n y\n", b"parent 1\n", b"<", b">", b"\n", b"\n\n", b"\x00", b"\xff",
    b"author A\n", b"committer \n", b" ", b"tree ",
)  # fmt: skip


def _objects(data: bytes, steps: Sequence[Mutation]) -> bytes:
    return mutate_bytes(data, [(kind, where % 200, what) for kind, where, what in steps], _GIT_WORDS)


TARGETS = (
    Target("world", mutants(_WORLDS, mutate_json), _world, share=1.5),
    Target("commit of git", mutants((_COMMIT,), _objects), _commit, share=0.05),
)
