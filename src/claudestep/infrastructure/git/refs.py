"""The refs that ClaudeStep cares about, read in one process."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from claudestep.domain.commit_message import claim_of
from claudestep.domain.naming import STEP_BRANCH_PREFIX
from claudestep.domain.observation import StepHead
from claudestep.infrastructure.git.command import Git

PULLS = "refs/claudestep/pulls/"
UPDATES = "refs/claudestep/updates/"
"""Where a local branch was last brought up to date, by its name: nobody's work is in it but what is published."""
HEADS = "refs/heads/"
ORIGIN_HEAD = "refs/remotes/origin/HEAD"
_BEGIN = datetime.fromtimestamp(0, UTC)
_FIELDS = ("refname", "objectname", "symref", "parent", "committerdate:unix", "contents")
_FORMAT = "%00".join(f"%({field})" for field in _FIELDS) + "%00"


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref and what is known of the commit that it is at."""

    name: str
    commit: str
    target: str
    parents: tuple[str, ...]
    committed_at: datetime
    message: str

    @property
    def claim_id(self) -> str | None:
        """The claim that the commit names in its trailer."""
        return claim_of(self.message)

    @property
    def head(self) -> StepHead:
        """The ref as the head of a step's branch."""
        return StepHead(self.commit, self.claim_id)


def read_refs(git: Git) -> dict[str, Ref]:
    """All step branches, pull requests and candidates for the default branch, by full name."""
    wanted = (f"{HEADS}{STEP_BRANCH_PREFIX}*", PULLS, ORIGIN_HEAD, f"{HEADS}main", f"{HEADS}master")
    text = git.run("for-each-ref", f"--format={_FORMAT}", *wanted).decode(errors="replace")
    parts = text.split("\0")
    size = len(_FIELDS)
    rows = (parts[at : at + size] for at in range(0, len(parts) - 1, size))
    refs = (_ref(row) for row in rows)
    return {ref.name: ref for ref in refs}


def moment(text: str) -> datetime | None:
    """The time that git gives in seconds; None for one that is missing, or in no calendar."""
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _ref(row: list[str]) -> Ref:
    name, commit, target, parents, when, message = row
    committed = moment(when) or _BEGIN
    return Ref(name.lstrip("\n"), commit, target, tuple(parents.split()), committed, message)


def unmerged(git: Git, heads: Iterable[str], base: str) -> set[str]:
    """Those of the commits that the base does not contain."""
    listed = sorted(set(heads))
    if not listed:
        return set()
    lines = "".join(f"{line}\n" for line in (*listed, f"^{base}"))
    found = git.text("rev-list", "--stdin", stdin=lines.encode()).split()
    return set(listed) & set(found)
