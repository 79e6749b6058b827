"""Reading the metadata branch by REST where GitHub does what it hardly ever does, and the test server never."""

from base64 import b64encode

import pytest

from claudestep.domain.errors import NotFound, RateLimited, UnreadableReply
from claudestep.infrastructure.github.api.protocol import Reply
from claudestep.infrastructure.github.blobs import FEW
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.github.rest_branch import RestMetadataBranch
from claudestep.infrastructure.metadata.branch import Refused
from claudestep.infrastructure.metadata.documents import blob_id
from tests.fakes.transport import reply
from tests.unit.infrastructure.github.clients import Scene

HEAD, TREE = "c" * 40, "d" * 40
AT_HEAD = reply(200, [{"ref": METADATA_REF, "object": {"sha": HEAD}}])
COMMIT = reply(200, {"tree": {"sha": TREE}})
NO_TARBALL = reply(404, {"message": "Not Found"})


def tree(*contents: bytes, truncated: bool = False) -> Reply:
    """The listing of a tree with these files, and a folder, a submodule beside them."""
    files = [{"path": data.decode(), "type": "blob", "sha": blob_id(data)} for data in contents]
    others = [{"path": kind, "type": kind, "sha": "e" * 40} for kind in ("tree", "commit")]
    return reply(200, {"tree": files + others, "truncated": truncated})


def blob(data: bytes) -> Reply:
    return reply(200, {"content": b64encode(data).decode(), "encoding": "base64"})


def test_another_ref_whose_name_begins_so_is_not_the_branch() -> None:
    scene = Scene(reply(200, [{"ref": f"{METADATA_REF}-2", "object": {"sha": HEAD}}]))
    assert RestMetadataBranch(scene.github).read().version is None


def test_a_listing_that_is_cut_off_is_never_read_as_whole() -> None:
    scene = Scene(AT_HEAD, COMMIT, tree(b"a", truncated=True), NO_TARBALL)
    with pytest.raises(NotFound):
        RestMetadataBranch(scene.github).read()
    assert scene.transport.requests[-1].what == f"GET /repos/o/r/tarball/{HEAD}"


def test_what_is_removed_is_sent_where_nobody_lists_whether_it_is_there() -> None:
    made = reply(201, {"sha": TREE})
    scene = Scene(COMMIT, tree(b"a", truncated=True), made, made, reply(200, {}))
    RestMetadataBranch(scene.github).commit("b" * 40, {"gone": None}, "M")
    assert scene.transport.left == 0


NO_BASE64 = reply(200, {"content": "%", "encoding": "base64"})
TOO_LARGE = reply(200, {"content": "", "encoding": "none"})


@pytest.mark.parametrize("answers", [(blob(b"other"),), (NO_BASE64,), (TOO_LARGE, reply(200, b"other"))])
def test_a_file_that_is_another_than_its_tree_names_is_refused(answers: tuple[Reply, ...]) -> None:
    scene = Scene(AT_HEAD, COMMIT, tree(b"a"), *answers)
    with pytest.raises(UnreadableReply, match="something else"):
        RestMetadataBranch(scene.github).read()


def test_a_file_that_is_too_large_for_json_is_read_raw() -> None:
    scene = Scene(AT_HEAD, COMMIT, tree(b"a"), TOO_LARGE, reply(200, b"a"))
    assert RestMetadataBranch(scene.github).read().files == {"a": b"a"}


def test_a_tarball_that_is_not_this_commit_is_not_believed_and_not_asked_for_again() -> None:
    contents = [b"%d" % number for number in range(FEW + 1)]
    blobs = [blob(data) for data in sorted(contents, key=blob_id)]
    more = [b"1%d" % number for number in range(FEW + 1)]
    later = [blob(data) for data in sorted(more, key=blob_id)]
    moved = reply(200, [{"ref": METADATA_REF, "object": {"sha": "f" * 40}}])
    another = reply(200, {"tree": {"sha": "a" * 40}})
    first = (AT_HEAD, COMMIT, tree(*contents), reply(200, b"no tarball"), *blobs)
    scene = Scene(*first, moved, another, tree(*more), *later)
    branch = RestMetadataBranch(scene.github)
    assert branch.read().files == {data.decode(): data for data in contents}
    assert branch.read().files == {data.decode(): data for data in more}
    assert scene.transport.left == 0


def test_a_limit_is_no_reason_to_read_one_by_one() -> None:
    used_up = reply(403, {"message": "API rate limit exceeded"}, **{"x-ratelimit-remaining": "0"})
    contents = [b"%d" % number for number in range(FEW + 1)]
    scene = Scene(AT_HEAD, COMMIT, tree(*contents), *[used_up] * 20)
    with pytest.raises(RateLimited):
        RestMetadataBranch(scene.github).read()
    assert scene.transport.requests[-1].what == f"GET /repos/o/r/tarball/{HEAD}"


def test_what_is_too_large_for_github_is_refused_and_not_tried_for_ever() -> None:
    too_large = reply(422, {"message": "Sorry, your request timed out. It's likely that your input was too large"})
    with pytest.raises(Refused, match="size"):
        RestMetadataBranch(Scene(COMMIT, too_large).github).commit("b" * 40, {"a": b"1"}, "M")
