"""docs/action.md: tables of the inputs and outputs of the actions, from their action.yml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_ACTIONS = {"run": "action.yml", "statistics": "statistics/action.yml"}


def action_tables(root: Path) -> Mapping[str, str]:
    """Every table by its name: `run-inputs`, `run-outputs`, and the same of the other action."""
    found = {}
    for name, path in _ACTIONS.items():
        told = yaml.safe_load((root / path).read_text(encoding="utf-8"))
        found[f"{name}-inputs"] = _table(("input", "default", "what it is"), _inputs(told))
        found[f"{name}-outputs"] = _table(("output", "what it is"), _outputs(told))
    return found


def _inputs(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (f"`{name}`", f"`{one['default']}`" if one["default"] else "", one["description"])
        for name, one in told["inputs"].items()
    ]


def _outputs(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [(f"`{name}`", one["description"]) for name, one in told["outputs"].items()]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
