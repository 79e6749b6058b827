"""Figures for the budgets, as ratios within one run: `make bench`. Nothing here is asserted."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import claudestep
from claudestep import AITask, Project, Step

ROUNDS = 15
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


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


def row(what: str, seconds: float, unit: float, budget: str) -> None:
    print(f"{what:58} {seconds * 1000:8.1f} ms  {seconds / unit:6.1f} x  {budget}")


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_repository(folder, projects=20, steps=50)
        store = claudestep.open_store(folder)
        touched = iter(range(10**6))

        def update() -> None:
            store.update("project-07", lambda p: replace(p, extra={"touched": next(touched)}))

        unit = median(program("-c", "pass", cwd=folder))
        print(f"{'what':58} {'median':>11}  {'pass':>8}  budget")
        row("python -c pass", unit, unit, "")
        row("claudestep --version", median(program("-m", "claudestep", "--version", cwd=folder)), unit, "under 8 x")
        row("claudestep --help", median(program("-m", "claudestep", "--help", cwd=folder)), unit, "")
        row(
            "claudestep status (20 projects x 50 steps)",
            median(program("-m", "claudestep", "status", cwd=folder)),
            unit,
            "",
        )
        small = folder / "small"
        small.mkdir()
        make_repository(small, projects=1, steps=5)
        row(
            "claudestep status (1 project x 5 steps)",
            median(program("-m", "claudestep", "status", cwd=small)),
            unit,
            "under 20 x",
        )
        row("store.all() of 20 projects x 50 steps", median(store.all), unit, "")
        row("store.update() of one of 20 projects x 50 steps", median(update), unit, "")


if __name__ == "__main__":
    main()
