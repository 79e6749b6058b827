"""Words of GitHub that say more than its status or its type, each with what to do about it."""

import re
from collections.abc import Callable

from claudestep.domain.errors import Forbidden, HostError, RulesetViolation, Stale, TooMuchAsked, Transient
from claudestep.infrastructure.github.api.permissions import MAKE_LABELS, spoken

_WORKFLOW = "In a workflow: add it under `permissions:`. Otherwise: give the token more rights."
_SETTING = (
    "In the repository: Settings > Actions > General > Workflow permissions, "
    "tick 'Allow GitHub Actions to create and approve pull requests'. An organization can forbid it for all."
)
_SSO = "On github.com: Settings > Developer settings > the token > Configure SSO > Authorize."
_RULES = "In Settings > Rules: exempt the branches that ClaudeStep writes, or let the token bypass that rule."


def recognized(text: str, permission: str) -> HostError | None:
    """The error that GitHub's words stand for; None for words that nobody has met. `permission` would do."""
    for pattern, make in _PHRASES:
        if pattern.search(text):
            return make(text, permission)
    return None


def lacking(text: str, permission: str) -> Forbidden:
    """The token is good, but not for this."""
    needed = f" (it needs {spoken(permission)})" if permission else ""
    return Forbidden(
        f"the token may not do this{needed}: {sentence(text)}",
        remedy=_WORKFLOW,
        host_text=text,
        permission=permission,
    )


def ruled(text: str, _: str = "") -> RulesetViolation:
    """A rule of the repository is in the way."""
    return RulesetViolation(f"a rule of the repository refuses it: {sentence(text)}", remedy=_RULES, host_text=text)


def stale(text: str, _: str = "") -> Stale:
    """Somebody was faster."""
    return Stale(f"the branch has moved in the meantime: {sentence(text)}", remedy="Run it again.", host_text=text)


def too_much(text: str, _: str = "") -> TooMuchAsked:
    """The request is fine, but too big."""
    return TooMuchAsked(f"GitHub gave up on the size of the request: {sentence(text)}", host_text=text)


def faulty(text: str, _: str = "") -> Transient:
    """GitHub itself is in trouble."""
    return Transient(f"GitHub could not answer: {sentence(text)}", host_text=text)


def sentence(text: str) -> str:
    """GitHub's words as the end of a sentence of ours."""
    return text.rstrip(". ") or "it does not say why"


def _actions(text: str, _: str) -> Forbidden:
    return Forbidden(
        "GitHub Actions may not open pull requests in this repository", remedy=_SETTING, host_text=text
    )


def _labels(text: str, _: str) -> Forbidden:
    return lacking(text, MAKE_LABELS)


def _archived(text: str, _: str) -> Forbidden:
    return Forbidden(
        "the repository is archived: it can only be read", remedy="Unarchive it in its settings.", host_text=text
    )


def single_sign_on(text: str, _: str = "") -> Forbidden:
    """The token is good, but not for this organization."""
    return Forbidden("the organization wants the token authorized for single sign-on", remedy=_SSO, host_text=text)


_PHRASES: tuple[tuple[re.Pattern[str], Callable[[str, str], HostError]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), make)
    for words, make in (
        # https://github.blog/changelog/2022-05-03-github-actions-prevent-github-actions-from-creating-
        # and-approving-pull-requests
        (r"not permitted to create or approve pull requests", _actions),
        (r"SAML enforcement|single sign-on", single_sign_on),
        (r"\barchived\b.*\bread-only\b|repository (was|is) archived", _archived),
        (r"permission to create labels", _labels),
        (r"resource not accessible by|must have (admin|push|write)|not have the (required|correct)", lacking),
        # before the rules, for a rule's words may hold these; git's own words for a lost race
        (r"expected branch to point to|is not a fast.?forward|\bis at [0-9a-f]{7,} but expected", stale),
        (r"expected to be at [0-9a-f]{7,}|does not match [0-9a-f]{7,}|head branch was modified", stale),
        (r"rule violations? found|changes must be made through|protected branch|branch protection", ruled),
        (r"must have verified signatures|creations being restricted", ruled),
        (r"secret detected in content|reference update failed|\bGH0(06|13)\b|protected ref", ruled),
        (r"input was too large|too large to process", too_much),
        (r"something went wrong|couldn't respond to your request in time|\btimed out\b", faulty),
    )
)
