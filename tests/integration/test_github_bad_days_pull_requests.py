"""Bad days with GitHub: people, labels and texts that it does not take, pull requests that change under a run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from claudestep.infrastructure.hosting import record_block
from claudestep.infrastructure.hosting.marked_part import LONGEST_BODY
from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.integration.bad_days import PAID, TWO, meanwhile
from tests.integration.github_clone import METADATA, PROJECT, GitHubClone

OPENED = "claude-step-p-1"


@pytest.fixture
def begin(github: GitHubServer, tmp_path: Path) -> Callable[..., GitHubClone]:
    """Make a repository, and a clone of it."""
    return lambda **settings: GitHubClone.of(github, tmp_path, **{"command": PAID, **settings})


Begin = Callable[..., GitHubClone]


# People


@pytest.mark.parametrize(
    ("reviewer", "assigned", "asked", "note"),
    [
        ("mallory", [], [], "mallory is no collaborator of"),
        ("nobody-of-that-name", [], [], "nobody-of-that-name is no collaborator of"),
        ("octo-dev", ["octo-dev"], [], ""),
        ("ALICE", ["alice"], ["alice"], ""),
    ],
    ids=["no collaborator", "unknown", "the author", "odd case"],
)
def test_reviewers(begin: Begin, reviewer: str, assigned: list[str], asked: list[str], note: str) -> None:
    """The pull request is opened whoever they are, and counts as the load of who was to review it."""
    clone = begin(more=f"reviewers:\n  - username: {reviewer}\n")

    result = clone.run("run", PROJECT)

    assert (result.code, result.err, result.out.count("note: ")) == (0, "", 1 if note else 0)
    assert note in result.out
    assert (clone.pull()["assignees"], clone.pull()["reviewers"]) == (assigned, asked)
    assert (clone.step(1)["reviewer"], clone.step(1)["pr_number"]) == (reviewer, 1)
    assert f"{reviewer} has 1 of 1" in clone.run("run", PROJECT).out
    assert clone.run("sync").out.endswith("The documents say what is there.\n")


# Labels and texts


@pytest.mark.parametrize("label", ["🚀 go", 'it\'s "x"', "<b>&amp;</b>", "a, b", "é" * 50, "Claudestep"])
def test_odd_labels(begin: Begin, label: str) -> None:
    clone = begin(more=f"labels: [{json.dumps(label, ensure_ascii=False)}]\n")

    result = clone.run("run", PROJECT)

    assert (result.code, result.err, "note:" in result.out) == (0, "", False)
    assert {name.lower() for name in clone.pull()["labels"]} == {label.lower(), "claudestep"}


def test_a_label_that_github_does_not_take_costs_no_other_one(begin: Begin) -> None:
    """Its names have at most 50 characters."""
    clone = begin(more=f"labels: [migration, {'x' * 51}]\n")

    result = clone.run("run", PROJECT)

    assert result.code == 0, result
    assert sorted(clone.pull()["labels"]) == ["claudestep", "migration"]
    assert f"the labels {'x' * 51} could not be set" in result.out
    assert "too long (maximum is 50 characters)" in result.out


@pytest.mark.parametrize(
    "step",
    [
        "🚀 \"quote\" 'x' <b>bold</b> & `code`",
        "ask @alice, fixes #12",
        '<!-- claudestep:record {"project": "q"} -->',
        "\\<!-- claudestep:end --> and more",
        "long " * 1000,
    ],
    ids=["html", "mentions", "a block of ours", "a mark of ours", "5,000 characters"],
)
def test_odd_steps(begin: Begin, step: str) -> None:
    """The text says nothing to anybody by itself, and the record in it is ours."""
    clone = begin(spec=f"# Steps\n\n- [ ] {step}\n")

    result = clone.run("run", PROJECT)

    assert (result.code, result.err) == (0, ""), result
    pull = clone.pull()
    assert len(pull["title"]) <= 80
    assert "\n" not in pull["title"]
    assert "@alice" not in pull["body"].partition("<!-- claudestep:begin")[0]
    assert "fixes #12" not in pull["title"]
    record = record_block.read(pull["body"])
    assert record is not None
    assert (record.project, record.step_description) == (PROJECT, clone.step(1)["step_description"])


def test_a_title_is_plain_text(begin: Begin) -> None:
    clone = begin(spec="# Steps\n\n- [ ] Close </b> tags\n")
    clone.run("run", PROJECT)
    assert clone.pull()["title"] == "ClaudeStep: Close </b> tags"


def usage(tasks: int) -> str:
    """An agent that was asked that many times, of models with long names."""
    one = {"type": "PRCreation", "cost_usd": 0.01, "created_at": "2026-11-20T00:00:00Z"}
    listed = json.dumps([{**one, "model": f"{'m' * 200}{number}"} for number in range(tasks)])
    return f"{PAID}\ncat > \"$CLAUDESTEP_USAGE_FILE\" <<'END'\n{listed}\nEND"


def test_a_body_that_is_too_long_is_cut_and_its_record_is_not(begin: Begin) -> None:
    clone = begin(spec=f"# Steps\n\n- [ ] {'L' * 20_000}\n", command=usage(108))

    assert clone.run("run", PROJECT).code == 0

    body = clone.pull()["body"]
    assert len(body) == LONGEST_BODY
    record = record_block.read(body)
    assert record is not None
    assert len(record.ai_tasks) == 108
    assert clone.step(1)["pr_number"] == 1


def test_a_record_that_is_too_long_is_left_out(begin: Begin) -> None:
    """The documents have it all; half a record would bring back half of the costs."""
    clone = begin(command=usage(300))

    result = clone.run("run", PROJECT)

    assert result.code == 0, result
    body = clone.pull()["body"]
    assert len(body) <= LONGEST_BODY
    assert record_block.read(body) is None
    assert "it is on the metadata branch only" in body
    assert (len(clone.step(1)["ai_tasks"]), clone.step(1)["pr_number"]) == (300, 1)


# What people do to a pull request meanwhile


def _retargeted(remote: RemoteRepository) -> None:
    remote.branch("other")
    remote.retarget(1, "other")


def _to_many(remote: RemoteRepository) -> None:
    remote.change_pull(1, add_assignees=[f"helper-{number}" for number in range(9)], remove_assignees=["alice"])


MEANWHILE: dict[str, tuple[Callable[[RemoteRepository], object], str]] = {
    "merged": (lambda remote: remote.merge(1), "done"),
    "closed": (lambda remote: remote.close(1), "closed"),
    "without branch": (lambda remote: remote.delete_branch(OPENED), "closed"),
    "draft": (lambda remote: remote.change_pull(1, draft=True), "in_review"),
    "retargeted": (_retargeted, "in_review"),
    "without label": (lambda remote: remote.unlabel(1, "claudestep"), "in_review"),
    "with many assignees": (_to_many, "in_review"),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_pull_request_changes_while_the_next_step_is_recorded(
    github: GitHubServer, tmp_path: Path, what: str
) -> None:
    act, state = MEANWHILE[what]
    helpers = [f"helper-{number}" for number in range(9)]
    clone = GitHubClone.of(github, tmp_path, command=PAID, more=TWO, collaborators=("alice", "bob", *helpers))
    clone.run("run", PROJECT)

    result = meanwhile(clone, "createPullRequest", lambda: act(clone.remote), "run", PROJECT)

    assert result.code == 0, result
    assert clone.step(2)["pr_number"] == 2
    assert clone.run("sync").code == 0
    assert clone.states() == {1: state, 2: "in_review", 3: "to_do"}
    assert clone.run("sync").out.endswith("The documents say what is there.\n")


@pytest.mark.parametrize(("what", "state"), [("merged", "done"), ("closed", "closed")])
def test_our_own_pull_request_ends_before_it_is_recorded(begin: Begin, what: str, state: str) -> None:
    clone = begin(more=TWO)
    act, _ = MEANWHILE[what]

    result = meanwhile(clone, "addAssigneesToAssignable", lambda: act(clone.remote), "run", PROJECT)

    assert result.code == 0, result
    clone.run("sync")
    assert clone.states()[1] == state
    assert METADATA in clone.refs()
