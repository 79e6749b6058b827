"""What `EMULATE_DIFFERS` says of emulate is so: a difference that has gone is taken out there."""

import pytest

from claudestep.domain.errors import HostError, NotFound, Stale, Unprocessable
from claudestep.infrastructure.git.command import OUR_NAME
from claudestep.infrastructure.github import blobs, git_data
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.metadata.documents import blob_id
from tests.contract.adapters import OnEmulate, on_emulate
from tests.emulate import Emulate


@pytest.fixture
def there(emulate: Emulate) -> OnEmulate:
    return on_emulate(emulate)


def said(github: GitHub, method: str, path: str, body: dict[str, object] | None = None) -> str:
    """Its words of refusal."""
    with pytest.raises(HostError) as caught:
        github.rest(method, f"/repos/{github.repository}/{path}", object, body)
    return caught.value.host_text


def test_it_differs_from_github_as_it_is_said(there: OnEmulate) -> None:
    github, branch = there.github, there.branch
    version = branch.commit(None, {"a": b"1"}, "First")
    tree = git_data.tree_of(github, version)

    with pytest.raises(HostError):
        blobs.read_one(github, blob_id(b"1"))
    assert git_data.blob(github, blob_id(b"1")) == b"1"
    with pytest.raises(NotFound):
        github.download(f"/repos/{github.repository}/tarball/{version}")
    with pytest.raises(Unprocessable, match="Cannot delete gone"):
        git_data.write_tree(github, {"gone": None}, tree)
    there.reset(None)
    with pytest.raises(NotFound):
        git_data.move_branch(github, version)
    there.reset(version)
    other = git_data.write_commit(github, tree, "Other", (), by={"name": OUR_NAME, "email": "a@b"})
    assert said(github, "PATCH", f"git/{METADATA_REF}", {"sha": other}) == "Update is not a fast-forward"
    with pytest.raises(Stale):
        git_data.move_branch(github, other)
    with pytest.raises(Unprocessable, match="Invalid tree"):
        git_data.write_commit(github, "0" * 40, "M", ())
    with pytest.raises(Unprocessable, match="Invalid parent"):
        git_data.write_commit(github, tree, "M", ["0" * 40])
