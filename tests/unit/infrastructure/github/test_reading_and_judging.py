"""What GitHub hardly ever does, and the test server never."""

import pytest

from claudestep.domain.errors import NotFound, Transient, UnreadableReply
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.github.blobs import FEW, read_all, read_one
from claudestep.infrastructure.github.branch import GitHubMetadataBranch, split_message
from claudestep.infrastructure.github.host import GitHubHost
from claudestep.infrastructure.github.replies import Entry
from claudestep.infrastructure.hosting.port import CloseRefused
from claudestep.infrastructure.metadata.branch import Refused, StaleBranch
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


def test_where_nobody_can_say_whether_it_moved_it_is_refused() -> None:
    denied = reply(401, {"message": "Bad credentials"})
    with pytest.raises(Refused, match="token"):
        GitHubMetadataBranch(Scene(REFUSED, denied).github).commit(BASE, {"a": b""}, "M")


def test_a_pull_request_that_nobody_can_look_at_was_not_closed() -> None:
    denied = reply(401, {"message": "Bad credentials"})
    pull = PullRequest(
        number=7, branch="b", state="open", head_commit=BASE, created_at=WHEN, updated_at=WHEN, id="PR_7"
    )
    with pytest.raises(CloseRefused, match="Bad credentials") as caught:
        GitHubHost(Scene(denied, denied).github).close(pull)
    assert caught.value.remedy


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
