"""Figures for the budgets, as ratios within one run: `make bench`. Nothing here is asserted."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

import claudestep
from claudestep import AITask, MetadataStore, Project, Step
from claudestep.domain.naming import document_path
from claudestep.infrastructure.metadata import codec

ROUNDS = 15
FEW_ROUNDS = 5
MANY = 1000
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
TO_MEBIBYTES = 1 / 1024 if sys.platform == "linux" else 1 / 1024**2
# A child's peak begins with the size of the process that starts it, so a small one stands in between.
START = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]], check=True)"
PEAK = """
import pathlib, resource, sys
from claudestep.infrastructure.metadata import codec
files = pathlib.Path(sys.argv[1]).glob("projects/*.json")
projects = [codec.decode(f"projects/{file.name}", file.read_bytes()) for file in files]
if "encode" in sys.argv:
    documents = [codec.encode(project) for project in projects]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def median(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds, the median of several rounds after one to warm up."""
    action()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def program(*args: str, cwd: Path) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *args], cwd=cwd, check=True, capture_output=True)


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", "-C", str(folder), *args], check=True, capture_output=True)


def make_repository(folder: Path, projects: int, steps: int) -> None:
    """A repository with specs and documents: `projects` of `steps` steps, half of them done, with costs."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    lines = "\n".join(f"- [ ] Migrate module number {n} to the new interface\n" for n in range(steps))
    for n in range(projects):
        spec = folder / f"claude-step/project-{n:02}/spec.md"
        spec.parent.mkdir(parents=True)
        spec.write_text(lines)
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-qm", "specs")
    store = claudestep.open_store(folder)
    documents = {f"project-{n:02}": document(f"project-{n:02}", steps) for n in range(projects)}
    store.transact(lambda *_: claudestep.Change(documents, "Fill", None))


def document(name: str, steps: int) -> Project:
    task = AITask(type="PRCreation", model="m", cost_usd=0.1, created_at=WHEN, tokens_input=9000, tokens_output=900)
    return Project(
        project=name,
        steps=tuple(
            Step(
                step_index=n,
                step_description=f"Migrate module number {n} to the new interface",
                ai_tasks=(task, task),
            )
            for n in range(1, steps + 1)
        ),
    )


def with_pull_requests(project: Project) -> Project:
    """All its steps merged."""
    merged = (
        replace(
            step,
            branch_name=f"claude-step-{project.project}-{step.step_index}",
            reviewer="alice",
            pr_number=step.step_index,
            pr_state="merged",
            created_at=WHEN,
            merged_at=WHEN,
            completed_at=WHEN,
            head_commit=f"{step.step_index:040x}",
            attempts=1,
        )
        for step in project.steps
    )
    return replace(project, steps=tuple(merged))


def many(projects: int) -> dict[str, Project]:
    """Documents of 50 steps, with pull requests and two AI tasks each."""
    names = [f"project-{n:04}" for n in range(projects)]
    return {name: with_pull_requests(document(name, 50)) for name in names}


def metadata_branch(folder: Path, projects: int) -> MetadataStore:
    """A repository that has documents and nothing else."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    store = claudestep.open_store(folder)
    store.transact(lambda *_: claudestep.Change(many(projects), "Fill", None))
    return store


def touch(store: MetadataStore, name: str) -> Callable[[], object]:
    """Updates of one project, each of which writes."""
    touched = iter(range(10**6))
    return lambda: store.update(name, lambda project: replace(project, extra={"touched": next(touched)}))


def row(what: str, seconds: float, unit: float, budget: str) -> None:
    print(f"{what:58} {seconds * 1000:8.1f} ms  {seconds / unit:6.1f} x  {budget}")


def heading(unit: str) -> None:
    print(f"\n{'what':58} {'median':>11}  {unit:>8}  budget")


def start_up(folder: Path) -> None:
    make_repository(folder, projects=20, steps=50)
    store = claudestep.open_store(folder)
    unit = median(program("-c", "pass", cwd=folder))
    heading("pass")
    row("python -c pass", unit, unit, "")
    row("claudestep --version", median(program("-m", "claudestep", "--version", cwd=folder)), unit, "under 8 x")
    row("claudestep --help", median(program("-m", "claudestep", "--help", cwd=folder)), unit, "")
    status = program("-m", "claudestep", "status", cwd=folder)
    row("claudestep status (20 projects x 50 steps)", median(status), unit, "")
    small = folder / "small"
    make_repository(small, projects=1, steps=5)
    status = program("-m", "claudestep", "status", cwd=small)
    row("claudestep status (1 project x 5 steps)", median(status), unit, "under 20 x")
    row("store.all() of 20 projects x 50 steps", median(store.all), unit, "")
    row("store.update() of one of 20 projects x 50 steps", median(touch(store, "project-07")), unit, "")


def each(function: Callable[[Any], object], items: Iterable[object]) -> Callable[[], object]:
    """One after the other, and none of the results is kept: what is kept costs the garbage collector."""
    return lambda: deque(map(function, items), maxlen=0)


def documents(folder: Path) -> None:
    """What the codec adds to the JSON parser; the time of one document is a thousandth."""
    projects = many(MANY)
    files = {document_path(name): codec.encode(project) for name, project in projects.items()}
    plain = median(each(msgspec.json.decode, files.values()), FEW_ROUNDS)
    decode = median(each(lambda file: codec.decode(*file), files.items()), FEW_ROUNDS)
    encode = median(each(codec.encode, projects.values()), FEW_ROUNDS)
    heading("msgspec")
    row(f"msgspec.json.decode of {MANY:,} documents x 50 steps", plain, plain, "")
    row(f"codec.decode of {MANY:,} documents x 50 steps", decode, plain, "")
    row(f"codec.encode of {MANY:,} documents x 50 steps", encode, plain, "")
    memory(folder, files)


def memory(folder: Path, files: dict[str, bytes]) -> None:
    """What documents that are kept take, above a child that has none."""
    empty = peak(folder)
    (folder / "projects").mkdir(parents=True)
    for path, data in files.items():
        (folder / path).write_bytes(data)
    size = sum(map(len, files.values())) / 1024**2
    for what in ("decode", "encode"):
        taken = peak(folder, what) - empty
        done = "decoded and kept" if what == "decode" else "decoded, encoded and all kept"
        print(f"{f'peak memory of these, {done}':58} {taken:8.1f} MiB {taken / size:6.1f} x  their {size:.1f} MiB")


def peak(folder: Path, *args: str) -> float:
    """The peak memory of a child that reads the documents in a folder, in MiB."""
    done = subprocess.run([sys.executable, "-c", START, PEAK, str(folder), *args], check=True, capture_output=True)
    return int(done.stdout) * TO_MEBIBYTES


def updates(folder: Path) -> None:
    one = median(touch(metadata_branch(folder / "one", 1), "project-0000"))
    large = metadata_branch(folder / "many", MANY)
    heading("of 1")
    row("store.update() of the only project x 50 steps", one, one, "")
    row(f"store.update() of one of {MANY:,} projects x 50 steps", median(touch(large, "project-0007")), one, "")
    row(f"store.get() of one of {MANY:,}", median(lambda: large.get("project-0007"), FEW_ROUNDS), one, "")
    everything = median(lambda: large.all().require_whole(), FEW_ROUNDS)
    row(f"store.all() of {MANY:,}, all of them decoded", everything, one, "")


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        start_up(Path(place, "start-up"))
        documents(Path(place, "documents"))
        updates(Path(place))


if __name__ == "__main__":
    main()
