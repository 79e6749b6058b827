"""Pull requests of neighbouring steps in a tight list, without a server: merged one after the other."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.integration.repository import PROJECT, SPEC, Repository

TIGHT = "# Steps\n\n- [ ] One\n- [ ] Two\n- [ ] Three\n"
TWO = "reviewers:\n  - username: alice\n  - username: bob\n"
SECOND = "claude-step-p-2"
UPDATED = "p: step 2: pull request #2 was brought up to date with main\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Two open pull requests, of which the first has been merged."""
    return reviewed(tmp_path)


def reviewed(place: Path, spec: str | bytes = TIGHT, command: str = "") -> Repository:
    repository = Repository(place)
    repository.begin(spec=spec, more=TWO, **({"command": command} if command else {}))
    repository.run("run", PROJECT)
    repository.run("run", PROJECT)
    merge(repository, 1)
    return repository


def merge(repository: Repository, number: int) -> None:
    repository.git("merge", "--quiet", "--no-edit", f"claude-step-p-{number}")


def conflicts(repository: Repository, branch: str = SECOND) -> bool:
    command = ["git", "merge-tree", "--write-tree", "main", branch]
    return subprocess.run(command, cwd=repository.backend, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("command", [("run", PROJECT), ("sync",)])
def test_the_second_is_brought_up_to_date_and_merges_cleanly(
    repository: Repository, command: tuple[str, ...]
) -> None:
    assert conflicts(repository)
    head, base = repository.git("rev-parse", SECOND), repository.git("rev-parse", "main")

    result = repository.run(*command)

    assert result.code == 0
    assert UPDATED in result.out
    assert repository.git("rev-list", "--parents", "-n", "1", SECOND).split()[1:] == [head, base]
    assert repository.spec(SECOND) == "# Steps\n\n- [x] One\n- [x] Two\n- [ ] Three\n"
    merge(repository, 2)
    assert repository.spec() == "# Steps\n\n- [x] One\n- [x] Two\n- [ ] Three\n"
    assert (repository.show("main:1.txt"), repository.show("main:2.txt")) == ("One\n", "Two\n")
    assert repository.states()[2] == "done"


def test_a_conflict_without_a_file_that_conflicts_takes_a_person(tmp_path: Path) -> None:
    """The folder that the second step works in is split by the first: git lists no file of it."""
    split = "mkdir -p a b; git mv old/1 a/1; git mv old/2 b/2"
    command = f"case $CLAUDESTEP_STEP_INDEX in 1) {split};; *) echo new > old/new;; esac"
    repository = Repository(tmp_path)
    repository.write("old/1", "one\n" * 9)
    repository.write("old/2", "two\n" * 9)
    repository.begin(spec=TIGHT, more=TWO, command=command)
    for _ in range(2):
        repository.run("run", PROJECT)
    merge(repository, 1)
    head = repository.git("rev-parse", SECOND)

    result = repository.run("sync")

    assert "pull request #2 conflicts with main, and that takes a person" in result.out
    assert "old" in result.out
    assert repository.git("rev-parse", SECOND) == head


def test_what_the_clone_puts_in_the_place_of_a_commit_is_not_merged(repository: Repository) -> None:
    base = repository.git("rev-parse", "main")
    repository.git("switch", "--quiet", "--create", "private")
    repository.write("secret.txt", "secret\n")
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.git("replace", base, "private")

    assert UPDATED in repository.run("sync").out

    assert "secret.txt" not in repository.git("--no-replace-objects", "ls-tree", "-r", "--name-only", SECOND)


def test_a_dry_run_tells_it_and_moves_nothing(repository: Repository) -> None:
    before = repository.refs()

    result = repository.run("sync", "--dry-run")

    assert "p: step 2: pull request #2 would be brought up to date with main\n" in result.out
    assert repository.refs() == before


def test_the_second_sync_has_nothing_to_do(repository: Repository) -> None:
    repository.run("sync")
    before = repository.refs()

    assert repository.run("sync").out == "The documents say what is there.\n"
    assert repository.refs() == before


def test_what_people_pushed_to_the_branch_before_is_kept(repository: Repository) -> None:
    pushed = commit_on(repository, SECOND, {"2.txt": "Two, reviewed\n", "more.txt": "more\n"})

    repository.run("sync")

    assert repository.git("rev-parse", f"{SECOND}^1") == pushed
    merge(repository, 2)
    assert repository.show("main:2.txt") == "Two, reviewed\n"
    assert repository.spec() == "# Steps\n\n- [x] One\n- [x] Two\n- [ ] Three\n"


def test_all_that_both_sides_have_is_merged(repository: Repository) -> None:
    repository.write("file.txt", "first\nof the base\n")
    repository.write("folder/deep/new.txt", "new\n")
    repository.git("rm", "--quiet", "1.txt")
    repository.commit("Of the base")

    repository.run("sync")

    assert sorted(repository.git("ls-tree", "-r", "--name-only", SECOND).splitlines()) == [
        "2.txt",
        "claude-step/p/configuration.yml",
        SPEC,
        "file.txt",
        "folder/deep/new.txt",
    ]
    assert repository.show(f"{SECOND}:file.txt") == "first\nof the base\n"


@pytest.mark.parametrize(
    ("spec", "ticked"),
    [
        ("- [ ] One\r\n- [ ] Two\r\n", "- [x] One\r\n- [x] Two\r\n"),
        ("- [ ] One\n  - [ ] Two\n    why\n- [ ] Three", "- [x] One\n  - [x] Two\n    why\n- [ ] Three"),
        ("1. [ ] One\n2. [ ] Two\n", "1. [x] One\n2. [x] Two\n"),
        ("- [ ] Same\n- [ ] Same\n- [ ] Same\n", "- [x] Same\n- [x] Same\n- [ ] Same\n"),
        ("\ufeff* [ ] Über\n* [ ] Größe\n", "\ufeff* [x] Über\n* [x] Größe\n"),
    ],
    ids=["CRLF", "nested", "numbered", "equal", "not ASCII"],
)
def test_exactly_one_more_character_is_changed(tmp_path: Path, spec: str, ticked: str) -> None:
    repository = reviewed(tmp_path, spec.encode())

    repository.run("sync")

    assert repository.show(f"{SECOND}:{SPEC}") == ticked


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("- [ ] Three\n- [ ] Two\n- [x] One\n", "- [ ] Three\n- [x] Two\n- [x] One\n"),
        ("- [x] The first\n- [ ] Two\n- [ ] The third\n", "- [x] The first\n- [x] Two\n- [ ] The third\n"),
        ("- [x] One\n- [ ] Between\n- [ ] Two\n", "- [x] One\n- [ ] Between\n- [x] Two\n"),
        ("- [x] One\n* [ ]  Two\n", "- [x] One\n* [x]  Two\n"),
    ],
    ids=["moved", "reworded neighbours", "inserted", "another marker"],
)
def test_what_people_made_of_the_list_on_the_base_stays(repository: Repository, base: str, expected: str) -> None:
    repository.write(SPEC, base)
    repository.commit("Edit the spec")

    result = repository.run("sync")

    assert UPDATED in result.out
    assert repository.spec(SECOND) == expected


@pytest.mark.parametrize(
    ("base", "branch", "why"),
    [
        ({SPEC: "- [x] One\n- [ ] Three\n"}, {}, f"the line of its step is not in {SPEC} on main any more"),
        ({SPEC: "- [x] One\n- [ ] Two!\n"}, {}, f"the line of its step is not in {SPEC} on main any more"),
        ({SPEC: None}, {}, f"the line of its step is not in {SPEC} on main any more"),
        ({}, {SPEC: "# Mine\n\n- [ ] One\n- [x] Two\n- [ ] Three\n"}, f"it changes more of {SPEC} than"),
        ({}, {SPEC: "# Steps\n\n- [ ] One\n- [ ] Two!\n- [ ] Three\n"}, f"it changes more of {SPEC} than"),
        ({}, {SPEC: None}, f"it changes more of {SPEC} than"),
        ({"2.txt": "otherwise\n"}, {}, "2.txt conflicts, too"),
        ({"2.txt": "a\n", "3.txt": "b\n"}, {"3.txt": "c\n"}, "2.txt, 3.txt conflict, too"),
    ],
    ids=["removed", "reworded", "no spec", "edited", "other line", "deleted there", "other file", "other files"],
)
def test_what_takes_a_person_is_said_once(
    repository: Repository, base: dict[str, str | None], branch: dict[str, str | None], why: str
) -> None:
    if branch:
        commit_on(repository, SECOND, branch)
    if base:
        commit_on(repository, "main", base)
    head = repository.git("rev-parse", SECOND)

    told = [repository.run("run", PROJECT).out for _ in range(3)]

    assert [why in one for one in told] == [True, False, False], told
    assert repository.git("rev-parse", SECOND) == head
    assert repository.step(2)["conflict_told"] == head
    assert why in repository.run("sync").out, "who asks is told again"
    commit_on(repository, SECOND, {"more.txt": "more\n"})
    assert why in repository.run("run", PROJECT).out, "another head"


def test_a_step_begins_whatever_conflicts(repository: Repository) -> None:
    commit_on(repository, "main", {"2.txt": "otherwise\n"})

    result = repository.run("run", PROJECT)

    assert "p: step 3, for alice: Three\n" in result.out
    assert repository.step(3)["pr_state"] == "open"


def test_a_branch_that_somebody_stands_on_is_left(repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "--quiet", str(tmp_path / "theirs"), SECOND)
    head = repository.git("rev-parse", SECOND)

    result = repository.run("sync")

    assert result.code == 0
    assert f"pull request #2 is not brought up to date: {SECOND} is checked out in" in result.err
    assert repository.git("rev-parse", SECOND) == head
    repository.git("worktree", "remove", str(tmp_path / "theirs"))
    assert UPDATED in repository.run("sync").out


def test_nothing_of_the_users_runs_and_nobody_need_be_known(repository: Repository) -> None:
    ran = [repository.hook(name) for name in ("pre-commit", "commit-msg", "post-merge", "pre-push")]
    repository.git("config", "--unset", "user.name")
    repository.git("config", "--unset", "user.email")
    repository.git("config", "commit.gpgSign", "true")

    result = repository.run("sync")

    assert UPDATED in result.out
    assert not [marker for marker in ran if marker.exists()]
    assert repository.git("log", "-1", "--format=%an <%ae> %s", SECOND) == (
        f"ClaudeStep <claudestep@users.noreply.github.com> Merge main into {SECOND}"
    )


def test_a_pull_request_that_was_brought_up_to_date_can_be_turned_down(repository: Repository) -> None:
    repository.run("sync")

    assert repository.run("close", "2").code == 0
    assert SECOND not in repository.branches()


def test_work_of_others_on_an_updated_branch_is_not_deleted(repository: Repository) -> None:
    """Before it was brought up to date, or behind it."""
    commit_on(repository, SECOND, {"more.txt": "more\n"})
    repository.run("sync")

    result = repository.run("close", "2")

    assert result.code == 1
    assert "it may hold work of yours" in result.err
    assert SECOND in repository.branches()


def test_what_claudestep_merges_itself_is_followed_by_the_others(tmp_path: Path) -> None:
    """The last step is merged at once; the one beside it, which is in review, is brought up to date behind it."""
    repository = Repository(tmp_path).begin(spec="- [ ] One\n- [ ] Two\n", more=TWO)
    repository.run("run", PROJECT)
    repository.git("switch", "--quiet", "--detach")

    result = repository.run("run", PROJECT, "--auto-merge")

    assert result.code == 0, result
    assert "p: step 1: pull request #1 was brought up to date with main\n" in result.out
    assert repository.spec("claude-step-p-1") == "- [x] One\n- [x] Two\n"


def test_a_whole_chain_is_merged_one_after_the_other(tmp_path: Path) -> None:
    """Each merge brings all others up to date again."""
    lines = "".join(f"- [ ] Step {number}\n" for number in range(1, 6))
    repository = Repository(tmp_path).begin(spec=lines, more="reviewers:\n  - username: alice\n    maxOpenPRs: 5\n")
    for _ in range(5):
        repository.run("run", PROJECT)

    for number in (3, 1, 5, 2, 4):
        merge(repository, number)
        repository.run("sync")

    assert repository.ticked() == 5
    assert repository.states() == dict.fromkeys(range(1, 6), "done")


def commit_on(repository: Repository, branch: str, files: Mapping[str, str | None]) -> str:
    """Commit on a branch as somebody else would in a clone of theirs; None deletes a file."""
    tree = repository.place / "theirs"
    repository.git("worktree", "add", "--quiet", "--force", "--detach", str(tree), branch)
    for path, content in files.items():
        (tree / path).unlink(missing_ok=True)
        if content is not None:
            (tree / path).write_text(content)
    repository.git("add", "--all", cwd=tree)
    repository.git("commit", "--quiet", "--message", "By hand", cwd=tree)
    commit = repository.git("rev-parse", "HEAD", cwd=tree)
    repository.git("worktree", "remove", "--force", str(tree))
    if repository.git("branch", "--show-current") == branch:
        repository.git("merge", "--quiet", "--ff-only", commit)
    else:
        repository.git("update-ref", f"refs/heads/{branch}", commit)
    return commit
