"""What is in a repository, and taking away what this run has made: by names that only it has."""

from typing import Any

from claudestep.domain.naming import LABEL, METADATA_BRANCH
from claudestep.infrastructure.github.refs import METADATA_REF
from tests.live.ground import MARK, Ground
from tests.live.raw import good, told

LOCK = f"{MARK}-lock"
_GONE = (204, 404, 422)
"""What deleting is answered where the thing is gone afterwards: at once, or since before."""


def inventory(ground: Ground) -> set[str]:
    """Branches, refs of ours, labels, and pull requests that are open or have one of them."""
    raw = ground.raw
    refs = [one["ref"] for kind in ("heads/", "claudestep/") for one in raw.pages(f"/git/matching-refs/{kind}")]
    labels = [f"label {one['name']}" for one in raw.pages("/labels")]
    pulls = [f"pull request of {one['head']['ref']}" for one in raw.pages("/pulls?state=all") if _matters(one)]
    return {*refs, *labels, *pulls}


def _matters(pull: Any) -> bool:
    return pull["state"] == "open" or bool(pull["labels"])


def left(ground: Ground, before: set[str]) -> set[str]:
    """What is there and was not: all of it on the test server, where nobody else is; what is ours on github.com."""
    more = inventory(ground) - before
    ours = {ground.run, METADATA_REF, f"refs/heads/{LOCK}", f"label {LABEL}"}
    return {one for one in more if not ground.is_live or any(name in one for name in ours)}


def sweep(ground: Ground) -> None:
    """Take everything away that carries the name of this run."""
    close_pull_requests(ground)
    for place in (f"heads/{MARK}-{ground.run}", f"heads/{ground.step_prefix}", f"{LABEL}/{ground.project}"):
        for one in ground.raw.pages(f"/git/matching-refs/{place}"):
            delete_ref(ground, one["ref"])
    names = {one["name"] for one in ground.raw.pages("/labels")}
    ours = {name for name in names if ground.run in name}
    for name in ours | (set() if ground.label_was_there else names & {LABEL}):
        heard = ground.raw.delete(f"/labels/{name}")
        assert heard.status in _GONE, told(heard)
    erase_metadata(ground)


def close_pull_requests(ground: Ground) -> None:
    """Close what is open, and take the label off: without it no record is believed, and no later run sees one."""
    for pull in ground.raw.pages("/pulls?state=all"):
        if not pull["head"]["ref"].startswith(ground.step_prefix):
            continue
        if pull["state"] == "open":
            good(ground.raw.patch(f"/pulls/{pull['number']}", state="closed"))
        for label in pull["labels"]:
            heard = ground.raw.delete(f"/issues/{pull['number']}/labels/{label['name']}")
            assert heard.status in (200, 404), told(heard)


def delete_ref(ground: Ground, ref: str) -> None:
    heard = ground.raw.delete(f"/git/{ref}")
    assert heard.status in _GONE, f"{ref}: {told(heard)}"


def erase_metadata(ground: Ground) -> None:
    """Delete the metadata branch, which must hold nothing but documents of this run.

    A read that shows none may lag behind; that none can be made shows that there is one.
    """
    head = ground.head(METADATA_BRANCH)
    if head is None:
        commit = ground.commit({"run.txt": f"{ground.run}\n"})
        made = ground.raw.post("/git/refs", ref=METADATA_REF, sha=commit)
        head = commit if made.status == 201 else ground.seen(lambda: ground.head(METADATA_BRANCH)).what
    tree = good(ground.raw.get(f"/git/trees/{head}?recursive=1")).json["tree"]
    documents = [one["path"] for one in tree if one["path"].startswith("projects/")]
    foreign = [path for path in documents if not path.startswith(f"projects/{ground.project}")]
    assert not foreign, f"{METADATA_BRANCH} holds what this run has not made, and stays: {foreign[:3]}"
    delete_ref(ground, METADATA_REF)
    ground.seen(lambda: ground.head(METADATA_BRANCH) is None)
