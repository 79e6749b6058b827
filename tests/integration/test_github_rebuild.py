"""claudestep metadata rebuild on GitHub: from hundreds of pull requests, and beside other runs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import claudestep
from claudestep.application.rebuild import rebuild
from claudestep.cli.settings import Settings
from claudestep.cli.wiring import connect
from claudestep.domain.errors import MetadataLost
from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.hosting import record_block
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.github_clone import GitHubClone
from tests.integration.github_host import step_record
from tests.integration.repository import METADATA, PROJECT, Result
from tests.integration.test_cli_rebuild import COSTS

MORE = "reviewers: [{username: alice, maxOpenPRs: 3}, {username: bob, maxOpenPRs: 3}]\n"
DOCUMENT = f"projects/{PROJECT}.json"
REFS = "GET matching-refs/heads/claude-step-"
BEGIN = ["POST trees", "POST commits", "POST refs"]


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return GitHubClone.of(github, tmp_path, command=COSTS, more=MORE)


@pytest.fixture
def lost(clone: GitHubClone) -> GitHubClone:
    """Merged, turned down and done again, reassigned, in review; then the metadata branch is deleted."""
    for _ in range(3):
        clone.run("run", PROJECT)
    clone.remote.merge(1)
    clone.remote.close(2)
    clone.run("sync")
    clone.run("retry", PROJECT, "2")
    clone.run("run", PROJECT)
    clone.remote.change_pull(3, remove_assignees=["alice", "bob"])
    clone.remote.assign(3, "bob")
    clone.run("sync")
    clone.remote.git("update-ref", "refs/kept", METADATA)
    clone.remote.delete_branch(METADATA_BRANCH)
    return clone


def counted(clone: GitHubClone, *args: str) -> tuple[Result, list[str]]:
    """Run the program; its result, and what it asked, in short."""
    clone.remote.forget_requests()
    result = clone.run(*args)
    asked = (one.operation.replace(f"/repos/{clone.remote.name}/git/", "") for one in clone.requests())
    return result, list(asked)


def same(clone: GitHubClone) -> tuple[object, object]:
    """The document and that which was lost, without the times of the document itself."""
    before, after = json.loads(clone.show(f"refs/kept:{DOCUMENT}")), clone.document()
    for document in (before, after):
        del document["created_at"], document["last_updated"]
        for step in document["steps"]:
            assert (step.pop("completed_at", None) is None) == (step["step_index"] != 1)
    first = clone.step(1)
    assert first["completed_at"] == first["merged_at"], "not the time of the rebuild"
    return before, after


@pytest.mark.parametrize("command", ["run p", "sync", "retry p 2", "skip p 3", "close 3", "metadata rename p q"])
def test_what_would_write_is_refused(lost: GitHubClone, command: str) -> None:
    before, pulls = lost.remote.git("for-each-ref"), lost.remote.pulls()

    result, asked = counted(lost, *command.split())

    assert (result.code, result.out) == (1, "")
    assert "claudestep metadata rebuild" in result.err
    assert (lost.remote.git("for-each-ref"), lost.remote.pulls()) == (before, pulls)
    assert asked[:3] == ["Observe", "RecordedPulls", "Metadata"], "observed; was it begun meanwhile?"


def test_the_python_interface_asks_one_question_before_it_begins(
    lost: GitHubClone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in lost.environment.items():
        monkeypatch.setenv(name, value)
    lost.remote.forget_requests()
    with pytest.raises(MetadataLost):
        claudestep.open_store(lost.remote.name).update("q", lambda project: project)
    assert [one.operation for one in lost.requests()] == ["Metadata", "RecordedPulls", "Metadata"]
    assert METADATA not in lost.refs()


def test_what_reads_shows_what_the_pull_requests_tell(lost: GitHubClone) -> None:
    result = lost.run("status")
    assert "$1.00" in result.out
    assert "WARNING: there is no branch claudestep-metadata" in result.err
    assert "$1.00" in lost.run("metadata", "list").out


def test_the_document_is_what_it_was(lost: GitHubClone) -> None:
    result, asked = counted(lost, "metadata", "rebuild", "--yes")

    assert result.code == 0, result
    before, after = same(lost)
    assert after == before
    assert asked == ["Observe", "RecordedPulls", REFS, *BEGIN]
    assert lost.run("sync").out == "The documents say what is there.\n"
    assert lost.run("metadata", "rebuild", "--yes").out == "Nothing is missing that the pull requests tell.\n"


def test_hundreds_come_a_hundred_at_a_time_and_all_of_them(clone: GitHubClone) -> None:
    lines = [f"Line {number}" for number in range(1, 131)]
    clone.write(f"claude-step/{PROJECT}/spec.md", "".join(f"- [ ] {line}\n\n" for line in lines))
    clone.commit()
    commit = clone.remote.commit("seed", {"x": "y"})
    branches = {n: f"claude-step-{PROJECT}-{n}" for n in range(1, 131)}
    clone.remote.git(
        "update-ref", "--stdin", stdin="".join(f"create refs/heads/{b} {commit}\n" for b in branches.values())
    )
    for number, branch in branches.items():
        record = step_record(branch, project=PROJECT, step_description=lines[number - 1])
        clone.remote.open_pull(branch, body=record_block.write(record), labels=["claudestep"])
        if number <= 120:
            clone.remote.close(number)

    result, asked = counted(clone, "metadata", "rebuild", "--yes", "--json")

    (one,) = result.json["projects"]
    assert one["pull_requests"] == {"open": 10, "merged": 0, "closed": 120}
    assert asked == ["Observe", "RecordedPulls", "RecordedPulls", REFS, REFS, *BEGIN]
    assert [step["pr_number"] for step in clone.document()["steps"]] == list(range(1, 131))


def test_strangers_and_texts_that_do_not_fit_are_left_out(lost: GitHubClone, github: GitHubServer) -> None:
    """From a fork; without the label; with a record of another step."""
    fork = github.new_repository(name=f"mallory/{lost.remote.name.partition('/')[2]}", fork_of=lost.remote.name)
    fork.branch("claude-step-p-3")
    fork.commit("claude-step-p-3", {"x": "evil"})
    body = record_block.write(step_record("claude-step-p-3", project=PROJECT, step_description="Three"))
    lost.remote.open_pull("mallory:claude-step-p-3", body=body, labels=["claudestep"], author="mallory")
    lost.remote.branch("claude-step-p-3.7")
    lost.remote.commit("claude-step-p-3.7", {"x": "y"})
    lost.remote.open_pull("claude-step-p-3.7", body=body, labels=[])
    lost.remote.branch("claude-step-p-9")
    lost.remote.commit("claude-step-p-9", {"x": "z"})
    wrong = lost.remote.open_pull("claude-step-p-9", body=body, labels=["claudestep"])["number"]

    result = lost.run("metadata", "rebuild", "--yes")

    assert f"note: pull request #{wrong} from claude-step-p-9 is left out" in result.out
    assert result.out.count("is left out") == 1
    assert lost.step(3)["pr_number"] == 3
    assert lost.step(3)["attempts"] == 7, "the name of a branch is never given again"


def test_a_dry_run_writes_nothing(lost: GitHubClone) -> None:
    before = lost.remote.git("for-each-ref")
    result, asked = counted(lost, "metadata", "rebuild")
    assert result.out.endswith("write it: claudestep metadata rebuild --yes\n")
    assert asked == ["Observe", "RecordedPulls", REFS]
    assert lost.remote.git("for-each-ref") == before


def test_where_another_one_was_first_it_decides_again(lost: GitHubClone) -> None:
    """Both saw no branch; the other one's rebuild came first, and a run wrote after it."""
    backend = connect(Settings(environment=lost.environment), lost.path)
    look = backend.host.observe
    seen: list[str | None] = []

    class Slow:
        """A host that lets others go first, once."""

        def __getattr__(self, name: str) -> object:
            return getattr(backend.host, name)

        def observe(self, since: str | None = None, *, every: bool = False) -> object:
            found = look(since, every=every)
            if not seen:
                assert lost.run("metadata", "rebuild", "--yes").code == 0
                assert lost.run("skip", PROJECT, "3").code in (0, 2)
            seen.append(found.snapshot.version)
            return found

    done = rebuild(replace(backend, host=Slow()), dry_run=False)  # type: ignore[arg-type]
    assert (done.projects, done.wrote) == ((), False)
    assert seen[0] is None
    assert seen[1] is not None
    assert lost.log()[0] == f"Rebuild {PROJECT}"


def test_an_answer_that_is_lost_is_looked_for(lost: GitHubClone) -> None:
    lost.remote.fault(Fault(kind="reset", on="POST */git/refs", when="after"))
    result = lost.run("metadata", "rebuild", "--yes")
    assert result.code == 0
    assert lost.log() == [f"Rebuild {PROJECT}"]
