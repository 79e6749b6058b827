"""Where a machine, a repository or an input is at its limits: one clear sentence, nothing lost, and on it goes."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.integration.repository import METADATA, PROJECT, SPEC, THREE_STEPS, Repository, Result

MANY_STEPS = 10_000
DOCUMENT = "projects/p.json"
ONE_REVIEWER = "reviewers: [{username: alice, maxOpenPRs: 9}]\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin()


def told(repository: Repository, command: str, more: str = "") -> Repository:
    """The repository with an agent that runs this."""
    repository.configure(command, more)
    repository.commit("Configure the agent")
    return repository


def changed(repository: Repository) -> list[str]:
    return repository.changed_files("claude-step-p-1")


def started(
    repository: Repository, *args: str, prefix: tuple[str, ...] = (), limit: Callable[[], None] | None = None
) -> Result:
    """The program under a limit or as another user: it writes no coverage there, and leaves nothing behind."""
    before = repository.belongings()
    kept = {name: value for name, value in repository.environment.items() if not name.startswith("COVERAGE_")}
    argv = [*prefix, sys.executable, "-B", "-m", "claudestep", *args]
    done = subprocess.run(
        argv, cwd=repository.path, env=kept, capture_output=True, text=True, check=False, preexec_fn=limit
    )
    assert "Traceback" not in done.stderr
    assert list(repository.temporary.iterdir()) == []
    assert list((repository.git_folder / "claudestep/runs").glob("*")) == []
    assert repository.belongings() == before
    return Result(done.returncode, done.stdout, done.stderr)


def in_files_of(repository: Repository, size: int, *args: str) -> Result:
    """The program where no file can grow beyond `size` bytes: Python gets an error, and git a signal."""
    return started(repository, *args, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))


def test_a_repository_with_sha256_goes_through_a_whole_turn(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    repository.begin()
    assert repository.run("run", "p").code == 0
    repository.git("merge", "--quiet", "claude-step-p-1")
    assert "step 2: Two" in repository.run("run", "p").out
    assert repository.states()[1] == "done"
    assert repository.run("statistics", "--json").json["projects"][0]["done"] == 1
    assert len(repository.step(1)["head_commit"]) == 64


class TestNoRoom:
    PLACES: Mapping[str, tuple[int, str]] = {
        "the-note-of-the-run": (40, "json cannot be written: File too large"),
        "the-metadata": (1_000, "the metadata branch cannot be written: git hash-object: a file would be larger"),
        "the-tree": (30_000, "git read-tree: a file would be larger than your limit"),
        "the-work": (200_000, "git cannot take over what the agent left: git add: a file would be larger"),
    }

    @pytest.fixture
    @staticmethod
    def full(tmp_path: Path) -> Repository:
        """Each thing that has to be written is larger than the one before."""
        spec = "".join(f"- [ ] Convert the module of number {number}\n\n" for number in range(150))
        repository = Repository(tmp_path).begin(spec=spec, command="head -c 200000 /dev/urandom > work.bin")
        repository.write("large.txt", "a line of text\n" * 5_000)
        repository.commit()
        return repository

    @pytest.mark.parametrize("place", PLACES)
    def test_it_is_one_sentence_and_the_next_run_goes_on(self, full: Repository, place: str) -> None:
        size, sentence = self.PLACES[place]
        result = in_files_of(full, size, "run", "p")
        assert result.code == 1
        assert (result.out + result.err).count(sentence) == 1
        assert "run it again" in result.out + result.err
        assert full.branches() == []
        assert full.run("run", "p").code == 0
        assert full.git("show", "--format=", "--name-only", full.branches()[0]).splitlines() == [SPEC, "work.bin"]
        full.git("fsck", "--strict")

    @pytest.mark.parametrize("command", ["status", "statistics", "run p --dry-run"])
    def test_looking_needs_no_room(self, full: Repository, command: str) -> None:
        full.run("run", "p")
        assert in_files_of(full, 0, *command.split()).code == 0

    def test_no_room_is_no_failure_of_the_step(self, full: Repository) -> None:
        in_files_of(full, self.PLACES["the-tree"][0], "run", "p")
        assert "failures" not in full.step(1)


class TestNoRight:
    AS_ANOTHER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if os.geteuid() == 0 else ()

    @pytest.fixture
    @classmethod
    def shared(cls) -> Iterator[Repository]:
        """A repository that everybody may write, in a folder that everybody can reach."""
        if shutil.which("setpriv") is None and cls.AS_ANOTHER:
            pytest.skip("rights do not bind root, and there is no setpriv to be another user")
        place = Path(tempfile.mkdtemp(prefix="shared-"))
        repository = Repository(place).begin()
        repository.git("config", "--global", "safe.directory", "*")
        subprocess.run(["chmod", "-R", "a+rwX", str(place)], check=True)
        yield repository
        subprocess.run(["chmod", "-R", "u+rwX", str(place)], check=True)
        shutil.rmtree(place)

    @pytest.mark.parametrize("part", [".git", ".git/objects", ".git/refs"])
    def test_looking_works_and_a_run_says_what_is_missing(self, shared: Repository, part: str) -> None:
        subprocess.run(["chmod", "-R", "a-w", str(shared.path / part)], check=True)
        for command in ("status", "statistics", "run p --dry-run"):
            assert started(shared, *command.split(), prefix=self.AS_ANOTHER).code == 0
        result = started(shared, "run", "p", prefix=self.AS_ANOTHER)
        assert result.code == 1
        assert "cannot be written" in result.err
        assert "the right to write there" in result.err
        assert len(result.err.splitlines()) == 2
        subprocess.run(["chmod", "-R", "a+w", str(shared.path / part)], check=True)
        assert started(shared, "run", "p", prefix=self.AS_ANOTHER).code == 0


class TestADocumentOfTwentyMegabytes:
    @pytest.fixture(scope="class")
    @staticmethod
    def large(tmp_path_factory: pytest.TempPathFactory) -> Repository:
        repository = Repository(tmp_path_factory.mktemp("large")).begin()
        repository.add_project("q")
        repository.commit()
        repository.run("run", "p")
        repository.put_on_metadata_branch(DOCUMENT, json.dumps(repository.document() | {"more": "x" * 20_000_000}))
        return repository

    def test_it_blocks_its_own_project_alone_and_is_kept(self, large: Repository) -> None:
        result = large.run("run", "--all")
        assert result.code == 1
        assert f"{DOCUMENT} on the metadata branch cannot be read: it has 20,0" in result.out
        assert "claude-step-q-1" in large.branches()
        assert len(large.show(f"{METADATA}:{DOCUMENT}")) > 20_000_000

    @pytest.mark.parametrize(
        ("command", "code"), [("status", 0), ("status p", 0), ("statistics", 1), ("metadata list", 0)]
    )
    def test_what_looks_at_it_says_so_once(self, large: Repository, command: str, code: int) -> None:
        result = large.run(*command.split())
        assert result.code == code
        assert (result.out + result.err).count("the limit is 16,777,216") == 1
        assert len(result.out + result.err) < 1_000


def with_room_for(left: int, place: Path) -> Repository:
    """A project with one step in review, whose document may grow by so many bytes; and a second project."""
    repository = Repository(place).begin(more=ONE_REVIEWER)
    repository.add_project("q")
    repository.commit()
    repository.run("run", "p")
    text = json.dumps(repository.document() | {"more": ""}, indent=2) + "\n"
    padding = "x" * (16 * 1024 * 1024 - len(text) - left)
    repository.put_on_metadata_branch(DOCUMENT, text.replace('"more": ""', f'"more": "{padding}"'))
    return repository


class TestADocumentThatWouldGrowTooLarge:
    def test_nothing_is_begun_and_other_projects_go_on(self, tmp_path: Path) -> None:
        repository = with_room_for(100, tmp_path)
        before = repository.show(f"{METADATA}:{DOCUMENT}")
        result = repository.run("run", "--all")
        assert result.code == 1
        assert f"{DOCUMENT} would have 16,77" in result.err
        assert "Split the spec" in result.err
        assert repository.branches() == ["claude-step-p-1", "claude-step-q-1"]
        assert repository.show(f"{METADATA}:{DOCUMENT}") == before

    def test_work_whose_record_does_not_fit_is_kept(self, tmp_path: Path) -> None:
        repository = with_room_for(20_000, tmp_path)
        model = '$(head -c 30000 /dev/zero | tr "\\0" x)'
        task = json.dumps({"type": "A", "model": "MODEL", "cost_usd": 1, "created_at": "2025-01-15T10:30:00Z"})
        task = task.replace('"', '\\"').replace("MODEL", model)
        told(repository, f'echo x > x.txt; echo "{task}" > "$CLAUDESTEP_USAGE_FILE"', ONE_REVIEWER)
        said = started(repository, "run", "p").out
        assert "git apply" in said
        assert "Split the spec into two projects" in said
        assert list((repository.git_folder / "claudestep/patches").glob("*.patch"))
        assert started(repository, "run", "q").code == 0, "costs that fit nowhere stop no other project"


def test_a_usage_file_without_measure_is_an_unknown_cost(repository: Repository) -> None:
    told(repository, 'echo x > x.txt; head -c 20000000 /dev/zero > "$CLAUDESTEP_USAGE_FILE"')
    assert "it has 20,000,000 bytes" in repository.run("run", "p").err
    assert [task["cost_usd"] for task in repository.step(1)["ai_tasks"]] == [None]


def test_a_spec_with_thousands_of_steps(tmp_path: Path) -> None:
    lines = "".join(f"- [ ] Convert module number {number}\n\n" for number in range(1, MANY_STEPS + 1))
    repository = Repository(tmp_path).begin(spec=lines)
    assert "step 1: Convert module number 1" in started(repository, "run", "p", "--dry-run").out
    assert started(repository, "run", "p").code == 0
    assert len(repository.document()["steps"]) == MANY_STEPS
    assert f"0 of {MANY_STEPS} done" in started(repository, "status").out


HUNDRED_MEGABYTES = {"lines": "yes abc | head -c 100000000", "one-line": "head -c 100000000 /dev/zero | tr '\\0' x"}


@pytest.mark.parametrize("kind", HUNDRED_MEGABYTES)
class TestAnAgentThatPrintsMuch:
    def test_the_program_needs_less_memory_than_that(self, repository: Repository, kind: str) -> None:
        told(repository, f"{HUNDRED_MEGABYTES[kind]}; echo x > x.txt")
        size = 80_000_000
        limited = started(
            repository, "run", "p", limit=lambda: resource.setrlimit(resource.RLIMIT_DATA, (size, size))
        )
        assert limited.code == 0
        assert changed(repository) == [SPEC, "x.txt"]

    def test_a_failure_shows_the_end_of_it(self, repository: Repository, kind: str) -> None:
        told(repository, f"{HUNDRED_MEGABYTES[kind]}; echo; echo THE REASON; exit 3")
        result = repository.run("run", "p")
        assert result.code == 1
        assert "agent.command failed with exit status 3: THE REASON" in result.out
        assert len(result.out) < 20_000


SUBMODULE = "git -c protocol.file.allow=always submodule --quiet"
CHECKS_OUT = f"{SUBMODULE} update --init"
ADDS = f"{SUBMODULE} add $(git config -f .gitmodules submodule.inner.url) new"
SUBMODULES: Mapping[str, tuple[str, int, str]] = {
    "left-alone": ("true", 0, ""),
    "checked-out": (CHECKS_OUT, 0, ""),
    "written-into": ("echo x > inner/x.txt", 0, "the folder of the submodule inner is left out"),
    "moved": (f"{CHECKS_OUT}; git -C inner checkout -q HEAD~1", 1, "the agent moved the submodule inner"),
    "added": (ADDS, 1, "git repository inside the work tree: new"),
    "removed": ("git rm -q inner", 1, "the agent added, moved or removed inner, which is a submodule"),
}


@pytest.mark.parametrize("name", SUBMODULES)
def test_what_an_agent_does_to_a_submodule(repository: Repository, name: str) -> None:
    command, code, sentence = SUBMODULES[name]
    inner = Repository(repository.place, "inner").begin()
    inner.write("file.txt", "second\n")
    inner.commit()
    repository.git(*SUBMODULE.split()[1:], "add", str(inner.path), "inner")
    told(repository, f"{command}; echo x > x.txt", "allowChanges: [.gitmodules, inner, new]\n")
    result = repository.run("run", "p")
    assert result.code == code
    assert sentence in result.out + result.err
    assert code or changed(repository) == [SPEC, "x.txt"]


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"
LFS: Mapping[str, tuple[str, int]] = {
    "ordinary": ("echo x > x.txt", 0),
    "pointer": (f"echo x > x.txt; printf '{POINTER.replace('12345', '99')}' > data.bin", 0),
    "removed": ("echo x > x.txt; rm data.bin", 0),
    "content": ("echo content > data.bin", 1),
    "new": ("echo content > new.bin", 1),
}


@pytest.mark.skipif(shutil.which("git-lfs") is not None, reason="git-lfs is installed")
class TestLargeFilesWithoutTheirProgram:
    @pytest.mark.parametrize("name", LFS)
    @pytest.mark.parametrize("required", [False, True])
    def test_only_who_changes_one_needs_it(self, repository: Repository, name: str, *, required: bool) -> None:
        command, code = LFS[name]
        os.utime(repository.write("data.bin", POINTER), (0, 0))
        repository.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
        told(repository, command)
        if required:
            repository.git("config", "filter.lfs.process", "git-lfs filter-process")
            repository.git("config", "filter.lfs.required", "true")
        result = repository.run("run", "p")
        assert result.code == code
        assert ("keeps in Git LFS, and git-lfs is not installed; install it" in result.out) == bool(code)
        assert bool(repository.branches()) == (not code)


def test_a_filter_of_the_users_is_applied_both_ways(repository: Repository) -> None:
    """As git-crypt is: what the agent sees is plain, what is committed is not, and the rest is not touched."""
    repository.git("config", "filter.rot.clean", "tr a-y b-z")
    repository.git("config", "filter.rot.smudge", "tr b-z a-y")
    repository.write(".gitattributes", "*.rot filter=rot\n")
    for name in ("secret.rot", "other.rot"):
        repository.write(name, "abc\n")
    told(repository, "cat secret.rot > seen.txt; echo klm >> secret.rot")
    assert repository.run("run", "p").code == 0
    assert changed(repository) == [SPEC, "secret.rot", "seen.txt"]
    assert repository.show("claude-step-p-1:seen.txt") == "abc\n"
    assert repository.show("claude-step-p-1:secret.rot") == "bcd\nlmn\n"


def clone_behind(repository: Repository, option: str) -> Repository:
    """A clone with this option, whose main has a commit since then that was never checked out."""
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("clone", "--quiet", option, f"file://{repository.path}", "../clone")
    repository.write("folder/deep.txt", "deep\n")
    told(repository, "cat file.txt folder/deep.txt > seen.txt")
    clone = Repository(repository.place, "clone")
    clone.git("fetch", "--quiet")
    clone.git("update-ref", "refs/heads/main", "refs/remotes/origin/main")
    return clone


class TestParts:
    @pytest.mark.parametrize("option", ["--filter=blob:none", "--filter=tree:0", "--depth=1"])
    def test_a_clone_without_all_objects_loses_no_file(self, repository: Repository, option: str) -> None:
        clone = clone_behind(repository, option)
        assert [clone.run(command, "p").code for command in ("run", "status")] == [0, 0]
        assert changed(clone) == [SPEC, "seen.txt"]
        assert clone.show("claude-step-p-1:seen.txt") == "first\ndeep\n"

    def test_what_a_partial_clone_cannot_fetch_is_no_removed_file(self, repository: Repository) -> None:
        clone = clone_behind(repository, "--filter=blob:none")
        clone.git("show", f"main:{SPEC}", "main:claude-step/p/configuration.yml")
        repository.path.rename(repository.place / "away")
        assert "promisor remote" in clone.run("run", "p").err
        assert clone.branches() == []

    def test_in_an_extra_work_tree(self, repository: Repository) -> None:
        repository.git("worktree", "add", "--quiet", "--detach", "../extra")
        extra = repository.place / "extra"
        for command in ("run p", "status", "statistics", "run p --dry-run"):
            assert repository.run(*command.split(), cwd=extra).code == 0
        assert changed(repository) == ["1.txt", SPEC]
        repository.git("merge", "--quiet", "claude-step-p-1", cwd=repository.path)
        assert repository.run("run", PROJECT, "--auto-merge", "--max-steps", "2", cwd=extra).code == 0
        assert repository.spec() == THREE_STEPS.replace("[ ]", "[x]")
