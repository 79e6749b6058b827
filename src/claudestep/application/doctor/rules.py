"""Rules of the server that would refuse what a run writes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from claudestep.application.doctor.facts import Facts
from claudestep.domain.branch_rules import Ruling, for_metadata, for_steps
from claudestep.domain.diagnosis import Check, or_fine, unknown
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.naming import METADATA_BRANCH, STEP_BRANCH_PREFIX
from claudestep.infrastructure.hosting.examination import Overview

STEP_BRANCHES = f"{STEP_BRANCH_PREFIX}*"


@dataclass(frozen=True, slots=True)
class _Branches:
    """Branches that are judged: the name of their check, and theirs."""

    check: str
    name: str


_METADATA = _Branches("metadata_rules", METADATA_BRANCH)
_STEPS = _Branches("step_rules", STEP_BRANCHES)


def check_metadata_rules(facts: Facts, *, begun: bool, in_workflows: bool) -> list[Check]:
    """The rules for the metadata branch; `in_workflows`: others than this token write it, too."""
    rules, overview = facts.metadata_rules, facts.overview
    if isinstance(rules, ClaudeStepError):
        return [_unasked(_METADATA, rules, facts)]
    older = overview.metadata_protection if isinstance(overview, Overview) else ()
    return _told(_METADATA, for_metadata((*rules, *older), begun=begun), facts, in_workflows=in_workflows)


def check_step_rules(facts: Facts, *, in_workflows: bool) -> list[Check]:
    """The rules for the branches of steps."""
    rules, overview = facts.step_rules, facts.overview
    if isinstance(rules, ClaudeStepError):
        return [_unasked(_STEPS, rules, facts)]
    older = overview.step_protection if isinstance(overview, Overview) else ()
    return _told(_STEPS, for_steps((*rules, *older)), facts, in_workflows=in_workflows)


def _unasked(branches: _Branches, error: ClaudeStepError, facts: Facts) -> Check:
    return unknown(branches.check, error, f"Look yourself: {facts.url}/rules")


def _told(branches: _Branches, rulings: Iterable[Ruling], facts: Facts, *, in_workflows: bool) -> list[Check]:
    findings = (check for ruling in rulings for check in _check(branches, ruling, facts, in_workflows=in_workflows))
    return or_fine(branches.check, findings, f"no rule is in the way of {branches.name}")


def _check(branches: _Branches, ruling: Ruling, facts: Facts, *, in_workflows: bool) -> Iterator[Check]:
    """A rule that is in the way; one that this token may bypass is in the way of others."""
    rule = ruling.rule
    problem = f"{ruling.words} ({rule.kind}, {rule.source})"
    remedy = f"Exempt {branches.name} from it, or let the token bypass it: {facts.url}/rules"
    if ruling.severity == "ok" or (rule.bypassed and not in_workflows):
        return
    if rule.bypassed:
        problem = f"{problem}; this token may bypass it, and that of your workflow perhaps not"
        yield Check(branches.check, "warning", problem, remedy, branches.name)
    else:
        yield Check(branches.check, ruling.severity, problem, remedy, branches.name)
