"""What the `MetadataStore` promises, on every branch that it can stand on."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn

import pytest

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.errors import (
    BranchVanished,
    BrokenDocuments,
    DocumentTooLarge,
    ForeignBranch,
    InvalidDocument,
    NewerDocument,
    StaleDocument,
    UnknownProject,
    UsageError,
)
from claudestep.domain.models import Project, Step
from claudestep.infrastructure.metadata import branch_readme
from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.documents import Documents, blob_id
from claudestep.infrastructure.metadata.store import Change, MetadataStore
from tests.contract.adapters import Adapter
from tests.contract.records import WHEN, add_task, counted, task
from tests.fakes.clock import NOON, FakeClock

on_two_branches = pytest.mark.parametrize("adapter", ["memory", "local"], indirect=True)
"""For what is decided in the store alone: bytes in, bytes out. What a branch does with bytes is its own suite."""
HOUR = timedelta(hours=1)
NEWER = b'{"schema_version": "2.0", "project": "b", "new": true}\n'
CORRUPT = b'{"schema_version": "1.0", "project": "b", "steps": [\n'


def done(name: str, *completed: datetime | None) -> Project:
    """A project with one step for each of these times, None for a step that is not done."""
    steps = (
        Step(step_index=number, step_description=f"Step {number}", completed_at=when)
        for number, when in enumerate(completed, start=1)
    )
    return Project(project=name, steps=tuple(steps))


def write_behind(branch: MetadataBranch, path: str, data: bytes | None) -> None:
    """Change a file as a user would, without the store."""
    branch.commit(branch.read().version, {path: data}, "Edited by hand")


def versions(branch: MetadataBranch) -> list[str]:
    """The commits of the branch, newest first."""
    return [entry.version for entry in branch.read("").log]


# Reading and writing


def test_nothing_is_known_where_there_is_no_branch(store: MetadataStore) -> None:
    assert store.list() == []
    assert store.all() == Documents(None)
    with pytest.raises(UnknownProject):
        store.get("a")
    with pytest.raises(UnknownProject):
        store.raw("a")


def test_an_update_of_a_project_that_is_not_there_starts_with_an_empty_one(store: MetadataStore) -> None:
    seen: list[Project] = []

    def change(project: Project) -> Project:
        seen.append(project)
        return add_task("1")(project)

    store.update("a", change)
    assert seen == [Project(project="a")]
    assert store.list() == ["a"]
    assert counted(store) == {"1": 1}


def test_each_update_is_applied_to_what_the_last_one_left(store: MetadataStore) -> None:
    for number in range(3):
        store.update("a", add_task(str(number)))
    assert [found.id for found in store.get("a").value.ai_tasks] == ["0", "1", "2"]


def test_a_document_that_was_read_can_be_put_back_at_its_version(store: MetadataStore) -> None:
    store.put("a", done("a", None), expected=None)
    first = store.get("a")
    store.put("a", replace(first.value, steps=done("a", WHEN).steps), expected=first.version)
    second = store.get("a")
    assert second.version != first.version
    assert second.value.progress.done == 1


@on_two_branches
def test_the_version_of_a_document_does_not_depend_on_the_others(store: MetadataStore) -> None:
    store.put("a", done("a", None), expected=None)
    version = store.get("a").version
    store.put("b", done("b", None), expected=None)
    assert store.get("a").version == version


def test_an_old_version_is_stale_and_says_what_is_there(store: MetadataStore) -> None:
    store.put("a", done("a", None), expected=None)
    first = store.get("a")
    store.update("a", add_task("1"))
    second = store.get("a")
    with pytest.raises(StaleDocument) as caught:
        store.put("a", done("a", WHEN), expected=first.version)
    assert (caught.value.name, caught.value.expected, caught.value.found) == ("a", first.version, second.version)
    with pytest.raises(StaleDocument):
        store.delete("a", expected=first.version)
    assert store.get("a") == second


@on_two_branches
def test_what_must_not_exist_is_stale_where_it_exists_and_the_other_way_round(store: MetadataStore) -> None:
    store.put("a", done("a", None), expected=None)
    before = store.all()
    with pytest.raises(StaleDocument):
        store.put("a", done("a", WHEN), expected=None)
    with pytest.raises(StaleDocument):
        store.put("b", done("b", WHEN), expected=store.get("a").version)
    with pytest.raises(StaleDocument):
        store.delete("b", expected=store.get("a").version)
    assert store.all() == before


def test_a_deleted_project_is_gone_and_can_be_made_again(store: MetadataStore) -> None:
    store.update("a", add_task("1"))
    store.update("b", add_task("2"))
    store.delete("a", expected=store.get("a").version)
    assert store.list() == ["b"]
    store.update("a", add_task("3"))
    assert counted(store) == {"2": 1, "3": 1}


def test_the_last_project_can_be_deleted_and_the_branch_stays_usable(store: MetadataStore) -> None:
    store.update("a", add_task("1"))
    store.delete("a", expected=store.get("a").version)
    assert store.list() == []
    store.update("a", add_task("2"))
    assert counted(store) == {"2": 1}


def test_raw_is_the_document_as_it_stands_on_the_branch(store: MetadataStore, branch: MetadataBranch) -> None:
    store.update("a", add_task("1"))
    assert store.raw("a") == branch.read().files["projects/a.json"]
    assert json.loads(store.raw("a"))["project"] == "a"


@on_two_branches
def test_a_project_s_name_has_to_be_one(store: MetadataStore) -> None:
    for name in ("", "../a", "a/b", "a b", ".a", "a.lock"):
        with pytest.raises(UsageError):
            store.update(name, add_task("1"))
        with pytest.raises(UsageError):
            store.put(name, Project(project=name), expected=None)
    with pytest.raises(ValueError, match="was to be written as"):
        store.update("a", lambda _: done("b", None))
    assert store.all().version is None


# What is written, and what is not


def test_a_change_that_alters_nothing_makes_no_commit(store: MetadataStore, branch: MetadataBranch) -> None:
    store.update("a", add_task("1"))
    before = versions(branch)
    store.update("a", lambda project: project)
    store.put("a", store.get("a").value, expected=store.get("a").version)
    committed = store.transact(lambda documents, _: Change(documents.projects, "All the same", "result"))
    assert (committed.result, committed.version, committed.wrote) == ("result", before[0], False)
    assert versions(branch) == before


@on_two_branches
def test_a_change_that_alters_nothing_makes_no_branch(store: MetadataStore) -> None:
    store.update("a", lambda project: project)
    store.delete("a", expected=None)
    committed = store.transact(lambda *_: Change({"a": None}, "Nothing", "result"))
    assert (committed.result, committed.version, committed.wrote) == ("result", None, False)
    assert store.all().version is None


@on_two_branches
def test_last_updated_is_the_time_of_the_write_and_never_goes_back(store: MetadataStore, clock: FakeClock) -> None:
    store.update("a", add_task("1"))
    assert store.get("a").value.last_updated == NOON
    clock.set_now(NOON + HOUR)
    store.update("a", add_task("2"))
    assert store.get("a").value.last_updated == NOON + HOUR
    clock.set_now(NOON - HOUR)
    store.update("a", add_task("3"))
    assert store.get("a").value.last_updated == NOON + HOUR
    store.update("a", lambda project: replace(add_task("4")(project), last_updated=None))
    assert store.get("a").value.last_updated == NOON + HOUR


@on_two_branches
def test_a_write_touches_the_times_of_its_own_project_alone(store: MetadataStore, clock: FakeClock) -> None:
    store.update("a", add_task("1"))
    clock.set_now(NOON + HOUR)
    store.update("b", add_task("2"))
    assert store.get("a").value.last_updated == NOON


@on_two_branches
def test_created_at_is_set_once(store: MetadataStore, clock: FakeClock) -> None:
    store.update("a", add_task("1"))
    clock.set_now(NOON + HOUR)
    store.update("a", add_task("2"))
    store.put("a", done("a", WHEN), expected=store.get("a").version)
    assert store.get("a").value.created_at == NOON


@on_two_branches
def test_changes_are_told_the_time_of_the_look(store: MetadataStore, clock: FakeClock) -> None:
    clock.set_now(NOON + HOUR)
    assert store.transact(lambda _, now: Change({}, "Ask", now)).result == NOON + HOUR


def test_one_commit_holds_several_documents(store: MetadataStore, branch: MetadataBranch) -> None:
    committed = store.transact(
        lambda *_: Change({"a": done("a", None), "b": done("b", WHEN)}, "Both", "result"),
    )
    assert (committed.result, committed.version, committed.wrote) == ("result", versions(branch)[0], True)
    assert store.list() == ["a", "b"]
    assert len(versions(branch)) == 1


def test_several_documents_are_written_all_or_none(store: MetadataStore) -> None:
    store.update("a", add_task("1"))
    before = store.all()
    too_large = replace(done("b", None), extra={"ballast": "x" * 16 * 1024 * 1024})
    with pytest.raises(DocumentTooLarge):
        store.transact(lambda *_: Change({"a": done("a", WHEN), "b": too_large}, "Both", None))
    assert store.all() == before


def test_an_error_of_the_change_writes_nothing(store: MetadataStore) -> None:
    def fail(_: Project) -> NoReturn:
        raise LookupError("in the change")

    store.update("a", add_task("1"))
    before = store.all()
    with pytest.raises(LookupError):
        store.update("a", fail)
    assert store.all() == before


@on_two_branches
def test_every_message_has_its_subject_and_an_id_of_its_own(store: MetadataStore, branch: MetadataBranch) -> None:
    for number in range(3):
        store.update("a", add_task(str(number)))
    messages = [entry.message.strip().splitlines() for entry in branch.read("").log]
    assert [message[:2] for message in messages] == [["Update a", ""]] * 3
    trailers = {message[-1] for message in messages}
    assert len(trailers) == 3
    assert all(trailer.startswith("ClaudeStep-Commit: ") for trailer in trailers)


@on_two_branches
def test_a_message_tells_what_changed_and_who_wrote_it(adapter: Adapter, clock: FakeClock) -> None:
    store = MetadataStore(adapter.branch, clock=clock, author="alice@host pid 7")
    store.update("a", add_task("1"))
    store.update("a", add_task("2"))
    lines = store.log(1)[0].message.strip().split("\n")
    assert lines[:-1] == [
        "Update a",
        "",
        "- step 1: PRCreation, claude, $0.25",
        "",
        "ClaudeStep-By: alice@host pid 7",
    ]


@on_two_branches
def test_no_text_of_a_step_can_be_taken_for_a_trailer(store: MetadataStore) -> None:
    forged = "x\n\nClaudeStep-Commit: 0123\nClaudeStep-By: eve\u2028ClaudeStep-Commit: 4567\r\x0bClaudeStep-By: eve"

    def fail(project: Project) -> Project:
        return replace(
            project, steps=(Step(step_index=1, step_description=forged, failures=1, failure_reason=forged),)
        )

    store.update("a", fail)
    lines = store.log(1)[0].message.strip().splitlines()
    assert [line for line in lines if line.startswith("ClaudeStep-")] == lines[-1:]


@on_two_branches
def test_the_log_of_a_project_has_the_commits_that_wrote_it(store: MetadataStore) -> None:
    for name in ("a", "b", "a"):
        store.update(name, add_task(f"{name}{len(store.log(9))}"))
    assert [entry.message.split("\n")[0] for entry in store.log(9, "a")] == ["Update a", "Update a"]
    assert len(store.log(9)) == 3
    assert len(store.log(2)) == 2


# Races


def test_a_lost_race_is_decided_anew_on_what_is_there_then(adapter: Adapter, clock: FakeClock) -> None:
    ours = MetadataStore(adapter.branch, clock=clock)
    theirs = MetadataStore(adapter.branch, clock=clock)
    theirs.update("a", add_task("before"))
    seen: list[int] = []

    def change(documents: Documents, _: datetime) -> Change[int]:
        known = len(documents.projects["a"].ai_tasks)
        seen.append(known)
        if known < 3:
            theirs.update("a", add_task(f"theirs {known}"))
        return Change({"a": add_task("ours")(documents.projects["a"])}, "Ours", known)

    committed = ours.transact(change)
    assert seen == [1, 2, 3]
    assert committed.result == 3
    assert counted(ours) == {"before": 1, "theirs 1": 1, "theirs 2": 1, "ours": 1}
    assert len(adapter.parents()) == 4


def test_the_first_writes_of_two_make_one_root(adapter: Adapter, clock: FakeClock) -> None:
    ours = MetadataStore(adapter.branch, clock=clock)
    theirs = MetadataStore(adapter.branch, clock=clock)

    def change(project: Project) -> Project:
        if not theirs.list():
            theirs.update("b", add_task("theirs"))
        return add_task("ours")(project)

    ours.update("a", change)
    assert counted(ours) == {"ours": 1, "theirs": 1}
    assert [len(parents) for parents in adapter.parents()] == [1, 0]


def test_a_branch_that_vanishes_between_read_and_write_is_not_begun_anew(
    adapter: Adapter, store: MetadataStore
) -> None:
    store.update("a", add_task("1"))
    version = store.all().version

    def change(project: Project) -> Project:
        adapter.reset(None)
        return add_task("2")(project)

    with pytest.raises(BranchVanished) as caught:
        store.update("a", change)
    assert adapter.branch.read().version is None
    assert str(version) in caught.value.remedy
    adapter.reset(version)
    assert counted(store) == {"1": 1}


def test_a_branch_that_comes_and_goes_while_its_first_write_is_tried_is_not_begun_anew(
    adapter: Adapter, store: MetadataStore
) -> None:
    def change(documents: Documents, _: datetime) -> Change[None]:
        if documents.version is None:
            write_behind(adapter.branch, "projects/b.json", b"theirs")
        else:
            adapter.reset(None)
        return Change({"a": done("a", None)}, "Ours", None)

    with pytest.raises(BranchVanished):
        store.transact(change)
    assert adapter.branch.read().version is None


# The README


def test_the_very_first_commit_has_the_document_the_readme_and_nojekyll(
    adapter: Adapter, store: MetadataStore
) -> None:
    store.update("a", add_task("1"))
    assert adapter.parents() == [[]]
    files = adapter.branch.read().files
    assert set(files) == {"README.md", ".nojekyll", "projects/a.json"}
    assert ".nojekyll" in files


@on_two_branches
def test_the_readme_has_one_row_a_project(store: MetadataStore, branch: MetadataBranch, clock: FakeClock) -> None:
    store.put("b", done("b", WHEN, None), expected=None)
    clock.set_now(NOON + HOUR)
    store.update("a", add_task("1"))
    store.update("a", lambda p: p.with_step(replace(p.steps[0], ai_tasks=(*p.ai_tasks, task("2", cost=None)))))
    assert _rows(branch) == [
        "| [a](projects/a.json) | 0 of 1 | $0.25 + 1 unknown | 2025-01-15 13:00 UTC |",
        "| [b](projects/b.json) | 1 of 2 | $0.00 | 2025-01-15 12:00 UTC |",
    ]
    store.delete("a", expected=store.get("a").version)
    assert [row.split("]")[0] for row in _rows(branch)] == ["| [b"]


@on_two_branches
def test_what_a_user_writes_around_the_rows_stays(store: MetadataStore, branch: MetadataBranch) -> None:
    store.update("a", add_task("1"))
    text = branch.read().files["README.md"]
    write_behind(branch, "README.md", b"\xff\xfe Ours\r\n" + text + b"The end\r\n")
    store.update("b", add_task("2"))
    readme = branch.read().files["README.md"]
    assert readme.startswith(b"\xff\xfe Ours\r\n")
    assert readme.endswith(b"The end\r\n")
    assert [row.split("]")[0] for row in _rows(branch)] == ["| [a", "| [b"]


@on_two_branches
@pytest.mark.parametrize("readme", [b"# Ours\n", b"", f"{branch_readme.END}\n{branch_readme.BEGIN}\n".encode()])
def test_a_readme_whose_markers_are_gone_is_left_alone(
    store: MetadataStore, branch: MetadataBranch, readme: bytes
) -> None:
    store.update("a", add_task("1"))
    write_behind(branch, "README.md", readme)
    store.update("a", add_task("2"))
    assert branch.read().files["README.md"] == readme
    assert counted(store) == {"1": 1, "2": 1}


@on_two_branches
def test_a_readme_that_was_removed_comes_back(store: MetadataStore, branch: MetadataBranch) -> None:
    store.update("a", add_task("1"))
    write_behind(branch, "README.md", None)
    store.update("b", add_task("2"))
    assert [row.split("]")[0] for row in _rows(branch)] == ["| [b"]


def test_files_that_are_not_ours_stay(store: MetadataStore, branch: MetadataBranch) -> None:
    store.update("a", add_task("1"))
    write_behind(branch, "notes/ours.txt", b"ours")
    write_behind(branch, "projects/notes.txt", b"no document")
    store.update("a", add_task("2"))
    assert branch.read().files["notes/ours.txt"] == b"ours"
    assert branch.read().files["projects/notes.txt"] == b"no document"
    assert store.list() == ["a"]


def _rows(branch: MetadataBranch) -> list[str]:
    text = branch.read().files["README.md"].decode(errors="replace")
    return [line for line in text.splitlines() if line.startswith("| [")]


# Documents of other versions, and those that cannot be read


@on_two_branches
def test_unknown_keys_of_every_level_survive_an_update(store: MetadataStore, branch: MetadataBranch) -> None:
    store.update("a", lambda project: replace(add_task("1")(project), created_at=WHEN))
    document = json.loads(store.raw("a"))
    document |= {"schema_version": "1.9", "later": {"nested": [1, None, 2.5, "ü"]}}
    document["steps"][0]["later"] = [{}]
    document["steps"][0]["ai_tasks"][0]["later"] = False
    write_behind(branch, "projects/a.json", json.dumps(document).encode())
    store.update("a", add_task("2"))
    after = json.loads(store.raw("a"))
    assert after["steps"][0]["ai_tasks"].pop()["id"] == "2"
    assert after | {"last_updated": None} == document | {"last_updated": None}


@on_two_branches
@pytest.mark.parametrize(
    ("data", "error"), [(CORRUPT, InvalidDocument), (NEWER, NewerDocument)], ids=["corrupt", "newer"]
)
def test_a_document_that_cannot_be_read_blocks_its_own_project_alone(
    store: MetadataStore, branch: MetadataBranch, data: bytes, error: type[InvalidDocument]
) -> None:
    store.update("a", add_task("1"))
    write_behind(branch, "projects/b.json", data)
    documents = store.all()
    assert (set(documents.projects), set(documents.broken)) == ({"a"}, {"b"})
    assert type(documents.broken["b"]) is error
    assert store.list() == ["a", "b"]
    assert store.raw("b") == data
    with pytest.raises(error, match=r"projects/b\.json"):
        store.get("b")
    _assert_not_writable(store, "b", blob_id(data))
    store.update("a", add_task("2"))
    store.update("c", add_task("3"))
    assert store.raw("b") == data


def _assert_not_writable(store: MetadataStore, name: str, version: str) -> None:
    for attempt in (
        lambda: store.update(name, add_task("x")),
        lambda: store.put(name, done(name, None), expected=version),
        lambda: store.delete(name, expected=version),
        lambda: store.transact(lambda *_: Change({name: done(name, None), "z": done("z", None)}, "Both", None)),
    ):
        with pytest.raises(InvalidDocument, match=f"projects/{name}.json"):
            attempt()
    assert "z" not in store.list()


@on_two_branches
def test_a_document_of_another_name_is_broken(store: MetadataStore, branch: MetadataBranch) -> None:
    store.update("a", add_task("1"))
    write_behind(branch, "projects/b.json", store.raw("a"))
    assert "'a'" in str(store.all().broken["b"])


@on_two_branches
def test_questions_over_all_projects_fail_where_one_cannot_be_read(
    store: MetadataStore, branch: MetadataBranch
) -> None:
    store.update("a", add_task("1"))
    write_behind(branch, "projects/b.json", CORRUPT)
    for question in (store.modified_since, store.created_since, store.completed_since):
        with pytest.raises(BrokenDocuments, match=r"projects/b\.json"):
            question(WHEN)


def test_a_branch_of_somebody_else_is_neither_read_nor_written(
    store: MetadataStore, branch: MetadataBranch
) -> None:
    branch.commit(None, {"index.html": b"<html>", "README.md": b"# A site"}, "A site")
    before = branch.read("")
    for attempt in (store.list, store.all, lambda: store.get("a"), lambda: store.update("a", add_task("1"))):
        with pytest.raises(ForeignBranch):
            attempt()
    assert branch.read("") == before


def test_an_empty_branch_is_taken_over(store: MetadataStore, branch: MetadataBranch) -> None:
    first = branch.commit(None, {"a": b""}, "First")
    branch.commit(first, {"a": None}, "Second")
    store.update("a", add_task("1"))
    assert counted(store) == {"1": 1}
    assert b"projects/a.json" in branch.read().files["README.md"]


def test_a_document_over_the_limit_is_refused_and_the_one_before_stays(store: MetadataStore) -> None:
    store.update("a", add_task("1"))
    before = store.get("a")
    with pytest.raises(DocumentTooLarge, match=r"projects/a\.json"):
        store.update("a", lambda project: replace(project, extra={"ballast": "x" * 16 * 1024 * 1024}))
    assert store.get("a") == before


# Questions over all projects


@on_two_branches
def test_projects_since_a_moment(store: MetadataStore, clock: FakeClock) -> None:
    store.put("old", done("old", WHEN, None), expected=None)
    clock.set_now(NOON + HOUR)
    store.put("new", done("new", NOON + HOUR, WHEN), expected=None)
    store.put("empty", Project(project="empty"), expected=None)
    assert store.created_since(NOON) == ["empty", "new", "old"]
    assert store.created_since(NOON + HOUR) == ["empty", "new"]
    clock.set_now(NOON + 2 * HOUR)
    store.update("old", add_task("1"))
    assert store.modified_since(NOON + HOUR) == ["empty", "new", "old"]
    assert store.modified_since(NOON + 2 * HOUR) == ["old"]
    assert store.created_since(NOON + 3 * HOUR) == []
    assert store.completed_since(NOON + HOUR) == ["new"]
    assert store.completed_since(NOON + 2 * HOUR) == []


@on_two_branches
def test_a_project_is_complete_when_all_lines_that_are_still_there_are_done(store: MetadataStore) -> None:
    gone = Step(step_index=2, step_description="Gone", orphaned_at=WHEN)
    gone_later = replace(gone, step_index=3, completed_at=NOON + HOUR)
    project = done("a", WHEN)
    store.put("a", replace(project, steps=(*project.steps, gone, gone_later)), expected=None)
    assert store.completed_since(WHEN) == ["a"]
    assert store.completed_since(NOON) == []


@on_two_branches
def test_an_ai_task_without_a_known_cost_comes_back_without_one(store: MetadataStore) -> None:
    unknown = AITask(type="PRSummary", model="m", cost_usd=None, created_at=WHEN)
    free = replace(unknown, cost_usd=0.0)
    step = Step(step_index=1, step_description="One", ai_tasks=(unknown, free))
    store.put("a", Project(project="a", steps=(step,)), expected=None)
    assert [found.cost_usd for found in store.get("a").value.ai_tasks] == [None, 0.0]
