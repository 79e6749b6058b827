"""What one request to GitHub shows, and what it takes where GitHub cuts off, fails or moves."""

import logging
from itertools import pairwise

import pytest

from claudestep.domain.errors import NotFound, RepositoryError, Unauthorized
from claudestep.domain.observation import Questions, StepHead
from claudestep.infrastructure.hosting import record_block
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.github_host import FILES, SPEC, Stage, new_stage, step_record

DOCUMENTS = {".nojekyll": b"claudestep\n", "README.md": "Ümlaut ☃\n".encode(), "projects/auth.json": b'{"a": 1}\n'}
MANY = {f"projects/p{number}.json": b'{"number": %d}\n' % number for number in range(6)}


@pytest.fixture
def stage(github: GitHubServer) -> Stage:
    return new_stage(github)


def begin(stage: Stage, files: dict[str, bytes] | None = None) -> str:
    version = stage.host.branch.commit(None, files or DOCUMENTS, "First\n\nIts story\n")
    stage.repository.forget_requests()
    return version


# Everything at once


def test_everything_comes_in_one_request(stage: Stage) -> None:
    version = begin(stage)
    pull = stage.open()
    stage.repository.label(pull.number, "claudestep")
    stage.repository.assign(pull.number, "bob")
    stage.repository.forget_requests()
    seen = stage.host.observe()
    assert stage.asked() == ["Observe"]
    assert (seen.snapshot.version, seen.snapshot.files, seen.snapshot.log) == (version, DOCUMENTS, ())
    assert seen.default_branch == "main"
    assert seen.bases["main"].commit == stage.repository.head("main")
    assert seen.bases["main"].files == {SPEC: FILES[SPEC].encode()}
    (found,) = seen.pull_requests
    assert (found.number, found.id, found.state, found.branch) == (
        pull.number,
        pull.id,
        "open",
        "claude-step-auth-1",
    )
    assert (found.reviewer, found.assignees, found.record, found.base_branch) == ("bob", ("bob",), None, "main")
    assert seen.now.utcoffset() is not None


def test_where_there_is_no_metadata_branch_there_is_nothing_of_it(stage: Stage) -> None:
    seen = stage.host.observe("")
    assert (seen.snapshot.version, dict(seen.snapshot.files), seen.snapshot.log) == (None, {}, ())
    assert seen.snapshot.log_complete


def test_of_the_folder_specs_and_settings_count_to_the_second_level(stage: Stage) -> None:
    wanted = {
        "claude-step/configuration.yml": "maxOpenPRs: 2\n",
        "claude-step/über/spec.md": "- [ ] ☃\n",
        "claude-step/auth/configuration.yml": "",
        "claude-step/auth/prompt.md": "Do it\r\n",
    }
    other = {"claude-step/auth/notes.txt": "no", "claude-step/auth/deep/spec.md": "no", "claude-step/x.bin": "no"}
    stage.repository.commit("main", {**wanted, **other})
    seen = stage.host.observe()
    expected = {path: text.encode() for path, text in {**wanted, SPEC: FILES[SPEC]}.items()}
    assert seen.bases["main"].files == expected


def test_a_folder_that_is_missing_or_a_file_has_no_specs(stage: Stage) -> None:
    stage.repository.commit("main", {SPEC: None})
    assert stage.host.observe().bases["main"].files == {}
    stage.repository.commit("main", {"claude-step": "a file"})
    assert stage.host.observe().bases["main"].files == {}


def test_the_default_branch_may_have_any_name(github: GitHubServer) -> None:
    stage = new_stage(github, default_branch="trunk/größe")
    seen = stage.host.observe()
    assert seen.default_branch == "trunk/größe"
    assert SPEC in seen.bases["trunk/größe"].files


def test_a_pull_request_from_a_fork_is_not_seen(github: GitHubServer, stage: Stage) -> None:
    fork = github.new_repository(
        FILES, name=f"mallory/{stage.repository.name.partition('/')[2]}", fork_of=stage.repository.name
    )
    fork.branch("claude-step-auth-1")
    fork.commit("claude-step-auth-1", {"code.py": "evil\n"})
    body = record_block.write(step_record())
    pull = stage.repository.open_pull(
        "mallory:claude-step-auth-1", body=body, labels=["claudestep"], author="mallory"
    )
    assert stage.host.observe().pull_requests == ()
    answers = stage.host.look_up(
        Questions(numbers=frozenset({pull["number"]}), heads=frozenset({"claude-step-auth-1"}))
    )
    assert (answers.pull_requests, answers.heads) == ((), {})


def test_hundreds_of_open_pull_requests_come_a_hundred_at_a_time(stage: Stage) -> None:
    begin(stage)
    stage.push()
    commit = stage.repository.head("claude-step-auth-1")
    branches = [f"claude-step-auth-{number}" for number in range(2, 252)]
    stage.repository.git(
        "update-ref", "--stdin", stdin="".join(f"create refs/heads/{b} {commit}\n" for b in branches)
    )
    stage.push("claude-step-auth-999")
    for branch in ("claude-step-auth-999", *branches):
        stage.repository.open_pull(branch, labels=["claudestep"])
    stage.repository.merge(1)
    stage.repository.close(2)
    stage.repository.forget_requests()
    seen = stage.host.observe()
    assert stage.asked() == ["Observe", "LabelledPulls", "LabelledPulls"]
    assert len(seen.pull_requests) == 251
    assert all(one.number < other.number for one, other in pairwise(seen.pull_requests))
    states = [pull.state for pull in seen.pull_requests]
    assert states == ["merged", "closed"] + ["open"] * 249


@pytest.mark.parametrize("is_lost", [True, False])
def test_all_that_ended_count_where_the_documents_are_lost(
    stage: Stage,
    is_lost: bool,  # noqa: FBT001
) -> None:
    for number in range(1, 103):
        stage.push(f"claude-step-auth-{number}")
        stage.repository.open_pull(f"claude-step-auth-{number}", labels=["claudestep"])
        stage.repository.close(number)
    if not is_lost:
        begin(stage)
    stage.repository.forget_requests()
    seen = stage.host.observe()
    assert stage.asked() == ["Observe", *["RecordedPulls"] * 2 * is_lost]
    assert len(seen.pull_requests) == (102 if is_lost else 100)
    assert seen.is_lost == is_lost


# What cannot be seen


def test_a_repository_that_is_not_there_has_a_sentence(stage: Stage) -> None:
    stage.repository.name = "o/nowhere"
    with pytest.raises(NotFound, match=r"no repository o/nowhere on .*, or the token may not see it") as caught:
        stage.again().host.observe()
    assert "token" in caught.value.remedy


def test_a_private_repository_of_others_has_the_same_sentence(github: GitHubServer) -> None:
    github.add_user("stranger", "token-of-a-stranger", "outsider")
    stage = new_stage(github, private=True)
    with pytest.raises(NotFound, match="or the token may not see it"):
        stage.again("token-of-a-stranger").host.observe()


def test_an_empty_repository_has_a_sentence_with_what_to_do(github: GitHubServer) -> None:
    stage = Stage(github.new_repository())
    with pytest.raises(RepositoryError, match="has no commit yet") as caught:
        stage.host.observe()
    assert "git push" in caught.value.remedy


def test_a_token_that_expired_is_named_and_asked_with_once(github: GitHubServer, stage: Stage) -> None:
    github.add_user("late", "token-that-expired", "expired")
    with pytest.raises(Unauthorized):
        stage.again("token-that-expired").host.observe()


# Cut off, broken, moved


@pytest.mark.parametrize("count", [1, 3])
def test_a_few_files_that_do_not_come_whole_are_read_one_by_one(stage: Stage, count: int) -> None:
    large = {f"projects/large{number}.json": b"\xc3\xbc" * 300_000 + b"%d" % number for number in range(count)}
    begin(stage, DOCUMENTS | large)
    assert stage.host.observe().snapshot.files == DOCUMENTS | large
    asked = stage.asked()
    assert asked[0] == "Observe"
    assert [one.partition("/blobs/")[0] for one in asked[1:]] == ["GET /git"] * count


def test_many_files_that_do_not_come_whole_are_read_as_one_archive(stage: Stage) -> None:
    begin(stage, DOCUMENTS | MANY)
    stage.repository.fault(Fault(kind="truncate", on="graphql query", bytes=5, times=None))
    assert stage.host.observe().snapshot.files == DOCUMENTS | MANY
    head = stage.repository.head("claudestep-metadata")
    asked = [one for one in stage.asked() if "/git/blobs/" not in one]
    assert asked[:2] == ["Observe", f"GET /tarball/{head}"]
    assert len(asked) <= 3


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=502, times=2, on="graphql query"),
        Fault(kind="partial", times=2, on="graphql query"),
        Fault(kind="garbage", times=2, on="graphql query"),
        Fault(kind="cut", times=2, on="graphql query"),
        Fault(kind="reset", times=2, on="graphql query"),
    ],
    ids=lambda fault: fault.kind,
)
def test_where_the_big_question_fails_less_is_asked_at_a_time(
    stage: Stage, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    version = begin(stage, DOCUMENTS | MANY)
    stage.repository.fault(fault)
    caplog.set_level(logging.INFO)
    before = stage.client.requests
    seen = stage.host.observe("")
    assert stage.repository.pending_faults() == []
    assert (seen.snapshot.version, seen.snapshot.files) == (version, DOCUMENTS | MANY)
    assert [entry.message.partition("\n")[0] for entry in seen.snapshot.log] == ["First"]
    assert seen.bases["main"].files == {SPEC: FILES[SPEC].encode()}
    asked = stage.asked()
    assert asked[:4] == ["Observe", "Observe", "Observe", f"GET /tarball/{version}"]
    assert [one.partition("/blobs/")[0] for one in asked[4:]] == ["GET /git"]
    assert stage.client.requests - before == len(asked) + 1  # the archive is on another host
    told = [record.message for record in caplog.records]
    assert any("asking GitHub for less" in message for message in told)
    assert any(message == f"seen with {len(asked) + 1} requests to GitHub" for message in told)


def test_many_specs_that_did_not_come_are_asked_for_together(stage: Stage) -> None:
    specs = {f"claude-step/p{number}/spec.md": f"- [ ] Number {number}\n" for number in range(60)}
    stage.repository.commit("main", specs)
    stage.repository.fault(Fault(kind="status", times=2, on="graphql query Observe"))
    seen = stage.host.observe()
    assert seen.bases["main"].files == {path: text.encode() for path, text in {**specs, SPEC: FILES[SPEC]}.items()}
    assert len(stage.asked()) == 3 + 2


@pytest.mark.parametrize("ref", ["refs/heads/claudestep-metadata", "refs/heads/main"])
def test_head_and_files_are_of_one_commit_though_somebody_writes_meanwhile(stage: Stage, ref: str) -> None:
    begin(stage)
    moved = {"projects/auth.json": '{"a": 2}\n', SPEC: "- [ ] Other\n"}
    stage.repository.fault(Fault(kind="move", on="graphql query", ref=ref, files=moved))
    seen = stage.host.observe()
    assert stage.repository.pending_faults() == []
    for commit, files in (
        (seen.snapshot.version or "", seen.snapshot.files),
        (seen.bases["main"].commit, seen.bases["main"].files),
    ):
        for path, content in files.items():
            assert stage.repository.show(path, commit).encode() == content


# What was left open


def test_everything_that_was_left_open_is_answered_in_one_request(stage: Stage) -> None:
    stage.repository.branch("release/1.x")
    stage.repository.commit("release/1.x", {"claude-step/old/spec.md": "- [ ] Old\n"})
    pull = stage.open("claude-step-auth-1")
    tip = stage.push("claude-step-auth-2", "ClaudeStep: Two\n\nClaudeStep-Claim: c2\n")
    answers = stage.host.look_up(
        Questions(
            bases=frozenset({"release/1.x", "gone"}),
            heads=frozenset({"claude-step-auth-1", "claude-step-auth-2", "claude-step-auth-3"}),
            numbers=frozenset({pull.number, 999}),
        )
    )
    assert len(stage.asked()) == 1
    assert {name: base.files for name, base in answers.bases.items()} == {
        "release/1.x": {SPEC: FILES[SPEC].encode(), "claude-step/old/spec.md": b"- [ ] Old\n"}
    }
    assert answers.heads == {
        "claude-step-auth-1": StepHead(pull.head_commit, "c1"),
        "claude-step-auth-2": StepHead(tip, "c2"),
    }
    (found,) = answers.pull_requests
    assert (found.number, found.record) == (pull.number, step_record())


def test_a_record_counts_by_the_label_or_by_the_branch_of_a_claim(stage: Stage) -> None:
    pull = stage.open()
    alone = Questions(numbers=frozenset({pull.number}))
    assert [found.record for found in stage.host.look_up(alone).pull_requests] == [None]
    claimed = Questions(heads=frozenset({pull.branch}))
    assert [found.record for found in stage.host.look_up(claimed).pull_requests] == [step_record()]
    stage.repository.label(pull.number, "claudestep")
    assert [found.record for found in stage.host.look_up(alone).pull_requests] == [step_record()]
    stage.repository.change_pull(pull.number, body=record_block.write(step_record("claude-step-auth-2")))
    assert [found.record for found in stage.host.look_up(alone).pull_requests] == [None]


def test_very_many_questions_are_asked_fifty_at_a_time(stage: Stage) -> None:
    pull = stage.open()
    answers = stage.host.look_up(
        Questions(numbers=frozenset(range(1, 121)), heads=frozenset({"claude-step-auth-1"}))
    )
    assert len(stage.asked()) == 3
    assert {found.number for found in answers.pull_requests} == {pull.number}
