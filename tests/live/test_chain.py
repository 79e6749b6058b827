"""The whole chain by the installed program: a step, its merge, the next one, and the documents made anew."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from tests.integration.repository import THREE_STEPS, WRITES_A_FILE
from tests.live.clone import LiveClone
from tests.live.findings import Notes
from tests.live.ground import Ground
from tests.live.raw import good
from tests.live.sweep import erase_metadata

COMMIT = "commit { oid }"
END = {1: "done", 2: "closed", 3: "to_do"}


@contextmanager
def project(ground: Ground) -> Iterator[None]:
    """The spec on the base branch of this run, and its configuration on the default branch, for a while."""
    folder = f"claude-step/{ground.project}"
    script = f"agent:\n  command: |\n    {WRITES_A_FILE}\nbaseBranch: {ground.base}\nreviewers: []\n"
    default = good(ground.raw.get("")).json["default_branch"]
    change(ground, ground.base, f"{folder}/spec.md", THREE_STEPS)
    change(ground, default, f"{folder}/configuration.yml", script)
    try:
        yield
    finally:
        change(ground, default, f"{folder}/configuration.yml", None)


def change(ground: Ground, branch: str, path: str, text: str | None) -> None:
    """One commit of one file, as a person makes it on the pages; made again where the head was an old one."""
    oid = ground.seen(lambda: changed(ground, branch, path, text)).what
    ground.seen(lambda: ground.head(branch) == oid)


def changed(ground: Ground, branch: str, path: str, text: str | None) -> str | None:
    added = [{"path": path, "contents": b64encode(text.encode()).decode()}] if text is not None else []
    heard = ground.raw.mutate(
        "createCommitOnBranch",
        COMMIT,
        branch={"repositoryNameWithOwner": str(ground.repository), "branchName": branch},
        expectedHeadOid=ground.head(branch),
        message={"headline": f"{'Add' if added else 'Remove'} {path}"},
        fileChanges={"additions": added, "deletions": [] if added else [{"path": path}]},
    )
    made = (good(heard).json.get("data") or {}).get("createCommitOnBranch")
    return str(made["commit"]["oid"]) if made else None


def pull_of(ground: Ground, index: int) -> int:
    """The pull request of a step, as GitHub lists it."""
    head = f"{ground.repository.owner}:{ground.step_prefix}-{index}"

    def look() -> int | None:
        found: list[Any] = good(ground.raw.get(f"/pulls?state=all&head={head}")).json
        assert len(found) < 2
        return int(found[0]["number"]) if found else None

    return ground.seen(look).what


def states(clone: LiveClone, name: str) -> dict[int, str]:
    return {step["step_index"]: step["state"] for step in shown(clone, name)["steps"]}


def is_there(ground: Ground, lost: str | None) -> bool:
    """Whether there is a metadata branch, and another one than before."""
    return ground.head(METADATA_BRANCH) not in (None, lost)


def shown(clone: LiveClone, name: str) -> Any:
    return clone.run("status", name, "--json").json["projects"][0]


def test_steps_are_opened_merged_closed_and_known_again_after_the_branch_is_lost(
    ground: Ground, metadata: GitHubMetadataBranch, tmp_path: Path, found: Notes
) -> None:
    with project(ground):
        clone = LiveClone.of(ground, tmp_path)
        name = ground.project

        first = clone.run("run", name)
        assert first.code == 0, first
        number = pull_of(ground, 1)
        assert f"/pull/{number}" in first.out
        ground.seen(lambda: states(clone, name).get(1) == "in_review")

        merged = good(ground.raw.put(f"/pulls/{number}/merge", merge_method="merge"))
        synced = ground.seen(lambda: clone.run("sync").code == 0 and states(clone, name)[1] == "done")
        found("sync sees a merge by the button", synced)
        assert merged.json["merged"]

        second = clone.run("run", name)
        assert second.code == 0, second
        closed = clone.run("close", str(pull_of(ground, 2)), "--reason", "Keep the old name")
        assert closed.code == 0, closed
        found("states after the chain", ground.seen(lambda: states(clone, name) == END))

        lost = metadata.read().version
        erase_metadata(ground)
        ground.seen(lambda: clone.run("metadata", "rebuild", "--yes").code == 0 and is_there(ground, lost))
        found("the states of a rebuilt document", ground.seen(lambda: states(clone, name) == END))
