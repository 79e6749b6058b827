"""An `Examiner` of a repository on GitHub: one query, and a few reads of settings that only REST has."""

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import quote

from msgspec import Struct

from claudestep.domain.branch_rules import BranchRule
from claudestep.domain.errors import HostError, NotFound
from claudestep.domain.naming import LABEL
from claudestep.infrastructure.github.api.client import Answer, GitHub
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.asking import ask, require
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.github.replies import Folder, Label, Page, Reply, User
from claudestep.infrastructure.hosting.examination import Overview, Share, WorkflowSettings
from claudestep.infrastructure.workflow_file import FOLDER

T = TypeVar("T")

_BYPASSES = ("always", "exempt")


class _Protection(Reply, frozen=True):
    """`requiredApprovingReviewCount` is None where no pull request is needed."""

    pattern: str
    requires_signatures: bool
    requires_linear_history: bool
    viewer_can_push: bool
    required_approving_review_count: int | None = None
    required_status_check_contexts: list[str | None] | None = None


class _Ref(Reply, frozen=True):
    ref_update_rule: _Protection | None = None


class _Commit(Reply, frozen=True):
    folder: Folder | None = None


class _DefaultBranch(Reply, frozen=True):
    target: _Commit


class _Repository(Reply, frozen=True):
    is_private: bool
    is_archived: bool
    assignable_users: Page[User]
    viewer_permission: str | None = None
    label: Label | None = None
    metadata: _Ref | None = None
    step: _Ref | None = None
    default_branch_ref: _DefaultBranch | None = None


class _Diagnosed(Reply, frozen=True):
    """The answer to `diagnose`."""

    viewer: User
    repository: _Repository | None = None


class _Rule(Struct, frozen=True):
    """https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch"""

    type: str
    ruleset_id: int = 0
    ruleset_source: str = ""


class _Ruleset(Struct, frozen=True):
    current_user_can_bypass: str = "never"


class _Actions(Struct, frozen=True):
    """https://docs.github.com/en/rest/actions/permissions#get-default-workflow-permissions-for-a-repository"""

    can_approve_pull_request_reviews: bool
    default_workflow_permissions: str


class _Secret(Struct, frozen=True):
    name: str


class _Secrets(Struct, frozen=True):
    secrets: list[_Secret]


class GitHubExaminer:
    """Asks with the token of the program; one with less rights sees less, which is an error and no answer."""

    def __init__(self, github: GitHub, token: Token) -> None:
        self._github = github
        self._source = token.source
        self._scopes: frozenset[str] | None = None
        self._shares: dict[str, Share] = {}
        self._bypassed: dict[int, bool] = {}

    @property
    def name(self) -> str:
        """The repository, `owner/name`."""
        return str(self._github.repository)

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self._github.endpoints.server}/{self.name}"

    @property
    def token_source(self) -> str:
        """Where the token comes from."""
        return self._source

    @property
    def scopes(self) -> frozenset[str] | None:
        """What a token of the older kind may do, as the replies say it."""
        return self._scopes

    @property
    def shares(self) -> tuple[Share, ...]:
        """What is left of the shares of the interfaces that were asked."""
        return tuple(self._shares.values())

    def overview(self, step_branch: str) -> Overview:
        """Everything that one query gives. Raises HostError."""
        variables = {"label": LABEL, "metadata": METADATA_REF, "step": f"refs/heads/{step_branch}"}
        answer = self._noted(ask(self._github, "diagnose", variables, _Diagnosed))
        seen = require(self._github, answer.data.repository)
        users = seen.assignable_users
        return Overview(
            viewer=answer.data.viewer.login,
            permission=seen.viewer_permission or None,
            is_private=seen.is_private,
            is_archived=seen.is_archived,
            has_label=seen.label is not None,
            has_metadata_branch=seen.metadata is not None,
            workflows=_workflows(seen.default_branch_ref),
            metadata_protection=tuple(_protection(seen.metadata)),
            step_protection=tuple(_protection(seen.step)),
            assignable=frozenset(user.login.casefold() for user in users.items),
            all_assignable=users.page_info.next is None,
        )

    def workflow_settings(self) -> WorkflowSettings:
        """What workflows may do. Raises HostError."""
        found = self._get("actions/permissions/workflow", _Actions)
        return WorkflowSettings(
            found.can_approve_pull_request_reviews, found.default_workflow_permissions == "write"
        )

    def rules(self, branch: str) -> tuple[BranchRule, ...]:
        """The rules of rulesets. Raises HostError."""
        found = self._get(f"rules/branches/{quote(branch, safe='')}?per_page=100", list[_Rule])
        return tuple(BranchRule(rule.type, _source(rule), self._is_bypassed(rule.ruleset_id)) for rule in found)

    def secrets(self) -> frozenset[str]:
        """The names of the secrets of the repository. Raises HostError."""
        return self._secret_names("secrets")

    def organization_secrets(self) -> frozenset[str]:
        """The names of those of its organization. Raises HostError."""
        return self._secret_names("organization-secrets")

    def is_assignable(self, login: str) -> bool:
        """Whether GitHub would assign somebody. Raises HostError."""
        try:
            self._get(f"assignees/{quote(login, safe='')}", type(None))
        except NotFound:
            return False
        return True

    def _is_bypassed(self, ruleset: int) -> bool:
        """Whether the token may bypass a ruleset; what cannot be asked is in our way."""
        if ruleset and ruleset not in self._bypassed:
            try:
                found = self._get(f"rulesets/{ruleset}", _Ruleset)
            except HostError:
                found = _Ruleset()
            self._bypassed[ruleset] = found.current_user_can_bypass in _BYPASSES
        return self._bypassed.get(ruleset, False)

    def _secret_names(self, kind: str) -> frozenset[str]:
        found = self._get(f"actions/{kind}?per_page=100", _Secrets)
        return frozenset(secret.name.upper() for secret in found.secrets)

    def _get(self, path: str, type_: type[T]) -> T:
        return self._noted(self._github.rest("GET", f"/repos/{self.name}/{path}", type_)).data

    def _noted(self, answer: Answer[T]) -> Answer[T]:
        """Keep what a reply says of the token by the way."""
        self._scopes = self._scopes or answer.scopes
        if limit := answer.rate_limit:
            share = Share(limit.resource or "core", limit.limit, limit.remaining, limit.reset)
            self._shares[share.interface] = share
        return answer


def _workflows(branch: _DefaultBranch | None) -> dict[str, bytes]:
    """The files that came along as texts."""
    entries = branch.target.folder.entries if branch and branch.target.folder else []
    return {
        f"{FOLDER}/{entry.name}": entry.object.text.encode()
        for entry in entries
        if entry.type == "blob" and entry.object is not None and entry.object.text is not None
    }


def _source(rule: _Rule) -> str:
    return f"ruleset {rule.ruleset_id} of {rule.ruleset_source}" if rule.ruleset_id else "a ruleset"


def _protection(ref: _Ref | None) -> Iterator[BranchRule]:
    """A protection of the older kind as the rules that would do the same."""
    found = ref.ref_update_rule if ref else None
    if found is None:
        return
    kinds = {
        "pull_request": found.required_approving_review_count is not None,
        "required_signatures": found.requires_signatures,
        "required_linear_history": found.requires_linear_history,
        "required_status_checks": bool(found.required_status_check_contexts),
    }
    if not any(kinds.values()):
        kinds["update"] = not found.viewer_can_push
    for kind, holds in kinds.items():
        if holds:
            yield BranchRule(kind, f"branch protection {found.pattern}")
