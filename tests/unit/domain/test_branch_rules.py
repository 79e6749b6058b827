"""What rules of a host mean for the branches of ClaudeStep."""

import pytest

from claudestep.domain.branch_rules import BranchRule, Severity, for_metadata, for_steps


def rule(kind: str) -> BranchRule:
    return BranchRule(kind, "ruleset 1 of o/r")


@pytest.mark.parametrize(
    ("kind", "new", "begun", "step"),
    [
        ("creation", "problem", "ok", "problem"),
        ("update", "problem", "problem", "warning"),
        ("pull_request", "problem", "problem", "warning"),
        ("merge_queue", "problem", "problem", "problem"),
        ("required_signatures", "problem", "ok", "problem"),
        ("required_linear_history", "ok", "ok", "warning"),
        ("required_status_checks", "problem", "problem", "warning"),
        ("deletion", "ok", "ok", "ok"),
        ("non_fast_forward", "ok", "ok", "ok"),
        ("commit_message_pattern", "warning", "warning", "warning"),
        ("a_rule_of_tomorrow", "warning", "warning", "warning"),
    ],
)
def test_each_kind(kind: str, new: Severity, begun: Severity, step: Severity) -> None:
    """The host signs what it commits itself, all but the very first; nobody signs those of steps."""
    [first] = for_metadata([rule(kind)], begun=False)
    [later] = for_metadata([rule(kind)], begun=True)
    [pushed] = for_steps([rule(kind)])
    assert (first.severity, later.severity, pushed.severity) == (new, begun, step)
    assert first.rule == later.rule == pushed.rule == rule(kind)
    assert first.words
    assert ("the first commit" in first.words) is (first.severity != later.severity)


def test_a_rule_that_holds_twice_is_told_once() -> None:
    assert len(list(for_steps([rule("update"), rule("update"), rule("creation")]))) == 2
