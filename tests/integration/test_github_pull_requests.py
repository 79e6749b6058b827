"""Pull requests on GitHub: opened once whatever happens, and dressed as far as it can be."""

from dataclasses import replace

import pytest

from claudestep.domain.errors import Forbidden, Transient, Unprocessable
from claudestep.domain.observation import Questions
from claudestep.infrastructure.hosting import marked_part, record_block
from claudestep.infrastructure.hosting.port import Dress
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.github_host import Stage, new_stage, step_record

CREATE = "graphql mutation createPullRequest"
TWICE = 2


@pytest.fixture
def stage(github: GitHubServer) -> Stage:
    return new_stage(github)


@pytest.fixture
def actions(github: GitHubServer) -> Stage:
    """A repository that a workflow acts on."""
    github.add_user("", "token-of-a-workflow", "actions")
    return Stage(new_stage(github).repository, "token-of-a-workflow")


# Opening


def test_finalize_takes_one_request_to_open_and_one_to_dress(stage: Stage) -> None:
    stage.push()
    stage.host.observe()
    stage.repository.forget_requests()
    pull = stage.host.open_pull_request(stage.draft(reviewer="alice"))
    assert stage.asked() == ["CreatePullRequest"]
    assert stage.host.dress(pull, Dress(labels=(), reviewer="alice")) == ()
    assert stage.asked() == ["Dress"]
    made = stage.repository.pull(pull.number)
    assert (made["labels"], made["assignees"], made["reviewers"]) == (["claudestep"], ["alice"], ["alice"])


def test_what_was_opened_comes_back_as_it_is_seen_later(stage: Stage) -> None:
    stage.push()
    pull = stage.host.open_pull_request(stage.draft())
    (seen,) = stage.again().host.look_up(Questions(heads=frozenset({pull.branch}))).pull_requests
    assert seen == pull
    assert (pull.record, pull.base_branch, pull.head_commit) == (
        step_record(),
        "main",
        stage.repository.head(pull.branch),
    )
    assert pull.url.endswith(f"/{stage.repository.name}/pull/{pull.number}")


def test_any_text_arrives_as_it_was(stage: Stage) -> None:
    stage.push()
    body = 'Say "hi" \\ \N{SNOWMAN} \U0001d11e ${{ x }} `$(id)`\n\n\ttab\n'
    draft = replace(stage.draft(), title='ClaudeStep: "quotes" \N{ROCKET}\n\nand  \t lines', body=body)
    made = stage.repository.pull(stage.host.open_pull_request(draft).number)
    assert made["title"] == 'ClaudeStep: "quotes" \N{ROCKET} and lines'
    assert made["body"] == marked_part.marked(body)


def test_texts_that_are_too_long_are_cut_and_the_record_is_not(stage: Stage) -> None:
    stage.push()
    draft = stage.draft()
    long = replace(draft, title="t" * 300, body=f"{'x' * 70_000}\n\n{record_block.write(draft.record)}")
    pull = stage.host.open_pull_request(long)
    made = stage.repository.pull(pull.number)
    assert len(made["title"]) == 256
    assert len(made["body"]) <= 65_536
    assert record_block.read(made["body"]) == draft.record


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=502, when="after", on=CREATE),
        Fault(kind="cut", on=CREATE),
        Fault(kind="garbage", on=CREATE),
        Fault(kind="reset", when="after", on=CREATE),
        Fault(kind="status", status=502, when="before", on=CREATE),
        Fault(kind="reset", when="before", on=CREATE, times=2),
        Fault(kind="partial", on=CREATE),
    ],
    ids=lambda fault: f"{fault.kind} {fault.when} x{fault.times}",
)
def test_whatever_becomes_of_the_answer_there_is_one_pull_request(stage: Stage, fault: Fault) -> None:
    stage.push()
    stage.repository.fault(fault)
    pull = stage.host.open_pull_request(stage.draft())
    assert stage.repository.pending_faults() == []
    assert [made["number"] for made in stage.repository.pulls()] == [pull.number]
    assert pull.record == step_record()


def test_after_four_tries_without_an_answer_it_says_so(stage: Stage) -> None:
    stage.push()
    stage.repository.fault(Fault(kind="status", status=502, when="before", on=CREATE, times=None))
    with pytest.raises(Transient):
        stage.host.open_pull_request(stage.draft())
    assert stage.asked().count("CreatePullRequest") == 4


def test_one_that_is_open_already_is_returned(stage: Stage) -> None:
    pull = stage.open()
    assert stage.again().host.open_pull_request(stage.draft()) == pull
    assert len(stage.repository.pulls()) == 1


def test_one_that_others_opened_on_the_branch_is_adopted_without_a_record(stage: Stage) -> None:
    stage.push()
    number = stage.repository.open_pull("claude-step-auth-1", body="By hand")["number"]
    pull = stage.host.open_pull_request(stage.draft())
    assert (pull.number, pull.record) == (number, None)


def test_a_pull_request_of_a_fork_with_the_same_branch_is_not_adopted(github: GitHubServer, stage: Stage) -> None:
    fork_name = f"mallory/{stage.repository.name.partition('/')[2]}"
    fork = github.new_repository({"a": "b"}, name=fork_name, fork_of=stage.repository.name)
    fork.branch("claude-step-auth-1")
    fork.commit("claude-step-auth-1", {"code.py": "evil\n"})
    forged = stage.repository.open_pull(
        "mallory:claude-step-auth-1", author="mallory", body=record_block.write(step_record())
    )
    stage.push()
    stage.repository.fault(Fault(kind="status", status=502, when="after", on=CREATE))
    pull = stage.host.open_pull_request(stage.draft())
    assert pull.number != forged["number"]


def test_a_flood_of_pull_requests_from_forks_hides_nothing(github: GitHubServer, stage: Stage) -> None:
    pull = stage.open()
    fork = github.new_repository(
        {"a": "b"}, name=f"mallory/{stage.repository.name.partition('/')[2]}", fork_of=stage.repository.name
    )
    fork.branch(pull.branch)
    fork.commit(pull.branch, {"code.py": "evil\n"})
    for number in range(21):
        stage.repository.branch(f"base-{number}")
        stage.repository.open_pull(f"mallory:{pull.branch}", author="mallory", base=f"base-{number}")

    answers = stage.again().host.look_up(Questions(heads=frozenset({pull.branch})))

    assert [found.number for found in answers.pull_requests] == [pull.number]
    assert stage.again().host.open_pull_request(stage.draft()) == pull


def test_a_branch_that_is_not_known_everywhere_yet_is_tried_again(stage: Stage) -> None:
    commit = stage.push()
    draft = stage.draft()
    stage.repository.delete_branch(draft.branch)
    stage.clock.while_asleep(lambda: stage.repository.git("update-ref", f"refs/heads/{draft.branch}", commit))
    assert stage.host.open_pull_request(draft).head_commit == commit


def test_a_branch_that_stays_unknown_may_still_be_shown_later(stage: Stage) -> None:
    """Its commit was pushed: the claim has to hold, so that a later run goes on."""
    stage.push()
    draft = stage.draft()
    stage.repository.delete_branch(draft.branch)
    with pytest.raises(Transient, match="does not show yet"):
        stage.host.open_pull_request(draft)
    assert stage.clock.elapsed >= 10


def test_a_base_that_is_not_there_is_no_matter_of_time(stage: Stage) -> None:
    stage.push()
    with pytest.raises(Unprocessable, match="Base ref"):
        stage.host.open_pull_request(stage.draft(base_branch="gone"))
    assert stage.asked().count("CreatePullRequest") == 1


def test_where_workflows_may_not_open_them_the_setting_is_named(actions: Stage) -> None:
    actions.repository.configure(settings={"actions_may_open_pulls": False})
    actions.push()
    with pytest.raises(Forbidden) as caught:
        actions.host.open_pull_request(actions.draft())
    assert "Allow GitHub Actions to create and approve pull requests" in caught.value.remedy


def test_a_workflow_opens_dresses_and_asks_for_the_review(actions: Stage) -> None:
    actions.repository.configure(settings={"actions_may_open_pulls": True})
    pull = actions.open()
    assert actions.host.dress(pull, Dress(reviewer="alice")) == ()
    made = actions.repository.pull(pull.number)
    assert (made["labels"], made["assignees"], made["reviewers"]) == (["claudestep"], ["alice"], ["alice"])


# Dressing


def test_dressing_twice_is_dressing_once(stage: Stage) -> None:
    pull = stage.open()
    for _ in range(TWICE):
        assert stage.again().host.dress(pull, Dress(labels=("claudestep",), reviewer="bob")) == ()
    made = stage.repository.pull(pull.number)
    assert (made["labels"], made["assignees"], made["reviewers"]) == (["claudestep"], ["bob"], ["bob"])


def test_labels_that_are_not_there_are_made(stage: Stage) -> None:
    pull = stage.open()
    labels = ("ClaudeStep", 'Tech "debt" 🚀', "größe", " ")
    assert stage.host.dress(pull, Dress(labels=labels, reviewer=None)) == ()
    made = stage.repository.pull(pull.number)
    assert sorted(made["labels"]) == sorted(["claudestep", 'Tech "debt" 🚀', "größe"])
    stage.repository.forget_requests()
    assert stage.again().host.dress(pull, Dress(labels=labels)) == ()
    assert stage.asked() == ["Wardrobe", "Dress"]


def test_the_label_is_made_where_the_repository_has_none(github: GitHubServer) -> None:
    stage = Stage(github.new_repository({"a": "b"}))
    pull = stage.open()
    assert stage.host.dress(pull, Dress()) == ()
    assert stage.repository.pull(pull.number)["labels"] == ["claudestep"]


def test_the_tokens_own_user_is_assigned_and_not_asked(stage: Stage) -> None:
    pull = stage.open()
    assert stage.host.dress(pull, Dress(reviewer="Octo-Dev")) == ()
    made = stage.repository.pull(pull.number)
    assert (made["assignees"], made["reviewers"]) == (["octo-dev"], [])


def test_the_author_of_an_adopted_one_is_assigned_and_not_asked(stage: Stage) -> None:
    stage.push()
    stage.repository.open_pull("claude-step-auth-1", author="alice")
    pull = stage.host.open_pull_request(stage.draft(reviewer="alice"))
    assert stage.host.dress(pull, Dress(reviewer="alice")) == ()
    made = stage.repository.pull(pull.number)
    assert (made["assignees"], made["reviewers"]) == (["alice"], [])


def test_somebody_who_is_no_collaborator_is_a_warning_and_the_labels_stay(stage: Stage) -> None:
    pull = stage.open()
    (warning,) = stage.host.dress(pull, Dress(reviewer="mallory"))
    assert "mallory is no collaborator" in warning
    assert stage.repository.pull(pull.number)["labels"] == ["claudestep"]


def test_a_missing_permission_is_a_warning_for_each_thing(github: GitHubServer, stage: Stage) -> None:
    pull = stage.open()
    github.add_user("reader", "token-of-a-reader", "read")
    warnings = stage.again("token-of-a-reader").host.dress(pull, Dress(reviewer="alice"))
    assert [warning.partition(" could not")[0] for warning in warnings] == [
        "the labels claudestep",
        "alice",
        "alice",
    ]


def test_a_part_that_fails_loses_nothing_of_the_others(stage: Stage) -> None:
    pull = stage.open()
    stage.repository.fault(Fault(kind="partial", on="graphql mutation requestReviews"))
    (warning,) = stage.host.dress(pull, Dress(reviewer="alice"))
    assert warning.startswith("alice could not be asked for the review")
    made = stage.repository.pull(pull.number)
    assert (made["labels"], made["assignees"]) == (["claudestep"], ["alice"])


def test_where_the_ids_cannot_be_asked_for_the_label_is_set_all_the_same(stage: Stage) -> None:
    pull = stage.open()
    stage.repository.fault(Fault(kind="status", on="graphql query Wardrobe", times=None))
    (warning,) = stage.again().host.dress(pull, Dress(reviewer="alice"))
    assert warning.startswith("alice could not be assigned")
    assert stage.repository.pull(pull.number)["labels"] == ["claudestep"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_dressing_without_an_answer_is_tried_again(stage: Stage, when: str) -> None:
    pull = stage.open()
    stage.host.dress(pull, Dress())  # learns the ids
    stage.repository.fault(Fault(kind="status", when=when, on="graphql mutation addAssigneesToAssignable"))  # type: ignore[arg-type]
    assert stage.host.dress(pull, Dress(reviewer="alice")) == ()
    assert stage.repository.pull(pull.number)["reviewers"] == ["alice"]
