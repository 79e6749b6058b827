"""Pull requests of neighbouring steps in a tight list on GitHub: merged one after the other."""

import signal
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest

from tests.github_server.faults import Kind
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.bad_days import broken_off
from tests.integration.github_clone import PROJECT, GitHubClone
from tests.integration.repository import SPEC, Result, eventually
from tests.integration.test_neighbouring_ticks import SECOND, TIGHT, TWO, UPDATED, conflicts

BOTH = "# Steps\n\n- [x] One\n- [x] Two\n- [ ] Three\n"


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    """Two open pull requests for two reviewers, of which the first has been merged."""
    return reviewed(github, tmp_path)


def reviewed(github: GitHubServer, place: Path, **more: str) -> GitHubClone:
    clone = GitHubClone.of(github, place, spec=TIGHT, more=TWO, **more)
    clone.run("run", PROJECT)
    clone.run("run", PROJECT)
    clone.remote.merge(1)
    return clone


@pytest.mark.parametrize("command", [("run", PROJECT), ("sync",)])
def test_the_second_is_brought_up_to_date_and_merges_cleanly(clone: GitHubClone, command: tuple[str, ...]) -> None:
    assert conflicts(clone)
    head, base = clone.remote.head(SECOND), clone.remote.head()

    result, requests = clone.counted(*command)

    assert result.code == 0, result
    assert UPDATED in result.out
    assert result.err == ""
    assert clone.git("rev-list", "--parents", "-n", "1", SECOND, cwd=clone.backend).split()[1:] == [head, base]
    assert clone.spec(SECOND) == BOTH
    assert requests[:2] == ["Observe", "CreateCommit"], "what conflicts costs no request"
    clone.remote.merge(2)
    assert clone.spec() == BOTH
    assert (clone.show("main:1.txt"), clone.show("main:2.txt")) == ("One\n", "Two\n")
    assert clone.states()[2] == "done"


def test_github_need_not_have_looked_yet(clone: GitHubClone) -> None:
    """Right after a merge GitHub does not know what conflicts; git does."""
    clone.remote.configure(settings={"lazy_mergeable": True})

    result, requests = clone.counted("run", PROJECT)

    assert UPDATED in result.out
    assert requests.count("Observe") == 2, "as ever: one to prepare, one to finalize"
    assert clone.spec(SECOND) == BOTH


def test_without_a_conflict_git_is_not_asked(github: GitHubServer, tmp_path: Path) -> None:
    clone = GitHubClone.of(github, tmp_path, more=TWO)
    clone.run("run", PROJECT)
    clone.run("run", PROJECT)
    clone.remote.merge(1)
    clone.remote.forget_requests()

    clone.run("sync")

    assert [one.operation for one in clone.remote.requests()] == ["Observe", "CreateCommit"]


def test_what_conflicts_is_not_merged(clone: GitHubClone) -> None:
    with pytest.raises(AssertionError, match="Pull Request is not mergeable"):
        clone.remote.merge(2)


def test_what_people_pushed_before_is_kept(clone: GitHubClone) -> None:
    pushed = clone.remote.commit(SECOND, {"2.txt": "Two, reviewed\n"})

    assert UPDATED in clone.run("sync").out

    assert clone.git("rev-parse", f"{SECOND}^1", cwd=clone.backend) == pushed
    clone.remote.merge(2, method="SQUASH")
    assert (clone.spec(), clone.show("main:2.txt")) == (BOTH, "Two, reviewed\n")


@pytest.mark.parametrize("held", ["git info-refs receive-pack", "git receive-pack"])
def test_what_people_push_meanwhile_stays(clone: GitHubClone, held: str) -> None:
    clone.remote.fault(Fault(kind="hold", on=held))
    pushed: list[str] = []

    result = while_held(clone, lambda: pushed.append(clone.remote.commit(SECOND, {"2.txt": "Two, reviewed\n"})))

    assert result.code == 0
    assert f"pull request #2 is not brought up to date: somebody has moved {SECOND} meanwhile" in result.err
    assert clone.remote.head(SECOND) == pushed[0]
    assert UPDATED in clone.run("sync").out
    assert clone.git("rev-parse", f"{SECOND}^1", cwd=clone.backend) == pushed[0]


def test_a_branch_that_is_deleted_meanwhile_stays_away(clone: GitHubClone) -> None:
    clone.remote.fault(Fault(kind="hold", on="git info-refs receive-pack"))

    result = while_held(clone, lambda: clone.remote.delete_branch(SECOND))

    assert "is not brought up to date" in result.err
    assert SECOND not in clone.branches()


def test_what_takes_a_person_is_said_once_on_the_pull_request(clone: GitHubClone) -> None:
    clone.remote.commit("main", {"2.txt": "otherwise @carol\n"})
    head = clone.remote.head(SECOND)

    result, requests = clone.counted("run", PROJECT)
    assert requests[:6] == ["Observe", "Metadata", "CreateCommit", "Comment", "Observe", "CreateCommit"]
    assert result.code == clone.run("run", PROJECT).code == 0
    assert clone.counted("run", PROJECT)[1][1:] == []
    assert "2.txt conflicts, too" in clone.run("sync").out

    (comment,) = clone.pull(2)["comments"]
    assert comment.startswith(
        "This pull request conflicts with `main`, and that takes a person: 2.txt conflicts, too"
    )
    assert "`claudestep close 2`, then `claudestep retry p 2`" in comment
    assert "conflicts, and takes a person: #2" in clone.run("status", PROJECT).out
    assert [one["conflicts"] for one in clone.run("why", PROJECT, "--json").json["open"]] == [True, False]
    assert clone.remote.head(SECOND) == head
    assert clone.step(3)["pr_state"] == "open", "the next step began all the same"
    assert "Note the conflict of pull request #2 of p" in clone.log()


def test_what_a_reviewer_changed_in_the_spec_is_not_lost(clone: GitHubClone) -> None:
    edited = "# Steps\n\n- [ ] One\n- [x] Two\n- [ ] Three, and mind the gap\n"
    clone.remote.commit(SECOND, {SPEC: edited})

    result = clone.run("sync")

    assert (
        f"note: p: step 2: pull request #2 conflicts with main, and that takes a person: it changes more of {SPEC}"
        in (result.out)
    )
    assert clone.spec(SECOND) == edited
    assert len(clone.pull(2)["comments"]) == 1


@pytest.mark.parametrize("command", [("sync",), ("run", PROJECT)])
def test_a_rule_that_refuses_the_push_is_told_once(clone: GitHubClone, command: tuple[str, ...]) -> None:
    clone.remote.configure(rules=[{"pattern": SECOND, "kind": "update", "classic": False}])
    head = clone.remote.head(SECOND)

    assert [clone.run(*command).code for _ in range(2)] == [0, 0]

    (comment,) = clone.pull(2)["comments"]
    assert "it cannot be brought up to date: " in comment
    assert clone.remote.head(SECOND) == head


def test_a_token_that_may_only_read_is_told_what_would_be_done(github: GitHubServer, clone: GitHubClone) -> None:
    github.add_user("reader", "token-of-a-reader", "read")
    head = clone.remote.head(SECOND)
    clone.environment |= github.environment("token-of-a-reader")

    dry = clone.run("sync", "--dry-run")
    refused = clone.run("sync")

    assert "p: step 2: pull request #2 would be brought up to date with main\n" in dry.out
    assert dry.code == 0
    assert refused.code == 1
    assert "#2 cannot be brought up to date: the token may not write" in refused.err
    assert clone.remote.head(SECOND) == head


def test_a_token_without_the_right_to_push_stops_no_run(clone: GitHubClone) -> None:
    """It is not known before it is tried."""
    clone.remote.fault(Fault(kind="forbidden", on="git *receive-pack", times=1))

    result = clone.run("run", PROJECT)

    assert result.code == 0, result
    assert "pull request #2 is not brought up to date: " in result.err
    assert clone.step(3)["pr_state"] == "open"
    assert clone.pull(2)["comments"] == []


@pytest.mark.parametrize("fault", ["status", "cut"])
def test_a_fault_on_the_way_stops_no_run(clone: GitHubClone, fault: Kind) -> None:
    clone.remote.fault(Fault(kind=fault, on="git *upload-pack"))

    result = clone.run("run", PROJECT)

    assert result.code == 0, result
    assert "whether open pull requests conflict could not be found out" in result.err
    assert clone.step(3)["pr_state"] == "open"
    assert UPDATED in clone.run("sync").out


def test_a_push_without_an_answer_is_looked_after(clone: GitHubClone) -> None:
    clone.remote.fault(Fault(kind="reset", on="git receive-pack", when="after"))

    result = clone.run("sync")

    assert UPDATED in result.out
    assert clone.spec(SECOND) == BOTH
    assert clone.git("rev-list", "--count", "--merges", f"main..{SECOND}", cwd=clone.backend) == "1"


def test_two_runs_at_once_update_it_once(clone: GitHubClone) -> None:
    """In the same second they even make the same commit."""
    clone.remote.fault(Fault(kind="hold", on="git receive-pack", times=2))
    with clone.start("sync") as one, clone.start("sync") as other:
        eventually(lambda: len(clone.remote.held()) == 2)
        clone.remote.let_go()
        told = [process.communicate() for process in (one, other)]

    assert (one.returncode, other.returncode) == (0, 0), told
    assert any(UPDATED in out for out, _ in told), told
    assert clone.spec(SECOND) == BOTH
    assert clone.git("rev-list", "--count", "--merges", f"main..{SECOND}", cwd=clone.backend) == "1"


def test_two_runs_at_once_say_it_once(clone: GitHubClone) -> None:
    clone.run("sync", "--dry-run")
    clone.remote.commit("main", {"2.txt": "otherwise\n"})
    clone.remote.fault(Fault(kind="hold", on="graphql mutation createCommitOnBranch", times=2))
    with clone.start("sync") as one, clone.start("sync") as other:
        eventually(lambda: len(clone.remote.held()) == 2)
        clone.remote.let_go()
        told = [process.communicate() for process in (one, other)]

    assert (one.returncode, other.returncode) == (0, 0), told
    assert len(clone.pull(2)["comments"]) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", ["git receive-pack", "graphql mutation createCommitOnBranch"])
def test_a_run_that_is_killed_leaves_nothing_that_the_next_does_not_finish(
    clone: GitHubClone, at: str, when: Literal["before", "after"]
) -> None:
    clone.remote.fault(Fault(kind="hold", on=at, when=when))
    with clone.start("run", PROJECT) as process:
        eventually(lambda: bool(clone.remote.held()))
        process.send_signal(signal.SIGKILL)
    clone.remote.let_go(lose=when == "before")

    eventually(lambda: clone.run("run", PROJECT).code == 0)

    assert clone.spec(SECOND) == BOTH
    assert clone.git("rev-list", "--count", "--merges", f"main..{SECOND}", cwd=clone.backend) == "1"
    assert clone.step(2).get("failures") is None


def test_a_run_that_is_killed_before_its_comment_leaves_it_at_that(clone: GitHubClone) -> None:
    """It is recorded first: said once too few is better than said by every run."""
    clone.remote.commit("main", {"2.txt": "otherwise\n"})
    clone.remote.fault(Fault(kind="hold", on="graphql mutation addComment"))
    with clone.start("sync") as process:
        eventually(lambda: bool(clone.remote.held()))
        process.send_signal(signal.SIGKILL)
    clone.remote.let_go(lose=True)

    assert "2.txt conflicts, too" in clone.run("sync").out
    assert clone.pull(2)["comments"] == []


@pytest.mark.parametrize("options", ["--depth=1", "--depth=1 --filter=blob:none", "--filter=tree:0"])
def test_a_clone_without_all_of_the_history_stays_as_it_is(
    clone: GitHubClone, github: GitHubServer, tmp_path: Path, options: str
) -> None:
    """As actions/checkout leaves one; what it takes is fetched beside it."""
    for number in range(3):
        clone.remote.commit("main", {"file.txt": f"{number}\n", f"folder/{number}.txt": "new\n"})
    part = GitHubClone(tmp_path / "part", remote=clone.remote)
    part.environment |= github.environment()
    part.git("clone", "--quiet", "--no-checkout", *options.split(), clone.remote.git_url(), ".")
    part.belongings()  # which makes git fetch what it compares
    before = part.git_files()

    result = part.run("sync")

    assert UPDATED in result.out, result
    assert result.err == ""
    assert part.spec(SECOND) == BOTH
    assert part.show(f"{SECOND}:folder/2.txt") == "new\n"
    after = part.git_files()
    assert {name for name in after if before.get(name) != after[name] and "claudestep" not in name} == set()
    clone.remote.merge(2)


def while_held(clone: GitHubClone, act: Callable[[], object]) -> Result:
    """Sync, and do something while its first request that a fault holds waits."""
    results: list[Result] = []
    thread = Thread(target=lambda: results.append(broken_off(clone, "sync")))
    thread.start()
    try:
        eventually(lambda: bool(clone.remote.held()) or not thread.is_alive())
        act()
    finally:
        clone.remote.let_go()
        thread.join()
    return results[0]
