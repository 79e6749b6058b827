"""What the rules of a host mean for the two kinds of branches that ClaudeStep writes.

The metadata branch is moved by commits that the host itself makes and signs, all but its very first one; the
branches of steps are made by `git push`, with commits that nobody signed, and seldom moved.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class BranchRule:
    """A rule for a branch: its kind as GitHub calls it, what it stands in, and whether we may bypass it."""

    kind: str
    source: str
    bypassed: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule does to a branch of ours, in a few words."""

    severity: Severity
    rule: BranchRule
    words: str


@dataclass(frozen=True, slots=True)
class _Meaning:
    """`first` is for a metadata branch that is still to be begun, `then` what becomes of the branches of steps."""

    words: str
    metadata: Severity
    step: Severity
    first: Severity | None = None
    then: str = ""


_PATTERN = "names, messages or files have to fit a pattern"
_CHECKED = "commits have to pass checks first"
_STUCK = ": open pull requests could not be brought up to date, and new ones perhaps not be begun"
_ONCE = ": the first commit of the branch would be refused, and no other one"
_MEANINGS: Mapping[str, _Meaning] = {
    "creation": _Meaning("branches may not be created", "ok", "problem", first="problem"),
    "update": _Meaning("branches may not be changed", "problem", "warning", then=_STUCK),
    "deletion": _Meaning("branches may not be deleted", "ok", "ok"),
    "non_fast_forward": _Meaning("branches may only move forward", "ok", "ok"),
    "required_linear_history": _Meaning("merge commits are refused", "ok", "warning", then=_STUCK),
    "merge_queue": _Meaning("changes have to go through the merge queue", "problem", "problem"),
    "pull_request": _Meaning("changes have to go through a pull request", "problem", "warning", then=_STUCK),
    "required_signatures": _Meaning("commits have to be signed", "ok", "problem", first="problem"),
    "required_status_checks": _Meaning(_CHECKED, "problem", "warning", then=_STUCK),
    "required_deployments": _Meaning(_CHECKED, "problem", "warning", then=_STUCK),
    "workflows": _Meaning(_CHECKED, "problem", "warning", then=_STUCK),
    "code_scanning": _Meaning(_CHECKED, "problem", "warning", then=_STUCK),
    "code_quality": _Meaning(_CHECKED, "problem", "warning", then=_STUCK),
    "branch_name_pattern": _Meaning(_PATTERN, "warning", "warning"),
    "commit_message_pattern": _Meaning(_PATTERN, "warning", "warning"),
    "commit_author_email_pattern": _Meaning(_PATTERN, "warning", "warning"),
    "committer_email_pattern": _Meaning(_PATTERN, "warning", "warning"),
    "file_path_restriction": _Meaning(_PATTERN, "warning", "warning"),
    "file_extension_restriction": _Meaning(_PATTERN, "warning", "warning"),
    "max_file_path_length": _Meaning(_PATTERN, "warning", "warning"),
    "max_file_size": _Meaning(_PATTERN, "ok", "warning"),
    "tag_name_pattern": _Meaning("tags have to fit a pattern", "ok", "ok"),
    "copilot_code_review": _Meaning("pull requests are reviewed by a program", "ok", "ok"),
}
"""https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch"""
_UNKNOWN = _Meaning("of a kind that ClaudeStep does not know", "warning", "warning")


def for_metadata(rules: Iterable[BranchRule], *, begun: bool) -> Iterator[Ruling]:
    """What rules do to the metadata branch, which is there already or not."""
    for rule, meaning in _with_meaning(rules):
        first = None if begun else meaning.first
        yield Ruling(first or meaning.metadata, rule, meaning.words + (_ONCE if first else ""))


def for_steps(rules: Iterable[BranchRule]) -> Iterator[Ruling]:
    """What rules do to the branches of steps."""
    for rule, meaning in _with_meaning(rules):
        yield Ruling(meaning.step, rule, meaning.words + meaning.then)


def _with_meaning(rules: Iterable[BranchRule]) -> Iterator[tuple[BranchRule, _Meaning]]:
    return ((rule, _MEANINGS.get(rule.kind, _UNKNOWN)) for rule in dict.fromkeys(rules))
