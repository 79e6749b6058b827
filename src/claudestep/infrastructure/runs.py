"""What a run leaves on disk while it lasts, so that the next one can clean up after it if it dies.

Everything is below `<git directory>/claudestep/`: `runs/<claim>.json` says who works where, `patches/` keeps
work that could not be published, `spent/` what a run has spent so far, `unsent/` what an ended one could not
record, `tmp/` files that live for a second.
"""

import logging
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.changes import RecordTasks
from claudestep.domain.errors import InvalidDocument, UsageError
from claudestep.domain.models import Owner
from claudestep.infrastructure.agent.usage import take_usage, usage_file
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.files import discard, write_whole
from claudestep.infrastructure.leftovers import end_marked
from claudestep.infrastructure.metadata import codec
from claudestep.infrastructure.owner import is_gone, is_here, owner_of
from claudestep.infrastructure.process import signal_group

logger = logging.getLogger(__name__)

_OLD = 3600.0
_WAITING = {"unsent": ".json", "patches": ".patch"}


class RunRecord(msgspec.Struct, frozen=True):
    """One run: its claim and the step that it is on, its process, its folder."""

    claim: str
    project: str
    folder: str
    owner: Owner
    agent: Owner | None = None
    step_index: int = 0
    until: datetime | None = None
    """When its claim ends: after that it is over also where its process cannot be asked about."""


class _Unsent(msgspec.Struct, frozen=True):
    """AI operations of a step, on disk."""

    project: str
    step_index: int
    tasks: list[msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Unsent:
    """AI operations that an earlier run could not record, and the file that keeps them until then."""

    path: Path
    project: str
    record: RecordTasks


def _encode_spent(project: str, record: RecordTasks) -> bytes:
    tasks = [msgspec.Raw(codec.encode_ai_task(task)) for task in record.tasks]
    return msgspec.json.encode(_Unsent(project, record.step_index, tasks))


def _read_unsent(path: Path) -> tuple[str, RecordTasks]:
    """Raises InvalidDocument."""
    try:
        raw = msgspec.json.decode(_small(path), type=_Unsent)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _broken(path, str(error)) from error
    tasks: list[AITask] = []
    for number, one in enumerate(raw.tasks):
        try:
            tasks += codec.decode_ai_tasks(str(path), bytes(one))
        except InvalidDocument as error:
            raise _broken(path, f"`$.tasks[{number}]`: {error.problem}") from error
    return raw.project, RecordTasks(raw.step_index, tuple(tasks))


def _small(path: Path) -> bytes:
    """The bytes of a plain file of no more than a megabyte. Raises OSError, InvalidDocument."""
    about = path.lstat()
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)) or about.st_size > codec.MAX_TASKS_BYTES:
        raise _broken(path, "it is no plain file of at most a megabyte")
    return path.read_bytes()


def _broken(path: Path, problem: str) -> InvalidDocument:
    return InvalidDocument(str(path), problem, where="", remedy="It is left as it is: correct it, or remove it.")


def _folder_name(project: str, claim: str) -> str:
    return f"claudestep-{project}-{claim}"


@dataclass(slots=True)
class Run:
    """A run that goes on: the folder that it may work in, and its note."""

    record: RunRecord
    note: Path

    @property
    def folder(self) -> Path:
        """Where its tree goes; nothing is there yet."""
        return Path(self.record.folder)

    def note_spent(self, record: RecordTasks) -> None:
        """Note what was spent so far, until it is recorded on the metadata branch."""
        write_whole(self.spent, _encode_spent(self.record.project, record))

    def forget_spent(self) -> None:
        """What was spent is recorded."""
        self.spent.unlink(missing_ok=True)

    @property
    def spent(self) -> Path:
        """Where the costs wait."""
        return self.note.parent.parent / "spent" / self.note.name

    def as_text(self, record: RecordTasks) -> str:
        """What was spent, as it would stand in a file."""
        return _encode_spent(self.record.project, record).decode()

    def note_claim(self, step_index: int, until: datetime) -> None:
        """Note what is being worked on, and until when."""
        self._note(msgspec.structs.replace(self.record, step_index=step_index, until=until))

    def note_agent(self, group: int) -> None:
        """Note the agent's process group: should this run die, the next one ends it."""
        self._note(msgspec.structs.replace(self.record, agent=owner_of(group)))

    def _note(self, record: RunRecord) -> None:
        write_whole(self.note, msgspec.json.encode(record))
        self.record = record


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one repository."""

    root: Path
    clock: Clock

    @contextmanager
    def begin(self, claim: str, project: str, owner: Owner) -> Iterator[Run]:
        """Note a run before it claims anything, and give it a folder's name that is free; forget it at the end."""
        folder = Path(tempfile.gettempdir(), _folder_name(project, claim))
        note = self.root / "runs" / f"{claim}.json"
        record = RunRecord(claim, project, str(folder), owner)
        write_whole(note, msgspec.json.encode(record))
        try:
            yield Run(record, note)
        finally:
            self._keep_spent(claim)
            note.unlink(missing_ok=True)
            discard(folder)

    def noted(self) -> frozenset[str]:
        """The claims that runs are noted for, dead or alive."""
        return frozenset(record.claim for _, record in self._notes())

    def sweep(self) -> int:
        """Remove what dead runs left; return how many they were."""
        dead = [(note, record) for note, record in self._notes() if self._is_over(record)]
        for note, record in dead:
            logger.info("removing %s, which a dead run of %s left", record.folder, record.project)
            _end_agent(record.agent)
            end_marked(Path(record.folder).name)
            self._collect_usage(record)
            self._keep_spent(record.claim)
            note.unlink(missing_ok=True)
            if Path(record.folder).name == _folder_name(record.project, record.claim):
                discard(Path(record.folder))
        self._sweep_scratch()
        return len(dead)

    def _is_over(self, record: RunRecord) -> bool:
        """Whether a run is surely dead, or was one of another boot or host and its time is over."""
        if is_gone(record.owner):
            return True
        return record.until is not None and record.until <= self.clock.now() and not is_here(record.owner)

    def _collect_usage(self, record: RunRecord) -> None:
        """What a command had written of its usage when its run died, behind what was spent before it."""
        tasks = take_usage(usage_file(Path(record.folder)), "PRCreation", self.clock.now())
        if not tasks or not record.step_index:
            return
        path = self.root / "spent" / f"{record.claim}.json"
        before = _read_unsent(path)[1].tasks if path.exists() else ()
        more = (replace(task, id=f"{record.claim}-{n}") for n, task in enumerate(tasks, start=len(before) + 1))
        write_whole(path, _encode_spent(record.project, RecordTasks(record.step_index, (*before, *more))))

    def _sweep_scratch(self) -> None:
        """Files that live for a second and are an hour old belong to nobody."""
        folder = self.root / "tmp"
        for path in () if folder.is_symlink() else folder.glob("*"):
            with suppress(FileNotFoundError):
                if path.lstat().st_mtime < self.clock.now().timestamp() - _OLD:
                    discard(path)

    def keep_patch(self, claim: str, patch: bytes) -> Path:
        """Keep work that could not be published, and say where."""
        path = self.root / "patches" / f"{claim}.patch"
        write_whole(path, patch)
        return path

    def _keep_spent(self, claim: str) -> None:
        """What an ended run spent and could not record: the next run does it."""
        spent = self.root / "spent" / f"{claim}.json"
        if spent.exists():
            (self.root / "unsent").mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # another run sweeps the same dead one
                spent.rename(self.root / "unsent" / spent.name)

    def unsent_file(self, claim: str) -> Path:
        """Where the costs of a claim wait that its run could not record."""
        return self.root / "unsent" / f"{claim}.json"

    def unsent(self) -> list[Unsent]:
        """What earlier runs could not record; a file that cannot be read is named and left."""
        found = []
        for path in sorted((self.root / "unsent").glob("*.json")):
            try:
                found.append(Unsent(path, *_read_unsent(path)))
            except FileNotFoundError:  # another run has recorded it
                continue
            except (InvalidDocument, OSError) as error:
                logger.warning("%s", error)
        return found

    def read_unsent(self, path: Path) -> Unsent:
        """Read a kept file, wherever it is. Raises UsageError where there is none, InvalidDocument."""
        try:
            return Unsent(path, *_read_unsent(path))
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from error

    def forget_unsent(self, kept: Unsent) -> None:
        """It is recorded: its file goes, where it is among ours."""
        if kept.path.resolve().parent == (self.root / "unsent").resolve():
            kept.path.unlink(missing_ok=True)

    def leftovers(self) -> dict[str, list[Path]]:
        """The files that wait for somebody, by the folder that they are in: `unsent`, `patches`."""
        return {name: sorted(self.root.joinpath(name).glob(f"*{end}")) for name, end in _WAITING.items()}

    def _notes(self) -> list[tuple[Path, RunRecord]]:
        found = []
        for note in sorted((self.root / "runs").glob("*.json")):
            try:
                found.append((note, msgspec.json.decode(note.read_bytes(), type=RunRecord)))
            except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                logger.info("%s is no note of a run: %s", note, error)
        return found


def _end_agent(agent: Owner | None) -> None:
    """End the agent that a dead run left working, unless its number belongs to another process by now."""
    if agent is not None and is_here(agent) and owner_of(agent.pid).started in ("", agent.started):
        signal_group(agent.pid, signal.SIGKILL)
