"""Ways of writing that ClaudeStep does not use, and pushing a step's branch."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claudestep.domain.naming import LABEL
from claudestep.infrastructure.git.command import OUR_IDENTITY, open_repository
from claudestep.infrastructure.github import uses
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.upstream import GitHubUpstream
from claudestep.infrastructure.hosting.port import BranchExists
from tests.integration.repository import Repository
from tests.live.findings import Notes
from tests.live.ground import Ground
from tests.live.raw import good, told

ZERO = "0" * 40
ABSENT = "1" * 40


def contents(text: str) -> str:
    return b64encode(text.encode()).decode()


def test_refs_of_another_namespace_by_graphql(ground: Ground, found: Notes) -> None:
    """The branch is an ordinary one: whatever GitHub says here, nothing of ours asks for it."""
    repository = good(ground.raw.get("")).json["node_id"]
    commit = ground.seen(lambda: ground.head(ground.base)).what
    ref, other = (f"refs/{LABEL}/{ground.project}/{name}" for name in ("a", "b"))

    created = ground.raw.mutate("createRef", "ref { name }", repositoryId=repository, name=ref, oid=commit)
    found("createRef", told(created))
    update = {"name": other, "beforeOid": ZERO, "afterOid": commit}
    for fact in ("updateRefs that creates", "updateRefs that creates what is there"):
        updated = ground.raw.mutate("updateRefs", "clientMutationId", repositoryId=repository, refUpdates=[update])
        found(fact, told(updated))
    shown = ground.raw.get(f"/git/matching-refs/{LABEL}/{ground.project}")
    found("matching-refs shows of both", f"{told(shown)}, {len(shown.json)}")
    texts = [document(name) for name in uses.DOCUMENTS]
    assert not [text for text in texts if "updateRef" in text or "createRef" in text]


def test_a_put_with_the_id_of_a_file_that_is_not_there(ground: Ground, found: Notes) -> None:
    name = ground.named("put")
    ground.branch(name, {"a.txt": "a\n"})

    heard = ground.raw.put("/contents/absent.txt", message="Put", content=contents("x"), sha=ABSENT, branch=name)

    found("PUT with a sha for an absent file", told(heard))
    assert heard.status in (200, 201, 404, 409, 422)
    assert not [call for call in uses.REST if "/contents" in call.path]


def test_two_puts_of_different_files_at_once(ground: Ground, found: Notes) -> None:
    """At once, which is the fact itself; four writes of one moment, and no pace."""
    name = ground.named("race")
    ground.branch(name, {"a.txt": "a\n"})

    def put(number: int) -> str:
        raw = ground.asker(ground.token, paced=False)
        return told(raw.put(f"/contents/{number}.txt", message="Put", content=contents("x"), branch=name))

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(put, range(4)))

    found("four PUTs at once", "; ".join(answers))
    assert {answer[:3] for answer in answers} <= {"201", "404", "409", "422"}
    assert not [call for call in uses.REST if "/contents" in call.path]


def test_a_push_creates_a_branch_and_moves_none(ground: Ground, tmp_path: Path, found: Notes) -> None:
    """The token is in git's environment, in no argument and in no file."""
    place = Repository(tmp_path)
    place.git("init", "--quiet")
    git = open_repository(place.path, {**place.environment, **ground.environment})
    upstream = GitHubUpstream(git, ground.github(), ground.token)
    tip = ground.seen(lambda: ground.head(ground.base)).what
    upstream.bring(tip)
    one, two = (
        place.git("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", text, env=dict(OUR_IDENTITY))
        for text in ("One", "Two")
    )
    name = ground.named("pushed")

    upstream.publish(name, one)
    found("a pushed branch is shown by REST", ground.seen(lambda: ground.head(name) == one))
    with pytest.raises(BranchExists) as refusal:
        upstream.publish(name, two)

    assert refusal.value.tip == one
    ground.seen(lambda: ground.head(name) == one)
    assert all(ground.token.reveal().encode() not in data for data in place.git_files().values())
