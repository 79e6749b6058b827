"""Which workflow files an event starts, and which actions these use."""

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

OURS = "claudestep/claudestep"
_STAND_INS = Path(__file__).with_name("actions")
_ACTIVITIES = {"pull_request": ("opened", "synchronize", "reopened")}
"""The activity types of an event that names none."""
_LEVELS = ("none", "read", "write")
_PERMISSIONS = ("actions", "checks", "contents", "deployments", "issues", "packages", "pull_requests", "statuses")


class NoStandIn(AssertionError):
    """A workflow uses an action that these tests have no stand-in for."""


def load(path: Path) -> dict[Any, Any]:
    """A workflow or an action; `on` is a text in it, and no truth value."""
    data: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if True in data:
        data["on"] = data.pop(True)
    return data


def workflows(folder: Path) -> list[Path]:
    """The workflow files of a repository."""
    return sorted(path for path in (folder / ".github/workflows").glob("*.y*ml"))


# Which files an event starts


def keep_started(folder: Path, event: str, payload: Mapping[str, Any], ref: str) -> list[str]:
    """Delete the workflows that this event does not start, and name those that it does.

    act starts whatever names the event: it looks neither at `types` nor at `branches`. `paths` are
    not looked at here either.
    """
    started = []
    for path in workflows(folder):
        triggers = _triggers(load(path))
        if event in triggers and _fits(triggers[event], event, payload, ref):
            started.append(path.name)
        elif "workflow_call" not in triggers:
            path.unlink()
    return started


def _triggers(workflow: Mapping[Any, Any]) -> Mapping[str, Mapping[str, Any]]:
    """What `on` says, as a mapping."""
    said = workflow["on"]
    if isinstance(said, Mapping):
        return {name: one if isinstance(one, Mapping) else {} for name, one in said.items()}
    return {name: {} for name in ([said] if isinstance(said, str) else said)}


def _fits(trigger: Mapping[str, Any], event: str, payload: Mapping[str, Any], ref: str) -> bool:
    types = trigger.get("types", _ACTIVITIES.get(event))
    types = [types] if isinstance(types, str) else types
    if types and "action" in payload and payload["action"] not in types:
        return False
    branch = (
        payload["pull_request"]["base"]["ref"] if "pull_request" in payload else ref.removeprefix("refs/heads/")
    )
    wanted, unwanted = trigger.get("branches"), trigger.get("branches-ignore", ())
    is_wanted = wanted is None or any(fnmatchcase(branch, pattern) for pattern in wanted)
    return is_wanted and not any(fnmatchcase(branch, pattern) for pattern in unwanted)


def permissions(paths: Iterable[Path]) -> dict[str, str]:
    """What GITHUB_TOKEN may do, as the server's tokens have it: the most that a job of these files gives it.

    What is not given where anything is given is refused. Where nothing is said it is what GitHub gives by default.
    """
    found: dict[str, str] = {}
    for workflow in map(load, paths):
        for job in workflow["jobs"].values():
            for name, level in _given(job.get("permissions", workflow.get("permissions"))).items():
                found[name] = max(level, found.get(name, "none"), key=_LEVELS.index)
    return dict.fromkeys(_PERMISSIONS, "none") | found


def _given(said: object) -> dict[str, str]:
    if isinstance(said, Mapping):
        return {name.replace("-", "_"): level for name, level in said.items()}
    if said is None:
        return {"contents": "read"}
    return dict.fromkeys(_PERMISSIONS, str(said).removesuffix("-all"))


def drop_queue(path: Path) -> None:
    """Take `queue` out of `concurrency`, which act refuses to know; nothing else of the file changes."""
    before = load(path)
    groups = [one["concurrency"] for one in _with_concurrency(before) if "queue" in one["concurrency"]]
    if not groups:
        return
    text = re.sub(r"(?m)^ +queue: *\w+ *(#.*)?\n|, *queue: *\w+(?= *[,}])", "", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    for group in groups:
        del group["queue"]
    assert load(path) == before, f"{path.name}: `queue` could not be taken out of it"


def _with_concurrency(workflow: Mapping[Any, Any]) -> list[Any]:
    """The workflow and its jobs, as far as they are in a group."""
    parts = [workflow, *workflow.get("jobs", {}).values()]
    return [part for part in parts if isinstance(part.get("concurrency"), Mapping)]


# What they use


def repositories(folder: Path, ours: Path) -> dict[str, Path]:
    """What act is to take in place of each `owner/name@ref` that the workflows of a folder use, directly or not."""
    found: dict[str, Path] = {}
    for use in _uses(workflows(folder), folder, ours, set()):
        name, _, ref = use.partition("@")
        repository = "/".join(name.split("/")[:2])
        found[f"{repository}@{ref}"] = ours if repository == OURS else _stand_in(use)
    return found


def _uses(paths: Iterable[Path], root: Path, ours: Path, seen: set[Path]) -> Iterator[str]:
    """The `owner/name@ref` that these files use, those first that are theirs; our own are looked into."""
    for path in paths:
        if path in seen:
            continue
        seen.add(path)
        for use in _each_use(load(path)):
            if use.startswith("./"):
                yield from _uses([_definition(root / use)], root, ours, seen)
                continue
            yield use
            name = use.partition("@")[0]
            if name.startswith(OURS):
                yield from _uses([_definition(ours / name[len(OURS) :].strip("/"))], ours, ours, seen)


def _each_use(node: object) -> Iterator[str]:
    """The value of every `uses`, wherever it is."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "uses" and isinstance(value, str):
                yield value
            else:
                yield from _each_use(value)
    elif isinstance(node, list):
        for one in node:
            yield from _each_use(one)


def _definition(place: Path) -> Path:
    """The file of an action, or of a workflow that is called."""
    if place.suffix in (".yml", ".yaml"):
        return place
    return next((place / name for name in ("action.yml", "action.yaml") if (place / name).is_file()), place)


def _stand_in(use: str) -> Path:
    owner, name, *below = use.partition("@")[0].split("/")
    place = _STAND_INS / name
    if owner != "actions" or not Path(place, *below, "action.yml").is_file():
        raise NoStandIn(f"{use}: tests/workflows/actions has no stand-in for it; write one, or use another action")
    return place
