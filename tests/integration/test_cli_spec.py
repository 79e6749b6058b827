"""spec.md as people write and change it, seen through the command line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.repository import METADATA, SPEC, Repository, Result


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin()


class TestChangedWhileTheChainRuns:
    def test_moved_and_inserted_lines_keep_every_number(self, repository: Repository) -> None:
        repository.run("run", "p", "--auto-merge")
        repository.run("run", "p")
        repository.write(SPEC, "- [ ] New\n- [ ] Three\n- [ ] Two\n- [x] One\n")
        repository.commit()
        assert repository.states() == {4: "to_do", 3: "to_do", 2: "in_review", 1: "done"}

    def test_work_goes_in_the_order_of_the_lines(self, repository: Repository) -> None:
        repository.edit_spec("- [ ] One\n\n- [ ] Two\n\n- [ ] Three", "- [ ] Three\n\n- [ ] One\n\n- [ ] Two")
        repository.run("run", "p", "--auto-merge")
        repository.edit_spec("- [ ] One\n\n- [ ] Two", "- [ ] Two\n\n- [ ] One")
        assert "step 3: Two" in repository.run("run", "p").out

    def test_a_reworded_line_that_has_not_begun_keeps_its_number(self, repository: Repository) -> None:
        repository.run("run", "p", "--auto-merge")
        repository.edit_spec("Two", "Two, but better")
        result = repository.run("run", "p")
        assert "step 2: Two, but better" in result.out

    def test_a_line_that_is_reworded_in_review_waits_for_the_review(self, repository: Repository) -> None:
        repository.configure("echo x > x.txt", "reviewers: [{username: alice, maxOpenPRs: 5}]\n")
        repository.write(SPEC, "- [ ] One\n")
        repository.commit()
        repository.run("run", "p")
        repository.edit_spec("One", "One, but better")

        waits = repository.run("run", "p")

        assert waits.code == 0
        assert "new wording" in waits.out
        assert repository.states() == {1: "removed", 2: "reworded"}

    def test_the_new_wording_begins_when_the_review_ends(self, repository: Repository) -> None:
        repository.write(SPEC, "- [ ] One\n")
        repository.commit()
        repository.run("run", "p")
        repository.edit_spec("One", "One, but better")
        repository.git("branch", "-D", "claude-step-p-1")
        assert "step 2: One, but better" in repository.run("run", "p").out

    def test_a_removed_line_leaves_progress_and_its_open_pull_request_still_counts(
        self, repository: Repository
    ) -> None:
        repository.run("run", "p")
        repository.edit_spec("- [ ] One\n\n", "")
        repository.run("run", "p")
        assert repository.branches() == ["claude-step-p-1"]
        assert repository.states() == {1: "removed", 2: "to_do", 3: "to_do"}
        assert "0 of 2 done" in repository.run("status").out

    def test_a_line_that_returns_is_its_old_step(self, repository: Repository) -> None:
        repository.run("run", "p", "--auto-merge")
        repository.edit_spec("- [x] One\n\n", "")
        repository.run("run", "p")
        repository.edit_spec("# Steps\n", "# Steps\n\n- [x] One\n")
        assert repository.states()[1] == "done"

    def test_a_reverted_tick_is_reported_and_the_chain_goes_on(self, repository: Repository) -> None:
        repository.run("run", "p", "--auto-merge")
        repository.edit_spec("- [x] One", "- [ ] One")
        result = repository.run("run", "p", "--auto-merge", "--max-steps", "9")
        assert result.code == 0
        assert "unticked" in result.out
        assert repository.states() == {1: "unticked", 2: "done", 3: "done"}

    def test_ticked_by_hand_is_done(self, repository: Repository) -> None:
        repository.edit_spec("- [ ] One", "- [x] One")
        assert "step 2: Two" in repository.run("run", "p").out
        assert "completed_at" in repository.step(1)
        assert "pr_number" not in repository.step(1)

    def test_ticked_by_hand_in_review_is_done_and_makes_room(self, repository: Repository) -> None:
        repository.run("run", "p")
        repository.edit_spec("- [ ] One", "- [x] One")
        assert "step 2: Two" in repository.run("run", "p").out
        assert repository.states() == {1: "done", 2: "in_review", 3: "to_do"}

    def test_a_spec_that_vanishes_orphans_nothing(self, repository: Repository) -> None:
        repository.run("run", "p")
        before = repository.document()
        repository.git("rm", "--quiet", "-r", "claude-step/p")
        repository.commit()
        result = repository.run("run", "p")
        assert result.code == 2
        assert "#1 conflicts with main" in result.out + result.err
        after = repository.document()
        assert after["steps"][0].pop("conflict_told") == before["steps"][0]["head_commit"]
        assert after["steps"] == before["steps"]


@dataclass(frozen=True)
class Odd:
    """A spec, the text of its first step, and the whole spec with that step ticked."""

    spec: bytes
    step: str
    ticked: bytes


EVIL = r'\d \1 \g<0> -- "q" ' + "'q' $(touch pwned) `touch pwned` ; touch pwned | & {0} %s ${HOME} --help"
ODD: Mapping[str, Odd] = {
    "crlf": Odd(b"# A\r\n\r\n- [ ] One\r\n- [ ] Two\r\n", "One", b"# A\r\n\r\n- [x] One\r\n- [ ] Two\r\n"),
    "old-mac": Odd(b"- [ ] One\r- [ ] Two\r", "One", b"- [x] One\r- [ ] Two\r"),
    "no-last-newline": Odd(b"- [ ] One", "One", b"- [x] One"),
    "tabs": Odd(b"-\t[ ] One\n\t- [ ] Two\n", "One", b"-\t[x] One\n\t- [ ] Two\n"),
    "bom": Odd(b"\xef\xbb\xbf- [ ] One\n", "One", b"\xef\xbb\xbf- [x] One\n"),
    "unicode": Odd("- [ ] \U0001f600 ünï\n".encode(), "\U0001f600 ünï", "- [x] \U0001f600 ünï\n".encode()),
    "markers": Odd(b"* [x] Done\n\n7. [ ] One\n", "One", b"* [x] Done\n\n7. [x] One\n"),
    "code": Odd(b"```\n- [ ] no\n```\n- [ ] One\n", "One", b"```\n- [ ] no\n```\n- [x] One\n"),
    "equal": Odd(b"- [x] Same\n- [ ] Same\n- [ ] Same\n", "Same", b"- [x] Same\n- [x] Same\n- [ ] Same\n"),
    "evil": Odd(f"- [ ] {EVIL}\n".encode(), EVIL, f"- [x] {EVIL}\n".encode()),
    "option": Odd(b"- [ ] --exec=touch pwned\n", "--exec=touch pwned", b"- [x] --exec=touch pwned\n"),
    "comment": Odd(b"- [ ] a <!-- b --> c -->\n", "a <!-- b --> c -->", b"- [x] a <!-- b --> c -->\n"),
    "long": Odd(b"- [ ] " + b"word " * 4000 + b"\n", "word " * 3999 + "word", b"- [x] " + b"word " * 4000 + b"\n"),
}


class TestOddButGood:
    @pytest.fixture(scope="class")
    @staticmethod
    def done(tmp_path_factory: pytest.TempPathFactory) -> Repository:
        """One repository with a project for each spec, all of them run once."""
        repository = Repository(tmp_path_factory.mktemp("odd"))
        work = 'printf %s "$CLAUDESTEP_STEP_DESCRIPTION" > step.txt; cat > prompt.txt'
        for name, odd in ODD.items():
            repository.add_project(name, spec=odd.spec, command=work)
        repository.begin()
        result = repository.run("run", "--all")
        assert (result.code, result.err) == (0, "")
        return repository

    @pytest.mark.parametrize("name", ODD)
    def test_the_step_is_done_and_one_byte_changes(self, done: Repository, name: str) -> None:
        odd = ODD[name]
        index = next(step["step_index"] for step in done.document(name)["steps"] if "pr_number" in step)
        branch = f"claude-step-{name}-{index}"
        assert done.changed_files(branch) == [f"claude-step/{name}/spec.md", "prompt.txt", "step.txt"]
        assert done.show(f"{branch}:claude-step/{name}/spec.md") == odd.ticked.decode()
        assert done.show(f"{branch}:step.txt") == odd.step
        assert f"\n{odd.step}\n" in done.show(f"{branch}:prompt.txt")
        assert done.step(index, name)["step_description"] == odd.step
        assert len(done.git("log", "-1", "--format=%s", branch)) <= 80

    def test_no_step_was_taken_for_a_command(self, done: Repository) -> None:
        assert not list(done.place.rglob("pwned"))

    def test_the_records_come_back_from_the_pull_requests_alone(self, done: Repository) -> None:
        before = {project["project"]: project["next"] for project in done.run("status", "--json").json["projects"]}
        recorded = done.git("rev-parse", METADATA)
        done.git("update-ref", "-d", METADATA)
        after = {project["project"]: project["next"] for project in done.run("status", "--json").json["projects"]}
        done.git("update-ref", METADATA, recorded)
        del before["equal"], after["equal"]  # see below
        assert after == before


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_long_step_is_cut_where_it_is_shown(tmp_path: Path, command: str) -> None:
    repository = Repository(tmp_path).begin(spec=b"- [ ] " + b"word " * 4000 + b"\n")
    result = repository.run(command, "p")
    assert result.code == 0
    assert max(len(line) for line in result.out.splitlines()) < 250


def test_the_records_of_equal_steps_come_back_too(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(spec="- [x] Same\n- [ ] Same\n")
    repository.run("run", "p")
    repository.git("update-ref", "-d", METADATA)
    assert repository.states()[2] == "in_review"


@pytest.mark.parametrize("command", ["run", "status"])
def test_control_sequences_in_a_step_do_not_reach_the_terminal(tmp_path: Path, command: str) -> None:
    repository = Repository(tmp_path).begin(spec="- [ ] One \x1b[31mred\x07\n")
    result = repository.run(command, "p")
    assert result.code == 0
    assert not set("\x1b\x07") & set(result.out)


def test_a_spec_that_is_executable_stays_so(repository: Repository) -> None:
    (repository.path / SPEC).chmod(0o755)
    repository.commit()
    repository.run("run", "p")
    assert "mode change" not in repository.git("diff", "--summary", "main", "claude-step-p-1")


BAD: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "it has no steps"),
    "only-a-bom": (b"\xef\xbb\xbf", "it has no steps"),
    "prose": (b"# Steps\n\n- One\n- Two\n", "- [ ]"),
    "empty-boxes": (b"- [ ]\n- [ ] \n- []\n", "it has no steps"),
    "only-code": (b"```\n- [ ] no\n```\n", "it has no steps"),
    "latin-1": (b"# A\n\n- [ ] L\xe4nge\n", "spec.md:3: it is not text in UTF-8"),
    "utf-16": ("- [ ] One\n".encode("utf-16"), "not text in UTF-8"),
}


class TestBad:
    @pytest.fixture(scope="class")
    @staticmethod
    def tried(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Result]:
        repository = Repository(tmp_path_factory.mktemp("bad"))
        for name, (spec, _) in BAD.items():
            repository.add_project(name, spec=spec)
        repository.begin()
        return repository, repository.run("run", "--all")

    @pytest.mark.parametrize("name", BAD)
    def test_it_is_named_with_what_to_do(self, tried: tuple[Repository, Result], name: str) -> None:
        _, result = tried
        _, _, message = result.err.partition(f"error: claude-step/{name}/spec.md")
        assert BAD[name][1] in f"spec.md{message.partition('error:')[0]}"

    def test_the_good_project_is_run_and_the_others_leave_no_trace(self, tried: tuple[Repository, Result]) -> None:
        repository, result = tried
        assert result.code == 2
        assert [document["project"] for document in repository.documents()] == ["p"]
        assert repository.branches() == ["claude-step-p-1"]

    def test_status_still_shows_all_of_them(self, tried: tuple[Repository, Result]) -> None:
        repository, _ = tried
        result = repository.run("status")
        assert result.code == 0
        assert all(f"{name}: " in result.out for name in BAD)


class TestNotThere:
    def test_written_and_not_committed(self, repository: Repository) -> None:
        repository.add_project("q")
        before = repository.refs()
        result = repository.run("run", "q")
        assert result.code == 2
        assert "claude-step/q/spec.md" in result.err
        assert 'git add claude-step && git commit -m "' in result.err
        assert repository.refs() == before

    def test_staged_and_not_committed(self, repository: Repository) -> None:
        repository.add_project("q")
        repository.git("add", "--all")
        assert "git commit" in repository.run("run", "q").err

    @pytest.mark.parametrize("command", ["run", "status"])
    def test_not_written(self, repository: Repository, command: str) -> None:
        result = repository.run(command, "nowhere")
        assert result.code == 2
        assert "there is no claude-step/nowhere/spec.md on main" in result.err
        assert "Projects that are there: p" in result.err

    def test_no_project_at_all(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", "-r", "claude-step")
        repository.commit()
        assert repository.run("run", "--all").code == 2
        assert repository.run("status").out == (
            "There is no project: no claude-step/*/spec.md on main.\nBegin with: claudestep init my-refactor\n"
        )
        assert repository.run("statistics").out == "There is no project yet.\n"

    def test_the_only_project_is_not_committed_yet(self, repository: Repository) -> None:
        repository.git("rm", "--quiet", "-r", "claude-step")
        repository.commit()
        repository.add_project("q")
        assert repository.run("status").out == (
            "There is no project: no claude-step/*/spec.md on main.\n"
            'It is there and not committed yet: git add claude-step && git commit -m "Steps for ClaudeStep"\n'
        )

    def test_the_only_project_is_on_another_branch(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "-b", "feature")
        empty = repository.git("commit-tree", repository.git("mktree").strip(), "-m", "Nothing yet").strip()
        repository.git("update-ref", "refs/heads/main", empty)
        assert "committed on feature: merge that first" in repository.run("status").out

    def test_committed_on_another_branch(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "-b", "feature")
        repository.add_project("q")
        repository.commit()
        assert "feature" in repository.run("run", "q").err

    def test_recorded_and_its_spec_gone(self, repository: Repository) -> None:
        repository.run("run", "p")
        repository.git("rm", "--quiet", "-r", "claude-step/p")
        repository.add_project("q")
        repository.commit()
        assert "Projects that are there: q\n" in repository.run("run", "p").err


NAMES = ["a/b", "..", "../p", "a b", "a\nb", "é", "-x", ".p", "p.", "a.lock", "a..b", "a:b", "a" * 200, ""]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_cannot_be_a_project(repository: Repository, name: str) -> None:
    before = repository.git_files()
    result = repository.run("run", "--", name)
    assert result.code == 2
    assert "cannot be the name of a project" in result.err
    assert repository.git_files() == before


@pytest.mark.parametrize("command", [["status", "--", ".."], ["metadata", "show", "../p"]], ids=" ".join)
def test_no_command_takes_such_a_name(repository: Repository, command: list[str]) -> None:
    result = repository.run(*command)
    assert result.code == 2
    assert "cannot be the name of a project" in result.err


def test_names_as_odd_as_they_may_be(tmp_path: Path) -> None:
    names = ["P", "P.x_1-2", "P.x_1-2-1", "p-1", "x" * 80]
    repository = Repository(tmp_path)
    for name in names:
        repository.add_project(name)
    repository.begin()
    assert repository.run("run", "--all").code == 0
    assert sorted(repository.branches()) == sorted(f"claude-step-{name}-1" for name in [*names, "p"])
    assert sorted(repository.step(1, name)["pr_number"] for name in [*names, "p"]) == [1, 2, 3, 4, 5, 6]


@pytest.fixture
def with_bad_folders(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    for name in ("a b", "é", "-x", "a.lock", "a..b", "deep/down", "a" * 200):
        repository.add_project(name)
    return repository.begin()


def test_folders_of_such_names_are_told_and_do_not_disturb_the_others(with_bad_folders: Repository) -> None:
    result = with_bad_folders.run("run", "--all")
    assert result.code == 2
    assert "claude-step/a b/spec.md: the folder cannot name a project" in result.err
    assert with_bad_folders.branches() == ["claude-step-p-1"]
    assert "claude-step/a b/spec.md" in with_bad_folders.run("status").out
    assert [document["project"] for document in with_bad_folders.documents()] == ["p"]
