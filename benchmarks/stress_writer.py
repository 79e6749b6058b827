"""A writer of `benchmarks.stress`: it writes through the public store, as a program of a user would.

Started with OPTIONS REPOSITORY NAME UPDATES PROJECT...
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from inspect import signature

from tests.contract.records import add_task
from tests.integration.store_writer import ids_of, record

import claudestep

TAKES_AN_API = "api" in signature(claudestep.open_store).parameters


def open_store(repository: str, api: str, patience: float | None) -> claudestep.MetadataStore:
    """The public store; `patience` is for machines that are too slow for the bound of 120 s a write."""
    chosen = {"local": {"local": True}, "graphql": {}, "rest": {"api": "rest"}}[api]
    store = claudestep.open_store(repository, **chosen)  # type: ignore[arg-type]
    if patience is not None:
        store._patience = replace(store._patience, total=patience)  # noqa: SLF001  no user needs another bound
    return store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", default="graphql")
    parser.add_argument("--patience", type=float)
    parser.add_argument("--keep", type=int)
    parser.add_argument("repository")
    parser.add_argument("name")
    parser.add_argument("updates", type=int)
    parser.add_argument("projects", nargs="+")
    told = parser.parse_args()
    store = open_store(told.repository, told.api, told.patience)
    change_of = add_task if told.keep is None else partial(replace_task, keep=told.keep)
    ids = ids_of(told.name, told.updates)
    record(store, ids, told.projects, survives=claudestep.ClaudeStepError, change_of=change_of)


def replace_task(id_: str, *, keep: int) -> Callable[[claudestep.Project], claudestep.Project]:
    """Add it, and take out what this writer wrote before, but for the newest: documents do not grow without end."""
    mine = f"{id_.partition('-')[0]}-"

    def change(project: claudestep.Project) -> claudestep.Project:
        after = add_task(id_)(project)
        step = after.steps[0]
        old = [task for task in step.ai_tasks if (task.id or "").startswith(mine)][:-keep]
        return after.with_step(replace(step, ai_tasks=tuple(task for task in step.ai_tasks if task not in old)))

    return change


if __name__ == "__main__":
    main()
