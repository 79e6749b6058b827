"""What GitHub says to writes of the metadata branch, by GraphQL and by REST."""

import os
from base64 import b64encode
from collections.abc import Mapping
from functools import partial

import pytest

from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.github.rest_branch import RestMetadataBranch
from claudestep.infrastructure.metadata.branch import (
    BranchError,
    CommitInDoubt,
    MetadataBranch,
    Refused,
    StaleBranch,
)
from tests.github_server.asking import Heard
from tests.live.findings import Notes
from tests.live.ground import Ground
from tests.live.raw import good, told

MEGABYTE = 1_000_000
_MOST_MEGABYTES = 48


def document(ground: Ground, name: str = "a") -> str:
    return f"projects/{ground.project}-{name}.json"


def commit(ground: Ground, expected: str, *deleted: str, branch: str = METADATA_BRANCH, **added: str) -> Heard:
    """createCommitOnBranch, as GitHub has it."""
    additions = [{"path": path, "contents": b64encode(text.encode()).decode()} for path, text in added.items()]
    return ground.raw.mutate(
        "createCommitOnBranch",
        "commit { oid }",
        branch={"repositoryNameWithOwner": str(ground.repository), "branchName": branch},
        expectedHeadOid=expected,
        message={"headline": "A commit of the live tests"},
        fileChanges={"additions": additions, "deletions": [{"path": path} for path in deleted]},
    )


def two_commits(ground: Ground, metadata: GitHubMetadataBranch) -> tuple[str, str]:
    """A branch of two commits: the first, and where it is."""
    first = metadata.commit(None, {document(ground): b"{}\n"}, "First")
    return first, metadata.commit(first, {document(ground): b"{ }\n"}, "Second")


def committed(branch: MetadataBranch, base: str, changes: Mapping[str, bytes | None]) -> str | None:
    """A commit; None where the branch is shown elsewhere than it is: the store reads and tries again then."""
    try:
        return branch.commit(base, changes, "Tried again while it is stale")
    except StaleBranch:
        return None


def refused(branch: MetadataBranch, base: str) -> Refused | None:
    """How a commit is refused; None where the branch is shown elsewhere than it is."""
    try:
        branch.commit(base, {"projects/against-the-rule.json": b"{}\n"}, "Against the rule")
    except StaleBranch:
        return None
    except Refused as refusal:
        return refusal
    pytest.fail("it was not refused")


def rest_of(ground: Ground) -> RestMetadataBranch:
    return RestMetadataBranch(ground.github(), ground.clock)


def test_a_branch_begins_with_an_orphan_and_a_second_beginning_is_refused(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    first = metadata.commit(None, {document(ground): b"{}\n"}, "First")

    found("POST of a ref that is there", told(ground.raw.post("/git/refs", ref=METADATA_REF, sha=first)))
    assert good(ground.raw.get(f"/git/commits/{first}")).json["parents"] == []
    with pytest.raises(StaleBranch):
        metadata.commit(None, {document(ground): b"[]\n"}, "Another first")
    ground.seen(lambda: ground.head(METADATA_BRANCH) == first)


def test_who_made_the_commits_and_whether_they_are_signed(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    first, second = two_commits(ground, metadata)
    third = ground.seen(lambda: committed(rest_of(ground), second, {document(ground): b"[]\n"})).what

    for way, oid in (("beginning", first), ("createCommitOnBranch", second), ("REST", third)):
        told_of = good(ground.raw.get(f"/git/commits/{oid}")).json
        found(f"{way}: author, committer", f"{told_of['author']['name']}, {told_of['committer']['name']}")
        verification = told_of["verification"]
        found(f"{way}: verified", f"{verification['verified']}, {verification['reason']}")
    ground.seen(lambda: [entry.version for entry in metadata.log(9)] == [third, second, first])


def test_a_stale_head_is_refused_and_nothing_is_written(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    first, second = two_commits(ground, metadata)

    heard = commit(ground, first, **{document(ground, "b"): "{}"})

    found("createCommitOnBranch on a stale head", told(heard))
    found("its data", heard.json.get("data"))
    assert heard.json["errors"]
    with pytest.raises(StaleBranch):
        metadata.commit(first, {document(ground, "b"): b"{}\n"}, "Stale")
    ground.seen(lambda: ground.head(METADATA_BRANCH) == second)


def test_a_commit_that_removes_a_missing_file_is_sent_without_that(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    _, head = two_commits(ground, metadata)

    heard = commit(ground, head, document(ground, "never"), **{document(ground, "b"): "raw"})

    found("createCommitOnBranch that removes a missing path", told(heard))
    taken = (heard.json.get("data") or {}).get("createCommitOnBranch")
    now = taken["commit"]["oid"] if taken else head
    changes = {document(ground, "never"): None, document(ground, "b"): b"{}\n"}
    oid = ground.seen(lambda: committed(metadata, now, changes)).what
    read = ground.at(metadata, oid)
    assert read.files[document(ground, "b")] == b"{}\n"


def test_a_commit_to_a_branch_that_is_gone_is_stale(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    _, head = two_commits(ground, metadata)
    good(ground.raw.delete(f"/git/{METADATA_REF}"))
    ground.seen(lambda: ground.head(METADATA_BRANCH) is None)

    found("createCommitOnBranch to no branch", told(commit(ground, head, **{document(ground): "raw"})))
    with pytest.raises(StaleBranch):
        metadata.commit(head, {document(ground): b"{}\n"}, "Nowhere")
    with pytest.raises(StaleBranch):
        rest_of(ground).commit(head, {document(ground): b"{}\n"}, "Nowhere")
    assert ground.head(METADATA_BRANCH) is None


def test_rest_moves_a_branch_forwards_only(ground: Ground, metadata: GitHubMetadataBranch, found: Notes) -> None:
    first, second = two_commits(ground, metadata)
    aside = ground.commit({document(ground): "[]\n"}, first)

    found("PATCH that is no fast-forward", told(ground.raw.patch(f"/git/{METADATA_REF}", sha=aside, force=False)))
    with pytest.raises(StaleBranch):
        rest_of(ground).commit(first, {document(ground): b"[]\n"}, "Stale")
    ground.seen(lambda: ground.head(METADATA_BRANCH) == second)


def test_rest_leads_a_branch_that_was_set_back_to_where_it_was(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    """It has no way of saying where the branch is expected; GraphQL has."""
    first, second = two_commits(ground, metadata)
    good(ground.raw.patch(f"/git/{METADATA_REF}", sha=first, force=True))
    ground.seen(lambda: ground.head(METADATA_BRANCH) == first)

    with pytest.raises(StaleBranch):
        metadata.commit(second, {document(ground): b"[]\n"}, "By GraphQL")
    oid = ground.seen(lambda: committed(rest_of(ground), second, {document(ground): b"[]\n"})).what

    parents = good(ground.raw.get(f"/git/commits/{oid}")).json["parents"]
    found("PATCH after the branch was set back", f"moved to {oid[:7]}, on {parents[0]['sha'] == second}")
    assert parents[0]["sha"] == second
    ground.seen(lambda: ground.head(METADATA_BRANCH) == oid)


def test_a_ruleset_in_the_way_is_a_refusal(ground: Ground, metadata: GitHubMetadataBranch, found: Notes) -> None:
    _, head = two_commits(ground, metadata)
    other = ground.commit({document(ground): "[]\n"}, head)

    with ground.rule(METADATA_BRANCH):
        found("createCommitOnBranch under a ruleset", told(commit(ground, head, **{document(ground): "raw"})))
        found("PATCH under a ruleset", told(ground.raw.patch(f"/git/{METADATA_REF}", sha=other, force=False)))
        for branch in (metadata, rest_of(ground)):
            found(f"what {type(branch).__name__} says", ground.seen(partial(refused, branch, head)).what)
        ground.seen(lambda: ground.head(METADATA_BRANCH) == head)


def sizes() -> list[int]:
    """Megabytes: one, and with CLAUDESTEP_LIVE_LARGE=40 also 5, 10, 20 and 40."""
    most = min(int(os.environ.get("CLAUDESTEP_LIVE_LARGE") or 1), _MOST_MEGABYTES)
    return sorted({1, most} | {size for size in (5, 10, 20, 30, 40) if size <= most})


@pytest.mark.parametrize("megabytes", sizes())
def test_a_large_commit_is_there_or_is_refused_and_not_there(
    megabytes: int, ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    _, head = two_commits(ground, metadata)
    content = (b"0123456789abcde\n" * (megabytes * MEGABYTE // 16)).ljust(megabytes * MEGABYTE, b"\n")
    large = document(ground, "large")
    try:
        oid, refusal = metadata.commit(head, {large: content}, "Large"), None
    except BranchError as error:
        oid, refusal = head, error
    found(f"{megabytes} MB", f"{type(refusal).__name__}: {refusal}" if refusal else "taken")
    assert not isinstance(refusal, StaleBranch)
    if isinstance(refusal, CommitInDoubt):
        return
    read = ground.at(metadata, oid)
    assert read.files.get(large) == (None if refusal else content)
