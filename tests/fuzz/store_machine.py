"""Several writers over one metadata branch, with faults on the way, beside a model of what must be there.

The model knows, for each record, whether it is surely there, surely not, or nobody can know.
"""

import json
import re
from collections import Counter
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from claudestep.domain.errors import BranchVanished, ClaudeStepError, StaleDocument, StoreBusy, UnknownProject
from claudestep.domain.models import Project
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.metadata.store import Change, MetadataStore, Versioned
from claudestep.infrastructure.retry import Patience
from tests.contract.records import add_task
from tests.fakes.clock import FakeClock
from tests.fakes.memory_branch import Fault, MemoryBranch

NAMES = ("a", "b")
BROKEN = "broken"
_IN_DOUBT = re.compile("may have been written|cannot be known")
_UNKNOWN_KEY = b'"of a later version": {"kept": [1, 2.5, null]},'
_writers = st.integers(0, 2)
_names = st.sampled_from(NAMES)
_faults = st.sampled_from(list(Fault))


class StoreMachine(RuleBasedStateMachine):
    """Writers `0` to `2`, each with a store of its own, on `self.branch`."""

    def new_branch(self) -> MemoryBranch:
        return MemoryBranch()

    @initialize()
    def begin(self) -> None:
        self.clock = FakeClock()
        self.branch = self.new_branch()
        self.stores = [self.new_store() for _ in range(3)]
        self.sure: dict[str, str] = {}
        """The records that are surely there, and in which project."""
        self.perhaps: dict[str, str] = {}
        self.broken: bytes | None = None
        self.has_unknown: set[str] = set()
        self.updated: dict[str, datetime] = {}
        self.number = 0

    def new_store(self) -> MetadataStore:
        patience = Patience(total=20, draw=lambda _, longest: longest)
        return MetadataStore(self.branch, clock=self.clock, patience=patience)

    @staticmethod
    def read(store: MetadataStore, name: str) -> Versioned[Project] | None:
        try:
            return store.get(name)
        except UnknownProject:
            return None

    def record(self, name: str) -> str:
        self.number += 1
        self.perhaps[f"r{self.number}"] = name
        return f"r{self.number}"

    def happened(self, one: str) -> None:
        self.sure[one] = self.perhaps.pop(one)

    def failed(self, error: ClaudeStepError, *records: str) -> None:
        """What an error says of a write: surely not applied, unless it says that nobody knows."""
        if not (_IN_DOUBT.search(str(error)) or isinstance(error, BranchVanished)):
            for one in records:
                self.perhaps.pop(one)

    @rule(writer=_writers, name=_names)
    def update(self, writer: int, name: str) -> None:
        one = self.record(name)
        try:
            self.stores[writer].update(name, add_task(one))
        except (StoreBusy, BranchVanished) as error:
            self.failed(error, one)
        else:
            self.happened(one)

    @rule(writer=_writers)
    def transact_over_both(self, writer: int) -> None:
        first, second = self.record("a"), self.record("b")

        def change(documents: Documents, _: datetime) -> Change[None]:
            both = {name: documents.get(name) or Project(project=name) for name in NAMES}
            return Change({"a": add_task(first)(both["a"]), "b": add_task(second)(both["b"])}, "Both", None)

        try:
            self.stores[writer].transact(change)
        except (StoreBusy, BranchVanished) as error:
            self.failed(error, first, second)
        else:
            self.happened(first)
            self.happened(second)

    @rule(writer=_writers, name=_names, between=st.none() | _writers)
    def put(self, writer: int, name: str, between: int | None) -> None:
        """A document is read, perhaps another writer comes between, and it is put back changed."""
        store = self.stores[writer]
        read = self.read(store, name)
        project, version = (read.value, read.version) if read else (Project(project=name), None)
        if between is not None:
            self.update(between, name)
        one = self.record(name)
        try:
            store.put(name, add_task(one)(project), expected=version)
        except (StaleDocument, StoreBusy) as error:
            self.failed(error, one)
        else:
            self.happened(one)

    @rule(writer=_writers, name=_names)
    def delete(self, writer: int, name: str) -> None:
        store = self.stores[writer]
        read = self.read(store, name)
        if read is None:
            return
        gone = [one for one, where in (self.sure | self.perhaps).items() if where == name]
        try:
            store.delete(name, expected=read.version)
        except (StaleDocument, StoreBusy) as error:
            if _IN_DOUBT.search(str(error)) or isinstance(error, BranchVanished):
                self.perhaps |= dict.fromkeys(gone, name)
                self.sure = {one: where for one, where in self.sure.items() if where != name}
        else:
            self.sure = {one: where for one, where in self.sure.items() if where != name}
            self.perhaps = {one: where for one, where in self.perhaps.items() if where != name}
        self.has_unknown.discard(name)
        self.updated.pop(name, None)

    @rule(writer=_writers)
    def write_the_broken_one(self, writer: int) -> None:
        if self.broken is None:
            return
        try:
            self.stores[writer].update(BROKEN, add_task("never"))
        except (StoreBusy, ClaudeStepError):
            return
        raise AssertionError("a document that cannot be read was written over")

    @rule(data=st.sampled_from([b"{", b"\xff", b'{"schema_version": "9.0", "project": "broken"}', b"[]", b""]))
    def a_document_breaks(self, data: bytes) -> None:
        if self.branch.head is not None:
            self.branch.deliver_late()
            self.branch.move("By hand", {f"projects/{BROKEN}.json": data})
            self.broken = data

    @rule(name=_names)
    def somebody_adds_a_key_of_a_later_version(self, name: str) -> None:
        self.branch.deliver_late()
        if name not in self.now().projects:
            return
        data = self.branch.history()[0].files[f"projects/{name}.json"]
        if name not in self.has_unknown and b"of a later version" not in data:
            self.branch.move("By hand", {f"projects/{name}.json": data.replace(b"{", b"{" + _UNKNOWN_KEY, 1)})
            self.has_unknown.add(name)

    @rule(faults=st.lists(_faults, min_size=1, max_size=4))
    def commits_meet_faults(self, faults: list[Fault]) -> None:
        self.branch.faults.extend(faults)

    @rule(back=st.integers(0, 3), times=st.integers(1, 2))
    def reads_lag(self, back: int, times: int) -> None:
        heads = [commit.id for commit in self.branch.history()]
        if heads:
            self.branch.shown.extend([heads[min(back, len(heads) - 1)]] * times)

    @rule(minutes=st.integers(-90, 90))
    def somebody_sets_the_clock(self, minutes: int) -> None:
        self.clock.set_now(self.clock.now() + timedelta(minutes=minutes))

    @rule(writer=_writers)
    def a_writer_begins_anew(self, writer: int) -> None:
        self.stores[writer] = self.new_store()

    @rule(back=st.integers(1, 2))
    def somebody_sets_the_branch_back(self, back: int) -> None:
        """By force: what came since is gone. The stores of before are not asked again."""
        self.branch.deliver_late()
        history = self.branch.history()
        if len(history) <= back:
            return
        self.branch.reset(history[back].id)
        self._believe_what_is_there()

    @rule()
    def somebody_deletes_the_branch(self) -> None:
        self.branch.deliver_late()
        self.branch.reset(None)
        self._believe_what_is_there()

    def _believe_what_is_there(self) -> None:
        self.branch.shown.clear()
        self.stores = [self.new_store() for _ in range(3)]
        documents = self.now()
        self.sure = {str(t.id): name for name in documents.projects for t in documents.projects[name].ai_tasks}
        self.perhaps = {}
        snapshot = self.branch.read()
        self.broken = snapshot.files.get(f"projects/{BROKEN}.json")
        self.has_unknown = {n for n in NAMES if b"later version" in snapshot.files.get(f"projects/{n}.json", b"")}
        self.updated = {}

    def now(self) -> Documents:
        """The documents at the head, seen without faults."""
        shown, self.branch.shown = self.branch.shown, type(self.branch.shown)()
        try:
            return read_documents(self.branch.read())
        finally:
            self.branch.shown = shown

    @invariant()
    def what_was_told_is_true(self) -> None:
        if not hasattr(self, "branch"):
            return
        documents = self.now()
        found = Counter((str(t.id), name) for name, p in documents.projects.items() for t in p.ai_tasks)
        assert max(found.values(), default=1) == 1, f"recorded twice: {found.most_common(1)}"
        missing = self.sure.items() - found.keys()
        assert not missing, f"lost: {missing}"
        more = found.keys() - self.sure.items() - self.perhaps.items() - {("before", "a")}
        assert not {one for one in more if one[1] in NAMES}, f"surely not written, and there: {more}"

    @invariant()
    def everything_else_stays(self) -> None:
        if not hasattr(self, "branch"):
            return
        documents = self.now()
        files = self.branch.history()[0].files if self.branch.head else {}
        assert files.get(f"projects/{BROKEN}.json") == self.broken
        for name in self.has_unknown & documents.projects.keys():
            kept = json.loads(files[f"projects/{name}.json"])["of a later version"]
            assert kept == {"kept": [1, 2.5, None]}
        for name in NAMES:
            when = documents.projects[name].last_updated if name in documents.projects else None
            assert when is None or when >= self.updated.get(name, when), "time ran backwards"
            if when is not None:
                self.updated[name] = when
        roots = [commit for commit in self.branch.history() if commit.parent is None]
        assert len(roots) == (1 if self.branch.head else 0)

    def teardown(self) -> None:
        if hasattr(self, "branch"):
            self.branch.deliver_late()
            self.what_was_told_is_true()
            self.everything_else_stays()
