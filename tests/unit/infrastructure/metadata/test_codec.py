import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from claudestep.domain.ai_tasks import AITask, ModelUsage
from claudestep.domain.errors import DocumentTooLarge, InvalidDocument, NewerDocument
from claudestep.domain.models import Claim, Owner, PreviousPullRequest, Project, Step
from claudestep.infrastructure.metadata import codec
from tests.unit.builders import NOW, at, project, step, task
from tests.unit.golden import FOLDER, golden
from tests.unit.strategies import ai_tasks, projects

PATH = "projects/p.json"
TASK: dict[str, Any] = {
    "type": "PRCreation",
    "model": "m",
    "cost_usd": None,
    "created_at": "2025-01-15T10:30:00Z",
}

quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def document(**keys: Any) -> bytes:
    return json.dumps({"schema_version": "1.0", "project": "p", "steps": [], **keys}).encode()


def with_step(**keys: Any) -> bytes:
    return document(steps=[{"step_index": 1, "step_description": "a", **keys}])


def with_task(**keys: Any) -> bytes:
    return with_step(ai_tasks=[{**TASK, **keys}])


def problem(data: bytes, path: str = PATH) -> str:
    with pytest.raises(InvalidDocument) as caught:
        codec.decode(path, data)
    assert caught.value.path == path
    assert path in str(caught.value)
    return caught.value.problem


FULL = Project(
    project="p",
    created_at=at(-48),
    last_updated=NOW,
    steps=(
        Step(
            step_index=2,
            step_description="Move `auth` to the new client – größer",
            branch_name="claude-step-p-2.2",
            reviewer="alice",
            pr_number=43,
            pr_state="merged",
            created_at=at(-5),
            merged_at=at(-2),
            completed_at=at(-1),
            head_commit="0123456789abcdef0123456789abcdef01234567",
            attempts=2,
            failures=1,
            previous_pull_requests=(
                PreviousPullRequest(
                    pr_number=42,
                    branch_name="claude-step-p-2",
                    pr_state="closed",
                    reviewer="bob",
                    created_at=at(-24),
                    closed_at=at(-12),
                ),
            ),
            ai_tasks=(
                AITask(
                    type="PRCreation",
                    model="big",
                    cost_usd=0.155,
                    created_at=at(-5),
                    workflow_run_id=123456,
                    tokens_input=8500,
                    tokens_output=1200,
                    duration_seconds=12.5,
                    id="c0-1",
                    pr_number=43,
                    tokens_cache_read=20000,
                    tokens_cache_write=300,
                    usage_by_model={
                        "big": ModelUsage(cost_usd=0.15, tokens_input=8000, tokens_output=1000),
                        "small": ModelUsage(cost_usd=0.005),
                    },
                ),
            ),
        ),
        Step(
            step_index=1,
            step_description="Removed meanwhile",
            orphaned_at=at(-3),
            attempts=2,
            failures=2,
            failure_reason="the tests fail",
            ai_tasks=(task(None, id="c1-1"),),
        ),
        Step(
            step_index=3,
            step_description="Next",
            attempts=1,
            claim=Claim(
                id="c2",
                owner=Owner(host="build-1", boot_id="b00t", pid=42, started="4711"),
                branch="claude-step-p-3",
                base_branch="release",
                reviewer="bob",
                agent="claude-code",
                reserved_usd=2.5,
                stage="working",
                until=at(0.75),
            ),
        ),
        Step(step_index=4, step_description="Not begun", waits_for=(1,)),
    ),
)


def test_a_document_is_written_in_its_canonical_form() -> None:
    """ "fixed key order, two-space indent, `\\n` at the end"."""
    data = codec.encode(FULL)
    assert data.decode() == golden("full.json", data).decode()
    assert codec.decode(PATH, data) == FULL


def test_the_example_of_the_specification_is_accepted_and_its_run_id_moves_into_its_tasks() -> None:
    """The seed: "Remove `workflow_run_id` field (moved to AITask)"."""
    example = codec.decode("projects/my-refactor.json", (FOLDER / "seed_example.json").read_bytes())
    assert [t.workflow_run_id for t in example.ai_tasks] == [123456, 123456]
    assert [t.cost_usd for t in example.ai_tasks] == [0.15, 0.02]
    assert example.steps[0].pr_state == "merged"
    data = codec.encode(example)
    assert data.decode() == golden("seed_example_rewritten.json", data).decode()


def test_a_project_without_steps_is_written_with_all_that_is_always_there() -> None:
    data = codec.encode(Project(project="p"))
    assert data.decode() == golden("empty.json", data).decode()


@given(projects())
@quick
def test_a_document_is_what_it_was_when_it_is_written_and_read(written: Project) -> None:
    """ "Unknown keys, at every level, survive a rewrite"."""
    path = f"projects/{written.project}.json"
    assert codec.decode(path, codec.encode(written)) == written


@given(projects())
@quick
def test_a_document_does_not_change_when_it_is_rewritten(written: Project) -> None:
    """ "Output is canonical"."""
    data = codec.encode(written)
    assert codec.encode(codec.decode(f"projects/{written.project}.json", data)) == data


@given(ai_tasks())
@quick
def test_a_task_is_what_it_was_when_it_is_written_and_read(written: AITask) -> None:
    line = codec.encode_ai_task(written)
    assert b"\n" not in line
    assert codec.decode_ai_tasks("usage", line) == (written,)


def backwards(value: object) -> object:
    """The same JSON with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


def test_a_document_comes_out_in_one_form_whatever_its_white_space_and_the_order_of_its_keys() -> None:
    raw = json.loads(codec.encode(FULL))
    raw["steps"][0]["ai_tasks"][0].pop("usage_by_model")  # its keys are data: their order is kept
    data = codec.encode(codec.decode(PATH, json.dumps(raw).encode()))
    assert codec.encode(codec.decode(PATH, json.dumps(backwards(raw)).encode())) == data
    assert codec.encode(codec.decode(PATH, json.dumps(raw, indent=7).encode())) == data
    assert codec.encode(codec.decode(PATH, b"\xef\xbb\xbf" + data)) == data


def levels(raw: Any) -> list[dict[str, Any]]:
    """One object of every level of the document FULL."""
    first, _, third, _ = raw["steps"]
    (one,) = first["ai_tasks"]
    (earlier,) = first["previous_pull_requests"]
    claim = third["claim"]
    return [raw, first, one, one["usage_by_model"]["big"], earlier, claim, claim["owner"]]


def test_unknown_keys_stand_behind_the_known_ones_at_every_level() -> None:
    raw = json.loads(codec.encode(FULL))
    for place in levels(raw):
        place["later"] = {"deep": [1, None, "ü"]}
        place["extra"] = "a key like any other"
    rewritten = json.loads(codec.encode(codec.decode(PATH, json.dumps(backwards(raw)).encode())))
    assert rewritten == raw
    assert [list(place)[-2:] for place in levels(rewritten)] == [["extra", "later"]] * 7


@pytest.mark.parametrize("version", ["1.0", "1", "1.1", "1.99"])
def test_a_document_of_our_major_version_is_read_and_keeps_its_version(version: str) -> None:
    read = codec.decode(PATH, document(schema_version=version))
    assert read.schema_version == version
    assert json.loads(codec.encode(read))["schema_version"] == version


@pytest.mark.parametrize("version", ["2.0", "2", "10.3"])
def test_a_document_of_a_newer_major_version_is_refused_with_the_version_to_install(version: str) -> None:
    """ "A newer major schema version can be shown and not written: refused, with the version to install"."""
    with pytest.raises(NewerDocument) as caught:
        codec.decode(PATH, document(schema_version=version))
    assert caught.value.version == version
    assert f"schema {version.partition('.')[0]}:" in caught.value.remedy


@pytest.mark.parametrize(
    "version", [None, 1, 1.0, "", "one", "v1", ".1", [], "-1.0", "1x", " 1.0", "\u0661.0", "9" * 5000]
)
def test_a_document_is_refused_when_its_version_is_none(version: object) -> None:
    assert "`schema_version` is missing or no version" in problem(document(schema_version=version))


def test_a_document_is_refused_when_it_has_no_version() -> None:
    assert "`schema_version` is missing" in problem(b'{"project": "p", "steps": []}')


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (document(last_updated="2025-01-15T10:30:00"), "`last_updated` has no time zone"),
        (document(created_at="2025-01-15T10:30:00"), "`created_at` has no time zone"),
        (with_step(merged_at="2025-01-15T10:30:00"), "$.steps[0]"),
        (with_task(created_at="2025-01-15T10:30:00"), "$.steps[0].ai_tasks[0]"),
    ],
)
def test_a_document_is_refused_when_a_time_is_naive(data: bytes, where: str) -> None:
    """ "Times are ISO 8601 UTC with `Z`; a naive time is an error"."""
    found = problem(data)
    assert "has no time zone" in found
    assert where in found


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (document(steps={}), "$.steps"),
        (document(steps=[1]), "$.steps[0]"),
        (document(steps=[None]), "$.steps[0]"),
        (document(steps="many"), "$.steps"),
        (document(project=1), "$.project"),
        (document(last_updated=1736936000), "$.last_updated"),
        (document(last_updated="yesterday"), "$.last_updated"),
        (with_step(step_index="1"), "$.steps[0].step_index"),
        (with_step(step_index=1.0), "$.steps[0].step_index"),
        (with_step(step_index=True), "$.steps[0].step_index"),
        (with_step(step_index=0), "$.steps[0]"),
        (with_step(step_description=None), "$.steps[0].step_description"),
        (with_step(pr_state="draft"), "$.steps[0].pr_state"),
        (with_step(pr_number="42"), "$.steps[0].pr_number"),
        (with_step(attempts=-1), "$.steps[0]"),
        (with_step(waits_for=[1, "2"]), "$.steps[0].waits_for[1]"),
        (with_step(previous_pull_requests=[{"pr_number": 1}]), "$.steps[0].previous_pull_requests[0]"),
        (with_step(claim=[]), "$.steps[0].claim"),
        (with_step(claim={"id": "c"}), "$.steps[0].claim"),
        (with_step(ai_tasks={}), "$.steps[0].ai_tasks"),
        (with_task(cost_usd="free"), "$.steps[0].ai_tasks[0].cost_usd"),
        (with_task(cost_usd=-1), "$.steps[0].ai_tasks[0]"),
        (with_task(usage_by_model=[]), "$.steps[0].ai_tasks[0].usage_by_model"),
        (with_task(usage_by_model={"m": 1}), "$.steps[0].ai_tasks[0].usage_by_model[...]"),
        (with_task(usage_by_model={"m": {"cost_usd": []}}), "$.steps[0].ai_tasks[0].usage_by_model[...].cost_usd"),
    ],
)
def test_a_document_is_refused_with_the_place_when_a_value_is_of_the_wrong_type(data: bytes, where: str) -> None:
    assert f"`{where}`" in problem(data)


@pytest.mark.parametrize("missing", ["type", "model", "cost_usd", "created_at"])
def test_a_task_is_refused_when_a_key_is_missing(missing: str) -> None:
    """The cost too: "unknown cost is `null`, never 0"."""
    rest = {key: value for key, value in TASK.items() if key != missing}
    found = problem(with_step(ai_tasks=[rest]))
    assert f"`{missing}`" in found
    assert "`$.steps[0].ai_tasks[0]`" in found


def test_a_document_is_refused_when_a_number_stands_there_twice() -> None:
    steps = [{"step_index": 3, "step_description": text} for text in "ab"]
    assert "`step_index` 3 stands there twice" in problem(document(steps=steps))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\x00",
        b'{"schema_version": "1.0", "project": "p", "steps": [], "x": NaN}',
        b'{"schema_version": "1.0", "project": "p", "steps": [], "x": Infinity}',
        b'{"schema_version": "1.0", "project": "p", "steps": [], "x": 1e999}',
        b'{"schema_version": "1.0", "project": "p", "steps": [],}',
        b'{"schema_version": "1.0", "project": "p", "steps": [], "x": "\\ud800"}',
        b"<<<<<<< HEAD\n" + document(),
        document() * 2,
    ],
)
def test_a_document_is_refused_when_it_is_no_json(data: bytes) -> None:
    assert problem(data)


@pytest.mark.parametrize("data", [document().replace(b'"p"', b'"caf\xe9"'), document(x="y").replace(b"y", b"\xff")])
def test_a_document_is_refused_when_it_is_not_utf_8(data: bytes) -> None:
    """ "A corrupt file blocks writes to that project alone, is named, and is never replaced"."""
    assert problem(data)


@pytest.mark.parametrize("data", [b"[]", b"null", b"1", b'"text"', b"[{}]"])
def test_a_document_is_refused_when_it_is_no_object(data: bytes) -> None:
    assert problem(data) == "it is not a JSON object"


def test_a_document_is_refused_when_it_is_nested_too_deeply() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    assert problem(b'{"schema_version": "1.0", "x": ' + deep + b"}") == "it is nested too deeply"


@pytest.mark.parametrize("path", ["projects/q.json", "projects/P.json", "q/p.json", "projects/p.json.json"])
def test_a_document_is_refused_when_its_file_is_another_projects(path: str) -> None:
    assert problem(document(), path) == "it says that it is project 'p'"


def test_a_document_is_refused_when_it_is_over_the_size_limit() -> None:
    """ "A document over 16 MB is refused (split the spec into two projects)"."""
    too_large = project(extra={"x": "y" * codec.MAX_BYTES})
    with pytest.raises(DocumentTooLarge, match=r"projects/p\.json would have 16,777,") as caught:
        codec.encode(too_large)
    assert caught.value.remedy == "Split the spec into two projects."
    assert "16,777,217 bytes" in problem(b" " * (codec.MAX_BYTES + 1))


def test_a_document_is_accepted_when_it_is_exactly_as_large_as_allowed() -> None:
    room = codec.MAX_BYTES - len(codec.encode(project(extra={"x": ""})))
    data = codec.encode(project(extra={"x": "y" * room}))
    assert len(data) == codec.MAX_BYTES
    assert codec.decode(PATH, data).extra == {"x": "y" * room}


def test_a_time_is_written_in_utc_when_it_came_in_another_zone() -> None:
    """ "Times are ISO 8601 UTC with `Z`", "output is canonical"."""
    read = codec.decode(PATH, document(last_updated="2025-01-15T12:30:00+02:00"))
    assert read.last_updated == datetime(2025, 1, 15, 10, 30, tzinfo=UTC)
    assert b'"last_updated": "2025-01-15T10:30:00Z"' in codec.encode(read)


def test_a_time_is_in_utc_when_it_is_read() -> None:
    """ "Times are aware datetimes in UTC": reports print them as they are, below "(UTC)"."""
    read = codec.decode(PATH, document(last_updated="2025-01-15T12:30:00+02:00"))
    assert f"{read.last_updated:%H:%M}" == "10:30"


@pytest.mark.parametrize("key", ["steps", "project", "created_at"])
def test_an_unknown_key_is_refused_when_it_is_a_known_one(key: str) -> None:
    with pytest.raises(ValueError, match=f"`{key}` is a key that is known"):
        codec.encode(project(extra={key: 1}))


def test_the_run_id_of_a_step_stays_off_tasks_that_have_their_own() -> None:
    read = codec.decode(PATH, with_step(workflow_run_id=1, ai_tasks=[TASK, {**TASK, "workflow_run_id": 2}]))
    assert [t.workflow_run_id for t in read.ai_tasks] == [1, 2]
    assert read.steps[0].extra == {}


def test_the_run_id_of_a_step_is_kept_when_there_is_no_list_of_tasks_to_move_it_to() -> None:
    read = codec.decode(PATH, with_step(workflow_run_id=1))
    assert read.steps[0].extra == {"workflow_run_id": 1}


def test_an_agent_may_write_one_task_or_a_list_of_them() -> None:
    one = json.dumps(TASK).encode()
    expected = task(None)
    assert codec.decode_ai_tasks("usage", one) == (expected,)
    assert codec.decode_ai_tasks("usage", b"[" + one + b"," + one + b"]") == (expected, expected)
    assert codec.decode_ai_tasks("usage", b"[]") == ()


@pytest.mark.parametrize("data", [b"", b"1", b"[1]", b"{}", b'[{"type": 1}]', b'"\xff"'])
def test_what_an_agent_writes_is_refused_when_it_is_no_task(data: bytes) -> None:
    with pytest.raises(InvalidDocument, match=r"^usage cannot be read: ") as caught:
        codec.decode_ai_tasks("usage", data)
    assert caught.value.path == "usage"


def test_a_step_that_has_not_begun_is_written_in_three_lines() -> None:
    assert json.loads(codec.encode(project(step(1, "a"))))["steps"] == [
        {"step_index": 1, "step_description": "a", "ai_tasks": []}
    ]
