"""What GitHub hardly ever does, and the test server never."""

import pytest

from claudestep.domain.errors import NotFound, Transient, UnreadableReply
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.github.api.protocol import Reply
from claudestep.infrastructure.github.blobs import FEW, read_all, read_one
from claudestep.infrastructure.github.branch import GitHubMetadataBranch, split_message
from claudestep.infrastructure.github.host import GitHubHost
from claudestep.infrastructure.github.replies import Entry
from claudestep.infrastructure.hosting.port import CloseRefused, MergeRefused
from claudestep.infrastructure.metadata.branch import CommitInDoubt, Refused, StaleBranch
from claudestep.infrastructure.metadata.documents import blob_id
from tests.contract.records import WHEN
from tests.fakes.transport import graphql, reply
from tests.unit.infrastructure.github.clients import Scene

BASE = "b" * 40
REFUSED = graphql(
    {"createCommitOnBranch": None}, {"type": "UNPROCESSABLE", "message": "No", "path": ["createCommitOnBranch"]}
)
AT_BASE = graphql({"repository": {"ref": {"target": {"oid": BASE}}}})


def test_a_file_that_is_another_than_was_asked_for_is_refused() -> None:
    scene = Scene(reply(200, b"other"))
    with pytest.raises(UnreadableReply, match="something else"):
        read_one(scene.github, blob_id(b"content"))


def test_where_texts_do_not_come_together_the_files_are_read_one_by_one() -> None:
    contents = {str(number): b"%d" % number for number in range(FEW + 1)}
    entries = {path: Entry(name=path, type="blob", oid=blob_id(data)) for path, data in contents.items()}
    scene = Scene(reply(502), reply(502), *(reply(200, data) for data in contents.values()))
    assert read_all(scene.github, entries) == contents


def test_a_host_that_cannot_be_reached_is_not_asked_for_less() -> None:
    unreached = Transient("nobody there", sent=False)
    scene = Scene(unreached, unreached)
    with pytest.raises(Transient):
        GitHubMetadataBranch(scene.github).read()
    assert scene.transport.left == 0


def test_a_repository_that_comes_as_null_is_not_there() -> None:
    with pytest.raises(NotFound, match="no repository o/r"):
        GitHubMetadataBranch(Scene(graphql({"repository": None})).github).read()


def test_what_is_refused_though_the_branch_did_not_move_is_refused() -> None:
    with pytest.raises(Refused, match="No"):
        GitHubMetadataBranch(Scene(REFUSED, AT_BASE).github).commit(BASE, {"a": b""}, "M")


def test_what_is_refused_after_the_branch_moved_is_stale() -> None:
    moved = graphql({"repository": {"ref": {"target": {"oid": "c" * 40}}}})
    with pytest.raises(StaleBranch, match="cccccccccccc"):
        GitHubMetadataBranch(Scene(REFUSED, moved).github).commit(BASE, {"a": b""}, "M")


UNMET = graphql({"createCommitOnBranch": None}, {"type": "NEW", "message": "No", "path": ["createCommitOnBranch"]})


@pytest.mark.parametrize(
    "seen",
    [graphql({"repository": {"ref": {"target": {"oid": "c" * 40}}}}), graphql({"repository": {}}), reply(401)],
)
def test_after_a_refusal_that_nobody_has_met_a_branch_that_moved_is_a_doubt(seen: Reply) -> None:
    with pytest.raises(CommitInDoubt):
        GitHubMetadataBranch(Scene(UNMET, seen).github).commit(BASE, {"a": b""}, "M")


def test_where_nobody_can_say_whether_it_moved_it_is_refused() -> None:
    denied = reply(401, {"message": "Bad credentials"})
    with pytest.raises(Refused, match="token"):
        GitHubMetadataBranch(Scene(REFUSED, denied).github).commit(BASE, {"a": b""}, "M")


PULL = PullRequest(
    number=7, branch="b", state="open", head_commit=BASE, created_at=WHEN, updated_at=WHEN, id="PR_7"
)
RIGHTS = {
    "id": "R_1", "isArchived": False, "viewerPermission": "WRITE",
    "mergeCommitAllowed": True, "squashMergeAllowed": True, "rebaseMergeAllowed": True,
}  # fmt: skip


def test_a_pull_request_that_nobody_can_look_at_was_not_closed() -> None:
    denied = reply(401, {"message": "Bad credentials"})
    with pytest.raises(CloseRefused, match="Bad credentials") as caught:
        GitHubHost(Scene(denied, denied).github).close(PULL)
    assert caught.value.remedy


def merging(state: str, commit: str | None = None) -> Reply:
    pull = {"state": state, "mergeCommit": {"oid": commit} if commit else None}
    return graphql({"mergePullRequest": {"pullRequest": pull}})


def merged_over(*answers: Reply) -> str:
    return GitHubHost(Scene(graphql({"repository": RIGHTS}), *answers).github).merge(PULL, "main")


def test_what_is_merged_is_merged_though_its_commit_is_not_shown() -> None:
    assert merged_over(merging("MERGED", "c" * 40)) == "c" * 40
    assert merged_over(merging("MERGED")) == BASE
    now = {**RIGHTS, "pullRequest": {"id": "PR_7", "state": "MERGED", "body": ""}}
    assert merged_over(reply(502), graphql({"repository": now})) == BASE


def test_what_stays_open_was_not_merged() -> None:
    with pytest.raises(MergeRefused, match="does not say"):
        merged_over(merging("OPEN"), merging("OPEN", "c" * 40))


def test_an_answer_that_does_not_say_how_it_ended_is_not_taken_for_merged() -> None:
    silent = graphql({"mergePullRequest": {"pullRequest": {"mergeCommit": {"oid": "c" * 40}}}})
    still_open = graphql({"repository": {**RIGHTS, "pullRequest": {"id": "PR_7", "state": "OPEN", "body": ""}}})
    with pytest.raises(MergeRefused, match="was not merged"):
        merged_over(silent, still_open)


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("One line\n", ("One line", "")),
        ("Subject\n\nBody\n\nTrailer: 1\n", ("Subject", "Body\n\nTrailer: 1")),
        ("Subject\n\n\n  indented", ("Subject", "\n  indented")),
        ("Subject\nno empty line", ("Subject", "no empty line")),
    ],
)
def test_a_message_is_headline_and_body(message: str, parts: tuple[str, str]) -> None:
    assert split_message(message) == parts
