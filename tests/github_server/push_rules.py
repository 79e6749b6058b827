"""Rules that refuse a push in GitHub's words, carried to the client by git itself.

git's `proc-receive` hook (githooks(5)) may refuse one ref with a reason of its own, as GitHub does: " ! [remote
rejected] x -> x (push declined due to repository rule violations)". After a pre-receive hook git would always say
"(pre-receive hook declined)". Hook and rules reach git by the environment; nothing is put into the repository.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.github_server.rules import Kind, Rule

_HOOKS = Path(__file__).parent / "hooks"
# What a push may not do; `Rule.refuses` says the same for the API.
_FORBIDS: dict[Kind, tuple[str, ...]] = {
    "pull_request": ("update",),
    "merge_queue": ("creation", "update"),
    "required_signatures": ("creation", "update"),
    "creation": ("creation",),
    "deletion": ("deletion",),
    "update": ("update",),
}


def environment(rules: Iterable[Rule]) -> dict[str, str]:
    """Environment variables that make git keep these rules."""
    told = [_told(rule) for rule in rules if not rule.bypass]
    if not told:
        return {}
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(_HOOKS),
        "GIT_CONFIG_KEY_1": "receive.procReceiveRefs",
        "GIT_CONFIG_VALUE_1": "refs",
        "GITHUB_SERVER_PYTHON": sys.executable,
        "GITHUB_SERVER_PUSH_RULES": json.dumps(told),
    }


def _told(rule: Rule) -> dict[str, object]:
    """A rule as the hook reads it."""
    return {
        "pattern": f"refs/heads/{'*' if rule.pattern == '~ALL' else rule.pattern}",
        "reason": rule.words,
        "forbids": _FORBIDS[rule.kind],
        "classic": rule.classic,
    }
