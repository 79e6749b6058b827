"""Rulesets and classic branch protection: what may happen to a branch, by a pattern on its name.

Texts and statuses: github-facts, section 7, as reported by users of GitHub. A ruleset answers GraphQL with
another type than a classic protection does; which one is not documented, so a rule may name it.
"""

from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from tests.github_server.problems import RuleViolation

Kind = Literal["pull_request", "merge_queue", "required_signatures", "creation", "deletion", "update"]
Writer = Literal["api", "web", "push", "merge"]

_WORDS: dict[Kind, str] = {
    "pull_request": "Changes must be made through a pull request.",
    "merge_queue": "Changes must be made through the merge queue",
    "required_signatures": "Commits must have verified signatures.",
    "creation": "Cannot create ref due to creations being restricted.",
    "deletion": "Cannot delete this branch",
    "update": "Cannot update this protected ref.",
}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule on the branches whose name fits `pattern` ("~ALL" fits all); `bypass`: all may pass."""

    pattern: str
    kind: Kind = "pull_request"
    classic: bool = False
    type: str = ""
    bypass: bool = False

    def fits(self, branch: str) -> bool:
        return self.pattern == "~ALL" or fnmatchcase(branch, self.pattern)

    def refuses(self, before: str | None, after: str | None, writer: Writer) -> bool:
        """Whether this change of a branch is against the rule; "web" commits carry GitHub's signature."""
        match self.kind:
            case "creation":
                return before is None
            case "deletion":
                return after is None
            case "update":
                return before is not None and after is not None
            case "required_signatures":
                return after is not None and writer in ("api", "push")
            case "pull_request":
                return before is not None and after is not None and writer != "merge"
            case "merge_queue":
                return after is not None

    @property
    def words(self) -> str:
        """The reason as GitHub words it."""
        return _WORDS[self.kind]

    def violation(self, before: str | None) -> RuleViolation:
        """The refusal in GitHub's words."""
        if self.classic:
            return RuleViolation(self.words, type_=self.type or "BRANCH_PROTECTION_RULE_VIOLATION")
        type_ = self.type or "UNPROCESSABLE"
        if before is None:
            return RuleViolation("Reference update failed", type_=type_)
        return RuleViolation(f"Repository rule violations found\n\n{self.words}\n\n", type_=type_)


def check(rules: list[Rule], ref: str, before: str | None, after: str | None, writer: Writer) -> None:
    """RuleViolation: a rule of the repository is against this change. Refs outside of refs/heads/ have no rules."""
    if not ref.startswith("refs/heads/"):
        return
    branch = ref.removeprefix("refs/heads/")
    for rule in rules:
        if rule.fits(branch) and not rule.bypass and rule.refuses(before, after, writer):
            raise rule.violation(before)
