"""Every fault that the metadata branch can have is planted on a healthy one, and found as exactly what it is."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from claudestep.application.fsck import LARGE, Report, fsck
from claudestep.cli.settings import Settings
from claudestep.cli.wiring import connect
from claudestep.domain.ai_tasks import AITask
from claudestep.domain.changes import RecordTasks
from claudestep.domain.models import Claim, Owner, PreviousPullRequest, Project, Step
from claudestep.domain.naming import document_path
from claudestep.infrastructure.metadata import branch_readme, codec
from claudestep.infrastructure.metadata.git_branch import GitMetadataBranch
from claudestep.infrastructure.owner import current_owner
from claudestep.infrastructure.runs import Run, RunRecord
from tests.integration.repository import METADATA, Repository
from tests.unit.builders import at, task

P, Q = document_path("p"), document_path("q")
USAGE = (
    'echo x > "$CLAUDESTEP_PROJECT-$CLAUDESTEP_STEP_INDEX"\n'
    'task=\'"type": "PRCreation", "model": "m", "created_at": "2025-01-15T10:30:00Z"\'\n'
    'echo "{$task, \\"cost_usd\\": 0.25}" > "$CLAUDESTEP_USAGE_FILE"'
)
ALIVE = Owner(host="elsewhere", boot_id="b", pid=7, started="1")
DEAD = replace(current_owner(), pid=2**22 + 1)

OVER = {"pr_state": "merged", "merged_at": at(0)}
"""Of a pull request that the host is not asked for any more."""

Files = Mapping[str, bytes | None]


@dataclass(frozen=True)
class Place:
    """A healthy branch after real runs, to which every test comes back."""

    repository: Repository
    healthy: str

    @property
    def branch(self) -> GitMetadataBranch:
        branch = connect(Settings(self.repository.environment), self.repository.path).host.branch
        assert isinstance(branch, GitMetadataBranch)
        return branch

    def plant(self, files: Files) -> None:
        self.branch.commit(self.branch.read().version, files, "Plant a fault")

    def read(self, path: str) -> bytes:
        return self.branch.read().files[path]

    def look(self) -> Report:
        before = self.repository.refs()
        report = fsck(connect(Settings(self.repository.environment), self.repository.path))
        assert self.repository.refs() == before
        return report

    def found(self) -> list[tuple[str, str, str]]:
        findings = self.look().findings
        assert all(finding.remedy for finding in findings)
        return [(finding.level, finding.path, finding.problem) for finding in findings]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """p: one step merged, one in review, one turned down and tried again; q: one in review."""
    repository = Repository(tmp_path_factory.mktemp("fsck"))
    repository.begin(command=USAGE, more="reviewers: [{username: alice, maxOpenPRs: 3}]\n")
    repository.add_project("q", command=USAGE)
    repository.commit()
    for command in ("run p --auto-merge", "run p --max-steps 2", "close 3", "retry p 3", "run p", "run q"):
        result = repository.run(*command.split())
        assert result.code == 0, result
    return Place(repository, repository.refs()[METADATA])


@pytest.fixture
def place(made: Place) -> Iterator[Place]:
    yield made
    made.repository.git("update-ref", METADATA, made.healthy)


def test_a_healthy_branch_after_real_runs_has_no_fault(place: Place) -> None:
    assert place.look() == Report(place.healthy, 2, ())
    result = place.repository.run("metadata", "fsck")
    assert (result.code, result.out, result.err) == (0, "2 documents, no errors, no warnings\n", "")


def test_before_the_first_run_there_is_nothing_to_find(tmp_path: Path) -> None:
    result = Repository(tmp_path).begin().run("metadata", "fsck")
    assert (result.code, result.err) == (0, "")
    assert "no metadata branch yet" in result.out


# The bytes of a document


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{{{", "JSON is malformed"),
        (b"", "Input data was truncated"),
        (b"\xff\xfe", "JSON is malformed"),
        (b"[]", "it is not a JSON object"),
        (b'{"project": "p", "steps": []}', "`schema_version` is missing"),
        (b'{"schema_version": "2.0", "project": "p"}', "its schema_version is 2.0"),
        (b'{"schema_version": "1.0", "project": "x", "steps": []}', "it says that it is project 'x'"),
        (
            b'{"schema_version": "1.0", "project": "p", "steps": [{"step_index": "1"}]}',
            "at `$.steps[0].step_index`",
        ),
        (b" " * (codec.MAX_BYTES + 1), "the limit is 16,777,216"),
    ],
    ids=["no-json", "empty", "no-utf-8", "no-object", "no-version", "newer", "name", "schema", "size"],
)
def test_a_document_that_cannot_be_read_is_an_error(place: Place, data: bytes, problem: str) -> None:
    place.plant({P: data})
    ((level, path, text),) = place.found()
    assert (level, path) == ("error", P)
    assert problem in text


def test_a_newer_document_says_what_to_install(place: Place) -> None:
    place.plant({P: b'{"schema_version": "2.0", "project": "p"}'})
    assert "pip install" in place.look().findings[0].remedy


def test_a_file_whose_name_cannot_be_a_project_s_is_an_error(place: Place) -> None:
    place.plant({"projects/.hidden.json": place.read(P)})
    ((level, path, text),) = place.found()
    assert (level, path) == ("error", "projects/.hidden.json")
    assert "its name cannot be a project's" in text


@pytest.mark.parametrize(
    "edit",
    [lambda data: data.replace(b"  ", b"\t"), lambda data: data[:-1], lambda data: b"\xef\xbb\xbf" + data],
    ids=["indent", "no newline", "byte order mark"],
)
def test_bytes_that_are_not_canonical_are_a_warning(place: Place, edit: Callable[[bytes], bytes]) -> None:
    place.plant({P: edit(place.read(P))})
    assert place.found() == [("warning", P, "its bytes are not in the canonical form")]


def test_a_large_document_is_a_warning(place: Place) -> None:
    def grow(project: Project) -> Project:
        return replace(project, extra={"large": "x" * LARGE})

    place.plant(edited(place, "p", grow))
    ((level, path, text),) = place.found()
    assert (level, path) == ("warning", P)
    assert "from 400,000 on" in text


# What documents say


def edited(place: Place, name: str, *changes: Callable[[Project], Project]) -> Files:
    """A document after some changes, in canonical form, and the README that fits it."""
    project = codec.decode(document_path(name), place.read(document_path(name)))
    for change in changes:
        project = change(project)
    readme = branch_readme.with_rows(place.read(branch_readme.PATH), {name: project})
    return {document_path(name): codec.encode(project), branch_readme.PATH: readme}


def on(number: int, **values: object) -> Callable[[Project], Project]:
    """Change the fields of a step."""

    def change(project: Project) -> Project:
        return project.with_step(replace(step_of(project, number), **values))  # type: ignore[arg-type]

    return change


def step_of(project: Project, number: int) -> Step:
    step = project.find(number)
    assert step is not None
    return step


def claim(number: int = 1, **values: object) -> Claim:
    """A claim that holds for some years."""
    made = Claim(
        id="c1", owner=ALIVE, branch=f"claude-step-q-{number}", agent="command", stage="working",
        until=at(24 * 3650),
    )  # fmt: skip
    return replace(made, **values)  # type: ignore[arg-type]


def earlier(**values: object) -> PreviousPullRequest:
    made = PreviousPullRequest(
        pr_number=90, branch_name="claude-step-q-1", pr_state="closed", closed_at=at(0), created_at=at(-1)
    )
    return replace(made, **values)  # type: ignore[arg-type]


def with_task(number: int, one: AITask) -> Callable[[Project], Project]:
    return RecordTasks(number, (one,)).apply


FIRST = Owner(host="elsewhere", boot_id="b", pid=8, started="1")
FAULTS = [
    pytest.param("q", [on(2, pr_state="open")], "error", "step 2: `pr_state` is open, and `pr_number` is missing"),
    pytest.param("q", [on(1, pr_state=None)], "warning", "step 1: #5 has no `pr_state`"),
    pytest.param("q", [on(1, branch_name=None)], "error", "step 1: #5 has no `branch_name`"),
    pytest.param("q", [on(1, pr_state="merged")], "warning", "step 1: #5 is merged, and `merged_at` is missing"),
    pytest.param("q", [on(1, pr_state="closed")], "warning", "step 1: #5 is closed, and `closed_at` is missing"),
    pytest.param(
        "q",
        [on(1, previous_pull_requests=(earlier(branch_name="claude-step-q-1.2", closed_at=None),), attempts=2)],
        "warning",
        "step 1: #90 is closed, and `closed_at` is missing",
    ),
    pytest.param(
        "q",
        [on(1, branch_name="feature", **OVER)],
        "warning",
        "step 1: 'feature' is not the name of a step's branch",
    ),
    pytest.param(
        "q",
        [on(1, branch_name="claude-step-q-9", **OVER)],
        "warning",
        "step 1: its branch claude-step-q-9 is that of step 9",
    ),
    pytest.param(
        "q",
        [on(1, branch_name="claude-step-q-1.3", **OVER)],
        "error",
        "step 1: `attempts` is 1, and its branch claude-step-q-1.3 is of attempt 3",
    ),
    pytest.param(
        "q",
        [on(2, claim=claim(2), attempts=0)],
        "error",
        "step 2: `attempts` is 0, and its branch claude-step-q-2 is of attempt 1",
    ),
    pytest.param("q", [on(2, waits_for=(1, 8))], "warning", "step 2: it waits for step 8, which is missing"),
    pytest.param(
        "p",
        [on(1, claim=claim(branch="claude-step-p-1.2"), attempts=2)],
        "warning",
        "step 1: it is done and has a claim",
    ),
    pytest.param(
        "q",
        [on(2, claim=claim(2, until=at(0)), attempts=1)],
        "warning",
        "step 2: its claim c1 ended at 2025-01-15 10:30 UTC",
    ),
    pytest.param(
        "q",
        [on(2, claim=claim(2, owner=DEAD), attempts=1)],
        "warning",
        "step 2: its claim c1 is that of a process that is gone",
    ),
    pytest.param(
        "q",
        [on(2, pr_number=5, pr_state="open", branch_name="claude-step-q-2", attempts=1)],
        "error",
        "step 2: #5 is recorded open and is not to be found",
    ),
    pytest.param(
        "q",
        [on(1, branch_name="claude-step-p-1", **OVER)],
        "error",
        "step 1: branch claude-step-p-1 is that of step 1 of p, too",
    ),
    pytest.param(
        "q", [on(1, claim=claim(1))], "error", "step 1: branch claude-step-q-1 stands there twice"
    ),
    pytest.param(
        "q",
        [with_task(1, task(id="t")), with_task(2, task(id="t"))],
        "error",
        "step 2: AI task t is that of step 1, too",
    ),
    pytest.param(
        "q",
        [on(2, claim=claim(2), attempts=1), on(3, claim=claim(3, owner=FIRST), attempts=1)],
        "error",
        "step 3: claim c1 is that of step 2, too",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "level", "problem"), FAULTS)
def test_what_documents_contradict_is_found_and_nothing_else(
    place: Place, name: str, changes: list[Callable[[Project], Project]], level: str, problem: str
) -> None:
    place.plant(edited(place, name, *changes))
    assert place.found() == [(level, document_path(name), problem)]


def test_two_claims_of_one_branch_are_an_error(place: Place) -> None:
    second = on(3, claim=claim(2, id="c2"), attempts=1)
    place.plant(edited(place, "q", on(2, claim=claim(2), attempts=1), second))
    assert ("error", Q, "step 3: branch claude-step-q-2 is that of step 2, too") in place.found()


@pytest.mark.parametrize(
    "change",
    [
        on(1, orphaned_at=at(0)),
        on(1, branch_name="claude-step-former-1", **OVER),
        on(1, previous_pull_requests=(earlier(pr_number=5, branch_name="claude-step-q-1.2"),), attempts=2),
        on(2, claim=claim(2), attempts=1),
        on(2, attempts=4, failures=2, failure_reason="no"),
        on(2, waits_for=(1,)),
    ],
    ids=["done and removed", "of a renamed project", "numbers of two hosts", "worked on", "failed", "waits"],
)
def test_what_may_be_is_no_fault(place: Place, change: Callable[[Project], Project]) -> None:
    place.plant(edited(place, "q", on(3, completed_at=at(0), orphaned_at=at(0)), change))
    assert place.found() == []


# The branch


def test_what_is_not_ours_is_a_warning(place: Place) -> None:
    place.plant({"notes.txt": b"", "docs/a": b"", "docs/b/c": b"", "projects/a.yml": b"", "projects/b/c.json": b""})
    assert place.found() == [
        ("warning", "docs/", "it is not ClaudeStep's (2 files)"),
        ("warning", "notes.txt", "it is not ClaudeStep's"),
        ("warning", "projects/a.yml", "it is not ClaudeStep's"),
        ("warning", "projects/b/c.json", "it is not ClaudeStep's"),
    ]


def test_a_readme_that_is_behind_is_a_warning(place: Place) -> None:
    text = place.read("README.md").decode()
    place.plant({"README.md": text.replace("| 1 of 3 |", "| 0 of 3 |").encode()})
    assert place.found() == [("warning", "README.md", "its rows are not those of the documents: p")]
    row = next(line for line in text.splitlines() if line.startswith("| [q]"))
    place.plant({"README.md": text.replace(row, row.replace("q", "gone")).encode()})
    assert place.found() == [
        ("warning", "README.md", "its rows are not those of the documents: q"),
        ("warning", "README.md", "it has rows of projects that have no document: gone"),
    ]


def test_a_readme_without_its_markers_or_none_at_all_is_a_warning(place: Place) -> None:
    place.plant({"README.md": b"# Ours\n"})
    assert place.found() == [("warning", "README.md", "its markers are gone, so that it shows no projects")]
    place.plant({"README.md": None})
    assert place.found() == [("warning", "README.md", "it is missing")]


def test_the_remedy_of_a_missing_readme_is_true(place: Place) -> None:
    place.plant({"README.md": None})
    place.repository.run("skip", "p", "3")
    assert [path for _, path, _ in place.found()] == ["README.md"], "the row of q is missing yet"


def test_a_missing_nojekyll_is_a_warning(place: Place) -> None:
    place.plant({".nojekyll": None})
    assert place.found() == [("warning", ".nojekyll", "it is missing")]


def test_two_roots_are_an_error(place: Place) -> None:
    git = place.repository.git
    other = git("commit-tree", "-m", "Begun elsewhere", f"{METADATA}^{{tree}}")
    git("update-ref", METADATA, git("commit-tree", "-p", METADATA, "-p", other, "-m", "J", f"{METADATA}^{{tree}}"))
    ((level, path, text),) = place.found()
    assert (level, path) == ("error", "claudestep-metadata")
    assert "it was begun 2 times and joined" in text


def test_a_copy_at_a_remote_of_another_history_is_an_error(place: Place) -> None:
    git = place.repository.git
    git("update-ref", "refs/remotes/origin/claudestep-metadata", METADATA)
    assert place.found() == []
    other = git("commit-tree", "-m", "Begun elsewhere", f"{METADATA}^{{tree}}")
    git("update-ref", "refs/remotes/origin/claudestep-metadata", other)
    ((level, path, text),) = place.found()
    git("update-ref", "-d", "refs/remotes/origin/claudestep-metadata")
    assert (level, path) == ("error", "claudestep-metadata")
    assert "origin/claudestep-metadata shares no commit with it" in text


# What waits on disk


def test_costs_and_work_that_wait_are_notes(place: Place) -> None:
    root = place.repository.git_folder / "claudestep"
    run = Run(RunRecord("c7", "p", "", ALIVE), root / "runs/c7.json")
    run.note_spent(RecordTasks(2, (task(0.5, id="c7-1"),)))
    unsent = root / "unsent/c7.json"
    unsent.parent.mkdir(exist_ok=True)
    run.spent.rename(unsent)
    patch = root / "patches/c8.patch"
    patch.parent.mkdir(exist_ok=True)
    patch.write_bytes(b"")
    assert place.found() == [
        ("note", str(patch), "work that could not be published"),
        ("note", str(unsent), "costs of step 2 of p that a run could not record"),
    ]
    assert place.repository.run("metadata", "fsck").code == 0
    unsent.write_bytes(b"{")
    assert [found[:2] for found in place.found()] == [("warning", str(unsent)), ("note", str(patch))]
    unsent.unlink()
    patch.unlink()


# What is printed


def test_errors_come_first_and_make_the_exit_code_1(place: Place) -> None:
    place.plant({**edited(place, "q", on(1, pr_state=None), on(2, pr_state="open")), "notes.txt": b"", P: b"{"})
    result = place.repository.run("metadata", "fsck")
    assert (result.code, result.err) == (1, "")
    lines = result.out.splitlines()
    assert lines[0] == "error    projects/p.json"
    assert lines[1].startswith("         ")
    assert [line.split()[:2] for line in lines if line[0] != " "] == [
        ["error", "projects/p.json"],
        ["error", "projects/q.json"],
        ["warning", "notes.txt"],
        ["warning", "projects/q.json"],
        ["2", "documents,"],
    ]
    assert lines[-1] == "2 documents, 2 errors, 2 warnings"


def test_programs_read_the_same(place: Place) -> None:
    place.plant({".nojekyll": None, P: b"{"})
    result = place.repository.run("metadata", "fsck", "--json")
    assert (result.code, result.err) == (1, "")
    report = json.loads(result.out)
    assert (report["version"], report["kind"], report["documents"]) == (1, "fsck", 2)
    assert (report["errors"], report["warnings"], report["notes"]) == (1, 1, 0)
    assert [(one["level"], one["path"]) for one in report["findings"]] == [("error", P), ("warning", ".nojekyll")]
    assert all(one["problem"] and one["remedy"] for one in report["findings"])


def test_a_branch_of_somebody_else_is_said_to_be(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    repository.put_on_metadata_branch("notes.txt", "mine")
    result = repository.run("metadata", "fsck")
    assert (result.code, result.out) == (1, "")
    assert "is not ClaudeStep's" in result.err
