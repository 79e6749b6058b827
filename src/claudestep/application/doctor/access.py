"""The token and what it may do: whether the server takes it, and lets it read and write the repository."""

from collections.abc import Iterator

from claudestep.application.doctor.facts import Facts
from claudestep.application.doctor.sight import Sight
from claudestep.domain.diagnosis import Check, failed, or_fine, unknown
from claudestep.domain.errors import ClaudeStepError, Forbidden, NotFound, RepositoryError, Transient, Unauthorized
from claudestep.infrastructure.hosting.examination import Overview

_FEW = 200
_MAY_NOT_WRITE = ("READ", "TRIAGE")
_IN_A_WORKFLOW = "In a workflow: `permissions:` with contents: write, pull-requests: write and issues: write."
_SEEN_WHEN_USED = "what the token itself may of that is seen only when it is used"


def check_token(facts: Facts, sight: Sight) -> Check:
    """Whether the server takes the token; what it is is never said."""
    overview, observation = facts.overview, sight.observation
    for answer in (observation, overview):
        if isinstance(answer, Unauthorized):
            return Check("token", "problem", f"{answer} (it is from {facts.token_source})", answer.remedy)
    if isinstance(overview, Overview):
        return Check("token", "ok", f"it is from {facts.token_source}, and of {overview.viewer}")
    if isinstance(observation, ClaudeStepError):
        return unknown("token", observation)
    return Check("token", "ok", f"it is from {facts.token_source}, and it is taken")


def check_repository(facts: Facts, sight: Sight) -> Check:
    """Whether the repository is there and can be worked in."""
    seen = sight.observation
    if isinstance(seen, NotFound | Forbidden | RepositoryError):
        return failed("repository", seen)
    if isinstance(seen, Transient) and isinstance(facts.overview, Transient):
        return failed("repository", seen)  # it answers neither of two questions: no run would come far
    if isinstance(seen, ClaudeStepError):
        return unknown("repository", seen)
    if isinstance(facts.overview, Overview) and facts.overview.is_archived:
        problem = f"{facts.name} is archived: it can only be read"
        return Check("repository", "problem", problem, f"Take it out of the archive: {facts.url}/settings")
    return Check("repository", "ok", f"{facts.name}, whose default branch is {seen.default_branch}")


def check_permissions(facts: Facts) -> list[Check]:
    """What the token may do, as far as anything says it beforehand."""
    overview = facts.overview
    if isinstance(overview, ClaudeStepError):
        return [unknown("permissions", overview)]
    found = [*_role(overview), *_scopes(facts.scopes, is_private=overview.is_private)]
    certainty = f"with {', '.join(sorted(facts.scopes))}" if facts.scopes else _SEEN_WHEN_USED
    return or_fine("permissions", found, f"{overview.viewer} may write ({overview.permission}); {certainty}")


def _role(overview: Overview) -> Iterator[Check]:
    if overview.permission is None:
        problem = f"{overview.viewer} has no role of a user here: {_SEEN_WHEN_USED}"
        yield Check("permissions", "unknown", problem, _IN_A_WORKFLOW)
    elif overview.permission in _MAY_NOT_WRITE:
        problem = f"{overview.viewer} may not write to the repository ({overview.permission})"
        yield Check("permissions", "problem", problem, "Use the token of somebody who may write to it.")


def _scopes(scopes: frozenset[str] | None, *, is_private: bool) -> Iterator[Check]:
    """https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps"""
    if scopes is None:
        return
    listed = ", ".join(sorted(scopes))
    enough = {"repo"} if is_private else {"repo", "public_repo"}
    if not scopes & enough:
        problem = f"the token has not the scope repo (it has {listed}): it cannot write"
        yield Check("permissions", "problem", problem, _more("repo"))
    if "workflow" not in scopes:
        problem = f"the token has not the scope workflow (it has {listed}): steps cannot change .github/workflows"
        yield Check("permissions", "warning", problem, _more("workflow"))


def _more(scope: str) -> str:
    return f"gh auth refresh --scopes {scope}, or tick it in Settings > Developer settings > the token"


def check_label(facts: Facts, *, name: str, can_be_made: bool) -> Check:
    """Whether our label is there, or would be made; `can_be_made`: every workflow of ours may do that."""
    overview = facts.overview
    if isinstance(overview, ClaudeStepError):
        return unknown("label", overview)
    if overview.has_label:
        return Check("label", "ok", f"the label {name} is there")
    if can_be_made and overview.permission and overview.permission != "READ":
        return Check("label", "ok", f"the label {name} is not there yet; the first pull request makes it")
    problem = f"the label {name} is not there, and it may not be possible to make it (issues: write)"
    return Check("label", "warning", problem, f"gh label create {name} --repo {facts.name}")


def check_rate(facts: Facts) -> list[Check]:
    """Whether this hour's share of requests is nearly used up."""
    if not facts.shares:
        problem = "it could not be found out: no reply named what is left of this hour's requests"
        return [Check("rate", "unknown", problem, "See it with: gh api rate_limit")]
    scarce = [
        Check(
            "rate", "warning",
            f"{share.interface}: {share.remaining:,} of {share.limit:,} requests are left",
            f"There are more from {share.reset:%H:%M} UTC on. Runs wait up to five minutes for it, and end then.",
        )
        for share in facts.shares
        if share.remaining < _FEW
    ]  # fmt: skip
    left = ", ".join(f"{share.interface} {share.remaining:,}" for share in facts.shares)
    return or_fine("rate", scarce, f"requests left in this hour: {left}")
