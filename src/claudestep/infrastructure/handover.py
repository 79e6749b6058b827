"""What `prepare`, `agent` and `finalize` hand on to each other: files in one folder.

`claims.json` has what was claimed, and is small, for a workflow may hand it on as an output; `results/<claim>.json`
and `patches/<claim>.patch` what came of it; `report.json` what all of it came to. What was spent is noted as every
run
notes it (`runs.py`), with this folder as its root. Everything is read as data from outside.
"""

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from claudestep.domain.errors import ClaudeStepError, InvalidDocument, UsageError
from claudestep.domain.models import Claim, Owner, Step
from claudestep.domain.naming import name_problem
from claudestep.infrastructure.files import discard, write_whole
from claudestep.infrastructure.metadata import codec

logger = logging.getLogger(__name__)

_VERSION = 1
_CLAIM_ID = re.compile("[0-9a-f]{16}")
_COMMIT = re.compile("[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LARGEST = 64 << 20

Form = TypeVar("Form")


class Summary(msgspec.Struct, frozen=True):
    """The AI's summary of a step."""

    what_changed: str
    how_to_review: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent ended; `reason` is why the step was not done, "" where it was.

    `counts` is False where the step is not to blame, `by_hand` is True where somebody broke it off. The patch is in
    a file of its own, also where the work was refused.
    """

    reason: str = ""
    output: str = ""
    counts: bool = True
    by_hand: bool = False
    notes: tuple[str, ...] = ()
    summary: Summary | None = None


class _HandedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim on disk: the step is a document's, with its claim in it."""

    project: str
    line: int
    step: msgspec.Raw
    attempt: int
    base_branch: str
    base_commit: str
    default_branch: str
    default_commit: str
    limit_usd: float | None = None
    before: str | None = None


class _Begun(msgspec.Struct, frozen=True):
    """A claim that may have been given, whatever became of the one who asked for it."""

    claim: str
    project: str


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    version: int = _VERSION
    claims: tuple[_HandedClaim, ...] = ()
    begun: tuple[_Begun, ...] = ()
    ended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A claimed step: which, where it stands, and at which commits its files are read.

    `before` is the tree that stood in the user's work tree, where an agent of the user's own works in that.
    """

    project: str
    line: int
    step: Step
    claim: Claim
    attempt: int
    base_branch: str
    base_commit: str
    default_branch: str
    default_commit: str
    limit_usd: float | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """The folder."""

    folder: Path

    @property
    def claims_file(self) -> Path:
        """Where the claims stand."""
        return self.folder / "claims.json"

    def claims(self) -> tuple[Handed, ...]:
        """What is claimed and not ended; nothing where `prepare` claimed nothing.

        Raises UsageError where it never ran.
        """
        found = self._claims()
        listed = (_handed(self.claims_file, one) for one in found.claims)
        return tuple(one for one in listed if one.claim.id not in found.ended)

    def begun(self) -> tuple[tuple[str, str], ...]:
        """Claims (their ids, and the projects) that may have been given and are none of the above."""
        found = self._claims()
        known = {_handed(self.claims_file, one).claim.id for one in found.claims} | {*found.ended}
        return tuple((one.claim, one.project) for one in found.begun if one.claim not in known)

    def begin(self, holder: Owner) -> None:
        """Nothing is claimed yet: what stands there is of an earlier run.

        Raises UsageError where claims of this very holder are not ended.
        """
        left = self._left()
        if any(handed.claim.owner == holder for handed in left):
            raise UsageError(
                f"steps are claimed in {self.folder} already", remedy="End their claims first: claudestep finalize"
            )
        self._write(_Claims())
        (self.folder / "report.json").unlink(missing_ok=True)

    def _left(self) -> tuple[Handed, ...]:
        """Claims that an earlier `prepare` left; a file that cannot be read is set aside."""
        try:
            return self.claims() if _read(self.claims_file) is not None else ()
        except ClaudeStepError as error:
            aside = self.claims_file.with_name("claims.broken.json")
            self.claims_file.replace(aside)
            logger.warning("%s is set aside as %s: %s", self.claims_file.name, aside, error)
            return ()

    def note_begun(self, claim_id: str, project: str) -> None:
        """Note a claim before it is asked for."""
        found = self._claims()
        self._write(msgspec.structs.replace(found, begun=(*found.begun, _Begun(claim_id, project))))

    def forget_begun(self, claim_id: str) -> None:
        """It was not given."""
        found = self._claims()
        begun = tuple(one for one in found.begun if one.claim != claim_id)
        self._write(msgspec.structs.replace(found, begun=begun))

    def add(self, handed: Handed) -> None:
        """Note a claim that was given."""
        found = self._claims()
        self._write(msgspec.structs.replace(found, claims=(*found.claims, _raw(handed))))

    def note_ended(self, claim_id: str) -> None:
        """Note that a claim is ended: nobody works on it or ends it again."""
        found = self._claims()
        self._write(msgspec.structs.replace(found, ended=(*found.ended, claim_id)))

    def take_over(self, claims: str) -> None:
        """Write the claims that a workflow hands on as text. Raises UsageError where it is none."""
        _decode(self.claims_file, claims.encode(errors="replace"), _Claims)
        for name in ("runs", "tmp", "report.json"):  # of another machine, by whoever wrote there
            discard(self.folder / name)
        spent, unsent = self.folder / "spent", self.folder / "unsent"
        if spent.is_dir() and not spent.is_symlink():  # of a run that was killed there
            unsent.mkdir(exist_ok=True)
            for path in spent.glob("*.json"):
                path.replace(unsent / path.name)
        write_whole(self.claims_file, claims.encode(errors="replace"))

    def as_text(self) -> str:
        """The claims on one line."""
        return self.claims_file.read_text(encoding="utf-8")

    def keep_result(self, claim_id: str, result: Result, patch: bytes = b"") -> None:
        """Write how an agent ended, and its patch before that: a result is a whole one."""
        write_whole(self.patch_file(claim_id), patch)
        write_whole(self.folder / "results" / f"{claim_id}.json", msgspec.json.encode(result))

    def result(self, claim_id: str) -> tuple[Result, bytes] | None:
        """How an agent ended, and its patch; None where it did not. Raises InvalidDocument."""
        path = self.folder / "results" / f"{claim_id}.json"
        data = _read(path)
        if data is None:
            return None
        try:
            result = _decode(path, data, Result)
        except UsageError as error:
            raise InvalidDocument(path.name, str(error), where="") from error
        return result, _read(self.patch_file(claim_id)) or b""

    def keep_report(self, data: bytes) -> None:
        """Write what all of it came to."""
        write_whole(self.folder / "report.json", data)

    def report(self) -> bytes | None:
        """What all of it came to; None where nothing was reported."""
        return _read(self.folder / "report.json")

    def patch_file(self, claim_id: str) -> Path:
        """Where the patch of a claim is."""
        return self.folder / "patches" / f"{claim_id}.patch"

    def _claims(self) -> _Claims:
        data = _read(self.claims_file)
        if data is None:
            raise UsageError(
                f"there is no {self.claims_file}", remedy="Claim a step first: claudestep prepare PROJECT"
            )
        return _decode(self.claims_file, data, _Claims)

    def _write(self, claims: _Claims) -> None:
        write_whole(self.claims_file, msgspec.json.encode(claims))


def _read(path: Path) -> bytes | None:
    try:
        if path.is_symlink() or path.is_dir():
            raise UsageError(f"{path} is no file", remedy="Remove it.")
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _decode(path: Path, data: bytes, kind: type[Form]) -> Form:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _broken(path, str(error)) from error


def _broken(path: Path, problem: str) -> UsageError:
    return UsageError(
        f"{path.name} of the handover cannot be read: {problem}", remedy="Claim anew: claudestep prepare PROJECT"
    )


def _raw(handed: Handed) -> _HandedClaim:
    step = replace(handed.step, claim=handed.claim, ai_tasks=())
    return _HandedClaim(
        project=handed.project,
        line=handed.line,
        step=msgspec.Raw(codec.encode_step(step)),
        attempt=handed.attempt,
        base_branch=handed.base_branch,
        base_commit=handed.base_commit,
        default_branch=handed.default_branch,
        default_commit=handed.default_commit,
        limit_usd=handed.limit_usd,
        before=handed.before,
    )


def _handed(path: Path, raw: _HandedClaim) -> Handed:
    step = codec.decode_step(path.name, bytes(raw.step))
    commits = (raw.base_commit, raw.default_commit, raw.before or raw.base_commit)
    if step.claim is None or not _CLAIM_ID.fullmatch(step.claim.id) or name_problem(raw.project):
        raise _broken(path, "a claim in it is none")
    if not all(map(_COMMIT.fullmatch, commits)):
        raise _broken(path, "a commit in it is none")
    return Handed(
        project=raw.project,
        line=raw.line,
        step=replace(step, claim=None),
        claim=step.claim,
        attempt=raw.attempt,
        base_branch=raw.base_branch,
        base_commit=raw.base_commit,
        default_branch=raw.default_branch,
        default_commit=raw.default_commit,
        limit_usd=raw.limit_usd,
        before=raw.before,
    )
