"""What GitHub says to reads of the metadata branch: all at once, cut off, and late."""

import time
from collections.abc import Mapping
from functools import partial

import pytest

from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.github.archive import unpack
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.git_data import tree_of
from claudestep.infrastructure.github.host import GitHubHost
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.metadata.documents import blob_id
from tests.live.findings import Notes
from tests.live.ground import Ground
from tests.live.raw import good, told

LOOKS = 4
CUT = 512_000


def documents(ground: Ground, count: int, size: int = 4096) -> dict[str, bytes]:
    return {
        f"projects/{ground.project}-{number}.json": f"{number}\n".encode().rjust(size, b" ")
        for number in range(count)
    }


@pytest.mark.parametrize("count", [50, 100, 300])
def test_one_query_reads_many_files_and_where_it_fails_the_tarball_does(
    count: int, ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    files = documents(ground, count)
    oid = metadata.commit(None, files, "Many")
    ground.seen(lambda: ground.head(METADATA_BRANCH) == oid)
    variables = {"metadata": METADATA_REF, "log": False, "texts": True}

    answers: list[str] = []
    for _ in range(LOOKS):
        began = time.monotonic()
        heard = ground.raw.ask(document("metadata"), **variables)
        answers.append(f"{told(heard)} in {time.monotonic() - began:.1f} s")
    found(f"{count} files of 4 KB in one query, {LOOKS} times", "; ".join(answers))

    github = ground.github()
    read = ground.at(GitHubMetadataBranch(github, ground.clock), oid)
    found(f"requests of the program for {count} files", github.requests)
    assert _same(read.files, files)
    archive = github.download(f"/repos/{ground.repository}/tarball/{oid}")
    assert _same(unpack(archive, tree_of(github, oid)), files)


def test_the_tarball_of_a_commit_is_there_right_after_it(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    first = metadata.commit(None, documents(ground, 2), "First")
    oid = metadata.commit(first, documents(ground, 5), "Second")
    github = ground.github()

    archive = github.download(f"/repos/{ground.repository}/tarball/{oid}")

    found("requests for the tarball of a commit just made", github.requests)
    assert _same(unpack(archive, tree_of(github, oid)), documents(ground, 5))


def test_a_long_text_is_cut_and_is_read_whole_all_the_same(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    path, content = f"projects/{ground.project}-long.json", b"x" * (CUT + 1000)
    oid = metadata.commit(None, {path: content}, "Long")
    query = (
        "query($owner: String!, $name: String!, $oid: GitObjectID!) { repository(owner: $owner, name: $name) "
        "{ object(oid: $oid) { ... on Blob { byteSize isTruncated text } } } }"
    )

    blob = good(ground.raw.ask(query, oid=blob_id(content))).json["data"]["repository"]["object"]

    found(f"Blob.text of {len(content)} bytes", f"{len(blob['text'])}, isTruncated {blob['isTruncated']}")
    read = ground.at(metadata, oid)
    assert read.files[path] == content


def test_how_long_until_our_own_commit_is_shown(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    """The program believes what writing said; a read on an older head costs a refused write, and loses nothing."""
    head = metadata.commit(None, documents(ground, 1), "First")
    for number in range(1, 4):
        last, head = head, metadata.commit(head, documents(ground, number + 1), f"Commit {number}")
        host = ground.host()
        found(f"observation after commit {number}", ground.seen(partial(_shows, host, head)))
        assert host.observe(last).snapshot.log_complete


def _shows(host: GitHubHost, version: str) -> bool:
    return host.observe().snapshot.version == version


def _same(found: Mapping[str, bytes], files: Mapping[str, bytes]) -> bool:
    return dict(found) == dict(files)
