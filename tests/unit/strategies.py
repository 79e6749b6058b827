"""What hypothesis draws: documents with every field that there is, and specs whose steps are known."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TypeVar

from hypothesis import strategies as st

from claudestep.domain import naming
from claudestep.domain.ai_tasks import AITask, ModelUsage
from claudestep.domain.models import Claim, Owner, PreviousPullRequest, Project, PullRequestState, Step
from claudestep.domain.spec import fold

T = TypeVar("T")

NAMES = "abcxyzABC019._-"
TEXTS = st.text(max_size=12)
AMOUNTS = st.floats(min_value=0, max_value=2.0**62)
COUNTS = st.integers(min_value=0, max_value=2**60)
NUMBERS = st.integers(min_value=1, max_value=10**9)
STATES: st.SearchStrategy[PullRequestState] = st.sampled_from(["open", "merged", "closed"])


def project_names() -> st.SearchStrategy[str]:
    return st.text(NAMES, min_size=1, max_size=20).filter(lambda name: naming.name_problem(name) is None)


def times() -> st.SearchStrategy[datetime]:
    return st.datetimes(timezones=st.just(UTC))


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | strategy


def json_values() -> st.SearchStrategy[object]:
    leaves: st.SearchStrategy[object] = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
        max_leaves=4,
    )


def unknown_keys(kind: type) -> st.SearchStrategy[dict[str, object]]:
    """Keys of a later version, or of somebody else: anything that `kind` has no field for."""
    known = {field.name for field in fields(kind)} - {"extra"}
    keys = (TEXTS | st.just("extra")).filter(lambda key: key not in known)
    return st.dictionaries(keys, json_values(), max_size=2)


def usages() -> st.SearchStrategy[ModelUsage]:
    return st.builds(
        ModelUsage,
        cost_usd=maybe(AMOUNTS),
        tokens_input=maybe(COUNTS),
        tokens_output=maybe(COUNTS),
        tokens_cache_read=maybe(COUNTS),
        tokens_cache_write=maybe(COUNTS),
        extra=unknown_keys(ModelUsage),
    )


def ai_tasks() -> st.SearchStrategy[AITask]:
    return st.builds(
        AITask,
        type=TEXTS,
        model=TEXTS,
        cost_usd=maybe(AMOUNTS),
        created_at=times(),
        workflow_run_id=COUNTS,
        tokens_input=maybe(COUNTS),
        tokens_output=maybe(COUNTS),
        duration_seconds=maybe(AMOUNTS),
        id=maybe(TEXTS),
        pr_number=maybe(NUMBERS),
        tokens_cache_read=maybe(COUNTS),
        tokens_cache_write=maybe(COUNTS),
        usage_by_model=st.dictionaries(TEXTS, usages(), max_size=2),
        extra=unknown_keys(AITask),
    )


def claims() -> st.SearchStrategy[Claim]:
    owners = st.builds(
        Owner,
        run_id=COUNTS,
        run_attempt=COUNTS,
        host=TEXTS,
        boot_id=TEXTS,
        pid=COUNTS,
        started=TEXTS,
        extra=unknown_keys(Owner),
    )
    return st.builds(
        Claim,
        id=TEXTS,
        owner=owners,
        branch=TEXTS,
        agent=TEXTS,
        stage=st.sampled_from(["working", "publishing"]),
        until=times(),
        reviewer=maybe(TEXTS),
        base_branch=maybe(TEXTS),
        reserved_usd=maybe(AMOUNTS),
        extra=unknown_keys(Claim),
    )


def previous_pull_requests() -> st.SearchStrategy[PreviousPullRequest]:
    return st.builds(
        PreviousPullRequest,
        pr_number=NUMBERS,
        branch_name=TEXTS,
        pr_state=STATES,
        reviewer=maybe(TEXTS),
        created_at=maybe(times()),
        merged_at=maybe(times()),
        closed_at=maybe(times()),
        closed_reason=maybe(TEXTS),
        extra=unknown_keys(PreviousPullRequest),
    )


def steps() -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        step_index=NUMBERS,
        step_description=TEXTS,
        branch_name=maybe(TEXTS),
        reviewer=maybe(TEXTS),
        pr_number=maybe(NUMBERS),
        pr_state=maybe(STATES),
        created_at=maybe(times()),
        merged_at=maybe(times()),
        closed_at=maybe(times()),
        closed_reason=maybe(TEXTS),
        completed_at=maybe(times()),
        skipped_at=maybe(times()),
        orphaned_at=maybe(times()),
        head_commit=maybe(TEXTS),
        conflict_told=maybe(TEXTS),
        waits_for=st.lists(NUMBERS, max_size=2).map(tuple),
        claim=maybe(claims()),
        attempts=COUNTS,
        failures=COUNTS,
        failure_reason=maybe(TEXTS),
        refused_at=maybe(times()),
        previous_pull_requests=st.lists(previous_pull_requests(), max_size=2).map(tuple),
        ai_tasks=st.lists(ai_tasks(), max_size=2).map(tuple),
        extra=unknown_keys(Step),
    )


def projects() -> st.SearchStrategy[Project]:
    return st.builds(
        Project,
        project=project_names(),
        last_updated=maybe(times()),
        created_at=maybe(times()),
        schema_version=st.sampled_from(["1.0", "1.7"]),
        steps=st.lists(steps(), max_size=3, unique_by=lambda step: step.step_index).map(tuple),
        extra=unknown_keys(Project),
    )


@dataclass(frozen=True)
class WrittenItem:
    """A task item as somebody writes it: `depth` is how deep it is nested."""

    marker: str
    space: str
    depth: int
    box: str
    text: str


@dataclass(frozen=True)
class WrittenSpec:
    """A spec.md, and what its steps are: text and whether it is ticked."""

    content: bytes
    steps: list[tuple[str, bool]]


NO_STEPS = (
    "```\n- [ ] fenced\n```",
    "~~~ text\n- [x] fenced\n\n- [ ] fenced\n~~~",
    "<!-- - [ ] hidden\n\n- [ ] hidden\n-->",
    "> - [ ] quoted",
    "    - [ ] indented code",
    "<div>\n- [ ] in raw HTML\n</div>",
    "Words, `- [ ] code`, [ ] words.",
    "- a list item\n- [] no box\n- [y] no box\n- [ ]glued",
    "| - [ ] cell |\n| --- |",
)
"""Blocks that have boxes and no steps."""


def _items() -> st.SearchStrategy[list[WrittenItem]]:
    line = st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r")
    item = st.builds(
        WrittenItem,
        marker=st.sampled_from(["-", "*", "+", "1.", "1)"]),
        space=st.sampled_from([" ", "  ", "    ", "\t"]),
        depth=st.integers(0, 3),
        box=st.sampled_from(" xX\t"),
        text=st.text(line, min_size=1, max_size=8).filter(fold),
    )
    return st.lists(item, min_size=1, max_size=4)


def _write(items: list[WrittenItem]) -> str:
    """Markdown of a nested list. A child begins where the content of its parent does."""
    columns = [0]
    written = []
    for item in items:
        depth = min(item.depth, len(columns) - 1)
        columns = columns[: depth + 1]
        behind_marker = columns[depth] + len(item.marker)
        width = 4 - behind_marker % 4 if item.space == "\t" else len(item.space)
        columns.append(behind_marker + width)
        written.append(f"{' ' * columns[depth]}{item.marker}{item.space}[{item.box}] {item.text}")
    return "\n".join(written)


@st.composite
def specs(draw: st.DrawFn) -> WrittenSpec:
    """Specs with all list markers, nesting, tabs, any text, any line end, and a byte order mark or none."""
    blocks = draw(st.lists(_items() | st.sampled_from(NO_STEPS), max_size=4))
    found = [item for block in blocks if isinstance(block, list) for item in block]
    texts = [block if isinstance(block, str) else _write(block) for block in blocks]
    text = "".join(f"# Heading\n\n{block}\n\n" for block in texts)
    line_end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    content = mark + text.replace("\n", line_end)
    return WrittenSpec(content.encode(), [(fold(item.text), item.box in "xX") for item in found])
