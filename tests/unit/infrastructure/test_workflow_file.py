"""Which workflow is ours, and what it gives the action: read as YAML, and never as words somewhere in the text."""

import pytest

from claudestep.domain.errors import ConfigurationError
from claudestep.infrastructure.workflow_file import Workflow, is_workflow, read_workflow

PATH = ".github/workflows/w.yml"


def read(text: str) -> Workflow | None:
    return read_workflow(PATH, text.encode())


def job(step: str = "uses: claudestep/claudestep@v1", more: str = "", top: str = "") -> Workflow:
    """A workflow with one job of one step."""
    lines = "".join(f"    {line}\n" for line in more.splitlines())
    found = read(f"{top}\njobs:\n  a:\n{lines}    steps:\n      - {step}\n")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "uses",
    [
        "claudestep/claudestep@v1",
        "ClaudeStep/claudestep@0123456789012345678901234567890123456789 # v1.2.3",
        "claudestep/claudestep/prepare@v1",
        "'claudestep/claudestep@v1'",
        "a-fork.of-us/claudestep@v1",
    ],
)
def test_a_step_that_uses_the_action(uses: str) -> None:
    assert job(f"uses: {uses}").path == PATH


@pytest.mark.parametrize(
    "text",
    [
        "# uses: claudestep/claudestep@v1\njobs: {}\n",
        "jobs:\n  a:\n    steps:\n      - run: echo claudestep/claudestep@v1\n",
        "jobs:\n  a:\n    steps:\n      - uses: claudestep/claudestep-other@v1\n",
        "jobs:\n  a:\n    steps:\n      - uses: claudestep/other/claudestep@v1\n",
        "jobs:\n  a:\n    steps:\n      - uses: claudestep/claudestep/statistics@v1\n",
        "name: claudestep/claudestep\n",
        "- claudestep/claudestep\n",
        "claudestep/claudestep",
        "jobs: [claudestep/claudestep]\n",
        "jobs:\n  a:\n    steps: claudestep/claudestep\n",
        "jobs: claudestep/claudestep\n",
        "",
    ],
)
def test_what_is_none_of_ours(text: str) -> None:
    assert read(text) is None


def test_a_workflow_of_ours_that_is_called() -> None:
    found = read("jobs:\n  a:\n    uses: claudestep/claudestep/.github/workflows/step.yml@v1\n")
    assert found is not None


@pytest.mark.parametrize(
    ("on", "closed"),
    [
        ("on:\n  pull_request:\n    types: [opened, closed]", True),
        ("on:\n  pull_request: {types: closed}", True),
        ("'on':\n  pull_request_target: {types: [closed]}", True),
        ("on: pull_request", False),
        ("on: [pull_request, push]", False),
        ("on:\n  pull_request:", False),
        ("on:\n  issues: {types: [closed]}", False),
        ("", False),
    ],
)
def test_whether_it_starts_when_a_pull_request_is_closed(*, on: str, closed: bool) -> None:
    assert job(top=on).on_closed is closed


@pytest.mark.parametrize(
    ("top", "more", "writes"),
    [
        ("permissions: {contents: write}", "", True),
        ("permissions: write-all", "", True),
        ("permissions: read-all", "", False),
        ("permissions: {}", "", False),
        ("permissions: {contents: write}", "permissions: {contents: read}", False),
        ("permissions: {contents: read}", "permissions: {contents: write}", True),
        ("permissions: {contents: admin}", "", False),
        ("", "", False),
    ],
)
def test_what_it_may_write(*, top: str, more: str, writes: bool) -> None:
    """Those of a job take the place of all of those of the workflow."""
    found = job(top=top, more=more)
    assert found.may_write("contents") is writes
    assert (found.permissions is None) is (not top)


CALLED = ".github/workflows/called.yml"


def test_a_workflow_that_is_called_and_one_that_calls_it() -> None:
    """The permissions and the key of the one that calls count."""
    called = read_workflow(
        CALLED, b"on: [workflow_call, push]\njobs: {a: {steps: [{uses: claudestep/claudestep@v1}]}}\n"
    )
    assert called is not None
    assert (called.is_called, called.calls) == (True, frozenset())
    text = (
        "on: push\njobs:\n  a:\n    permissions: {contents: write}\n"
        f"    uses: ./{CALLED}\n    secrets: {{anthropic_api_key: '${{{{ secrets.KEY }}}}'}}\n"
    )
    assert read(text) is None
    calls = read_workflow(PATH, text.encode(), {CALLED})
    assert calls is not None
    assert (calls.is_called, set(calls.calls), set(calls.keys)) == (False, {CALLED}, {"KEY"})
    assert calls.may_write("contents")


def test_permissions_of_several_jobs_are_taken_together() -> None:
    jobs = "".join(
        f"  {name}:\n    permissions: {{{given}}}\n    steps: [{{uses: claudestep/claudestep/{name}@v1}}]\n"
        for name, given in {"prepare": "contents: write", "agent": "", "finalize": "pull-requests: write"}.items()
    )
    found = read(f"jobs:\n{jobs}")
    assert found is not None
    assert found.permissions == {"contents": "write", "pull-requests": "write"}


@pytest.mark.parametrize(
    ("given", "keys", "own"),
    [
        ("{anthropic_api_key: '${{ secrets.ANTHROPIC_API_KEY }}'}", {"ANTHROPIC_API_KEY"}, False),
        ("{claude-code-oauth-token: \"${{ secrets['OURS'] }}\"}", {"OURS"}, False),
        ("{github_token: '${{ secrets.PAT }}'}", set(), True),
        ("{github_token: '${{ steps.app.outputs.token }}'}", set(), True),
        ("{github_token: '${{ github.token }}'}", set(), False),
        ("{github_token: '${{ secrets.GITHUB_TOKEN }}'}", set(), False),
        ("{project: '${{ secrets.OTHER }}'}", set(), False),
    ],
)
def test_what_it_is_given(*, given: str, keys: set[str], own: bool) -> None:
    found = job(f"{{uses: claudestep/claudestep@v1, with: {given}}}")
    assert (set(found.keys), found.has_own_token) == (keys, own)


def test_a_key_in_the_environment_of_the_job() -> None:
    assert job(more="env: {ANTHROPIC_API_KEY: '${{ secrets.MINE }}'}").keys == {"MINE"}


def test_what_is_given_may_be_of_any_kind() -> None:
    """What is no text is no secret, however often it stands for itself."""
    nested = "a: &a [x, x]\nb: &b [*a, *a]\n"
    found = read(f"{nested}jobs: {{a: {{steps: [{{uses: claudestep/claudestep@v1, with: {{token: *b}}}}]}}}}\n")
    assert found is not None
    assert (set(found.keys), found.has_own_token) == (set(), False)


@pytest.mark.parametrize("place", ["top", "more"])
def test_a_queue(place: str) -> None:
    assert job(**{place: "concurrency: {group: g, queue: max}"}).queues_all
    assert not job(**{place: "concurrency: {group: g, queue: single}"}).queues_all
    assert not job(**{place: "concurrency: g"}).queues_all


def test_an_environment() -> None:
    assert job(more="environment: ai").has_environment
    assert not job().has_environment


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: b\nuses: x/claudestep\n  c: [\n", 3), ("# uses: x/claudestep\na: " + "[" * 3000, None)],
)
def test_what_cannot_be_read_is_an_error_where_it_names_the_action(text: str, line: int | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert caught.value.path == PATH
    assert line in (None, caught.value.line)
    assert read(text.replace("claudestep", "other")) is None


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ConfigurationError):
        read_workflow(PATH, b"# uses: claudestep/claudestep \xff")


@pytest.mark.parametrize(
    ("path", "expected"),
    [(PATH, True), (".github/workflows/w.yaml", True), (".github/workflows/x/w.yml", False), ("w.yml", False)],
)
def test_which_files_are_workflows(*, path: str, expected: bool) -> None:
    assert is_workflow(path) is expected
