"""The first run of all in a repository on GitHub: each of its requests, and what must be there in the end."""

from pathlib import Path
from typing import NamedTuple

from tests.github_server.fixture import GitHubServer
from tests.integration.github_clone import GitHubClone

REVIEWERS = "reviewers: [{username: alice}]\nlabels: [migration]\n"


class Fate(NamedTuple):
    """How often the step was begun until its pull request was open, and how often its agent worked."""

    attempts: int
    worked: int


ONCE = Fate(1, 1)
UNPAID = Fate(2, 1)  # the claim died before the agent worked
TWICE = Fate(2, 2)


class Point(NamedTuple):
    """A request of a run, and what becomes of the step when the run dies there."""

    operation: str
    lost: Fate
    done: Fate | None = None  # None: a request that changes nothing


FIRST_RUN = (
    Point("Observe", ONCE),  # prepare: look, and begin the metadata branch with the claim in it
    Point("POST git/trees", ONCE, ONCE),
    Point("POST git/commits", ONCE, ONCE),
    Point("POST git/refs", ONCE, UNPAID),
    Point("git info-refs upload-pack", UNPAID),  # the base commit, which somebody pushed meanwhile
    Point("git upload-pack", UNPAID),
    Point("Observe", TWICE),  # finalize (1)
    Point("CreateCommit", TWICE, TWICE),
    Point("git info-refs receive-pack", TWICE),  # (2)
    Point("git receive-pack", TWICE, ONCE),
    Point("CreatePullRequest", ONCE, ONCE),  # (3)
    Point("Dress", ONCE, ONCE),  # (4)
    Point("POST issues/1/labels", ONCE, ONCE),
    Point("CreateCommit", ONCE, ONCE),  # (5)
)

TASK = '{"type": "PRCreation", "model": "m", "cost_usd": 0.25, "created_at": "2025-01-15T10:30:00Z"}'


def paid_work(notes: Path) -> str:
    """An agent that notes each time it is started, and what it cost."""
    return (
        f'echo "$CLAUDESTEP_STEP_INDEX" >> "{notes}"\necho \'{TASK}\' > "$CLAUDESTEP_USAGE_FILE"\n'
        'echo done > "$CLAUDESTEP_STEP_INDEX.txt"'
    )


def paying_clone(github: GitHubServer, place: Path) -> GitHubClone:
    """A clone whose agent costs something; its default branch has a commit on the server that it has not itself."""
    made = GitHubClone.of(github, place, command=paid_work(place / "notes"), more=REVIEWERS)
    made.remote.commit("main", {"README.md": "hello\n"})
    made.remote.forget_requests()
    return made


def operations(clone: GitHubClone) -> list[str]:
    """What was asked of the server, git's requests too."""
    prefix = f"/repos/{clone.remote.name}/"
    return [request.operation.replace(prefix, "") for request in clone.remote.requests()]


def named(number: int) -> str:
    return f"{number}-{FIRST_RUN[number].operation}".replace("/", "-").replace(" ", "-")


def check_one_whole_pull_request(clone: GitHubClone) -> None:
    """One pull request is open, as it should be, and recorded."""
    assert [pull["state"] for pull in clone.remote.pulls()] == ["OPEN"]
    pull = clone.remote.pulls()[0]
    step = clone.step(1)
    assert (pull["number"], pull["head"]) == (step["pr_number"], step["branch_name"])
    assert (sorted(pull["labels"]), pull["assignees"]) == (["claudestep", "migration"], ["alice"])
    assert (step["pr_state"], step["reviewer"]) == ("open", "alice")
    assert not [step for document in clone.documents() for step in document["steps"] if "claim" in step]
    assert sorted(clone.changed_files(pull["head"])) == ["1.txt", "claude-step/p/spec.md"]
    clone.remote.git("fsck", "--strict", "--no-dangling")


def worked(clone: GitHubClone) -> int:
    """How often the agent was started."""
    notes = clone.place / "notes"
    return len(notes.read_text().splitlines()) if notes.exists() else 0


def check_fate(clone: GitHubClone, fate: Fate) -> None:
    """Each attempt that left nothing is one failure; whenever the agent worked is paid for, and told, once."""
    step, pull = clone.step(1), clone.remote.pulls()[0]
    assert (step["attempts"], step.get("failures", 0)) == (fate.attempts, fate.attempts - 1)
    assert worked(clone) == fate.worked
    assert [task["cost_usd"] for task in step["ai_tasks"]] == [0.25] * fate.worked
    assert len({task["id"] for task in step["ai_tasks"]}) == fate.worked
    assert f"**${0.25 * fate.worked:.4f}**" in pull["body"]
