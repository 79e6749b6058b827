"""The metadata branch: whether it can be read and holds together, and claims of runs that are no more."""

from collections.abc import Iterator
from datetime import UTC, datetime

from claudestep.application.doctor.sight import Sight, attempt
from claudestep.application.fsck import check_ancestry, check_files
from claudestep.application.world import World
from claudestep.domain.diagnosis import Check, Status, failed, or_fine, unknown
from claudestep.domain.errors import ClaudeStepError, MetadataError, MetadataLost
from claudestep.domain.fsck import Finding, check_documents, check_pull_requests
from claudestep.domain.models import Claim
from claudestep.domain.naming import METADATA_BRANCH, document_path
from claudestep.domain.settling import has_ended
from claudestep.infrastructure.hosting.port import Host

_STATUS: dict[str, Status] = {"error": "problem", "warning": "warning", "note": "ok"}
_BEFORE_ALL_CLAIMS = datetime.min.replace(tzinfo=UTC)


def check_metadata(host: Host, sight: Sight, *, deep: bool) -> list[Check]:
    """The documents and the claims; `deep`: also where the branch comes from, which a server takes requests for."""
    world, documents = sight.world, sight.documents
    if isinstance(documents, MetadataError):
        return [failed("metadata", documents, METADATA_BRANCH), unknown("claims", documents)]
    if isinstance(world, ClaudeStepError):
        return [unknown("metadata", world), unknown("claims", world)]
    if world.observation.is_lost:
        lost = MetadataLost(METADATA_BRANCH)
        return [failed("metadata", lost, METADATA_BRANCH), unknown("claims", lost)]
    return [*_health(host, world, deep=deep), *_claims(world)]


def _health(host: Host, world: World, *, deep: bool) -> list[Check]:
    version = world.observation.snapshot.version
    if version is None:
        return [Check("metadata", "ok", f"there is no branch {METADATA_BRANCH} yet; the first run begins it")]
    findings = [
        Check("metadata", _STATUS[finding.level], finding.problem, finding.remedy, finding.path)
        for finding in _findings(world)
    ]
    findings += _ancestry(host) if deep else []
    count = len(world.documents.projects)
    return or_fine("metadata", findings, f"{count} document{'' if count == 1 else 's'}, all of them whole")


def _findings(world: World) -> Iterator[Finding]:
    """What fsck finds in what was seen; claims that ended are told apart (`_claims`)."""
    projects = list(world.documents.projects.values())
    yield from check_files(world.observation.snapshot.files, world.documents)
    yield from check_documents(projects, now=_BEFORE_ALL_CLAIMS, is_gone=lambda _: False)
    yield from check_pull_requests(projects, world.observation.pull_requests)


def _ancestry(host: Host) -> list[Check]:
    found = attempt(host.branch.ancestry)
    if isinstance(found, ClaudeStepError):
        return [unknown("metadata", found)]
    return [Check("metadata", "problem", one.problem, one.remedy, one.path) for one in check_ancestry(found)]


def _claims(world: World) -> list[Check]:
    held = [
        (project.project, step.step_index, step.claim)
        for project in world.documents.projects.values()
        for step in project.steps
        if step.claim is not None
    ]
    stale = [_stale(world, *one) for one in held if has_ended(one[2], world.observation.now, world.is_gone)]
    going = f"{len(held)} of runs that go on" if held else "nobody works on a step now"
    return or_fine("claims", stale, going)


def _stale(world: World, project: str, index: int, claim: Claim) -> Check:
    """A claim of a run that is dead or over, and what becomes of it."""
    over = "its process is gone" if world.is_gone(claim.owner) else f"it ended {claim.until:%Y-%m-%d %H:%M} UTC"
    head = world.observation.heads.get(claim.branch)
    published = claim.stage == "publishing" and head is not None and head.claim_id == claim.id
    then = "finishes its pull request" if published else "releases it and counts one failed attempt"
    remedy = f"The next run {then}: claudestep run {project}"
    problem = f"step {index} is held by a run that is no more ({over})"
    return Check("claims", "warning", problem, remedy, document_path(project))
