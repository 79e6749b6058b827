"""metadata fsck: everything that can be wrong with the metadata branch. It reads, and never writes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from claudestep.application.backend import Backend
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.fsck import LEVELS, Finding, Level, check_documents, check_pull_requests
from claudestep.domain.naming import METADATA_BRANCH, document_path, project_of_document
from claudestep.domain.observation import Ancestry, Questions
from claudestep.domain.recorded import not_found
from claudestep.infrastructure.metadata import branch_readme, codec
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.runs import Runs

LARGE = 400_000
"""Bytes; from 512,000 on GitHub cuts a file's text, and every read takes the slow way."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, the worst first. `version` is None where there is no branch."""

    version: str | None
    documents: int
    findings: tuple[Finding, ...]

    def count(self, level: Level) -> int:
        """How many findings are of this level."""
        return sum(finding.level == level for finding in self.findings)


def fsck(backend: Backend) -> Report:
    """Look at all of the branch, and at what waits on disk. Raises ForeignBranch, RepositoryError, HostError."""
    branch = backend.host.branch
    snapshot = branch.read()
    documents = read_documents(snapshot)
    found = [*leftovers(backend.runs)]
    if snapshot.version is not None:
        found += check_files(snapshot.files, documents)
        found += check_documents(documents.projects.values(), now=backend.clock.now(), is_gone=backend.is_gone)
        found += _not_found(backend, documents)
        found += check_ancestry(branch.ancestry())
    ordered = sorted(found, key=lambda finding: (LEVELS.index(finding.level), finding.path))
    return Report(documents.version, len(documents.projects) + len(documents.broken), tuple(ordered))


def _not_found(backend: Backend, documents: Documents) -> Iterator[Finding]:
    """What the host says of the pull requests that are recorded open."""
    projects = documents.projects.values()
    numbers = frozenset(one.pull.pr_number for one in not_found(projects, ()))
    if numbers:
        yield from check_pull_requests(projects, backend.host.look_up(Questions(numbers=numbers)).pull_requests)


def check_files(files: Mapping[str, bytes], documents: Documents) -> list[Finding]:
    """The files as such: documents that cannot be read, their form and size, and what else is there."""
    return [*_broken(documents), *_form(files, documents), *_readme(files, documents), *_foreign(files)]


def _broken(documents: Documents) -> Iterator[Finding]:
    for error in documents.broken.values():
        yield Finding("error", error.path, error.problem, error.remedy)


def _form(files: Mapping[str, bytes], documents: Documents) -> Iterator[Finding]:
    for name, project in documents.projects.items():
        path = document_path(name)
        if files[path] != codec.encode(project):
            yield Finding(
                "warning",
                path,
                "its bytes are not in the canonical form",
                "The next write of the project mends it, and its difference then shows more than it says.",
            )
        if len(files[path]) > LARGE:
            yield Finding(
                "warning",
                path,
                f"it has {len(files[path]):,} bytes; from {LARGE:,} on reading it gets slow",
                f"Split the spec into two projects before it has {codec.MAX_BYTES:,}.",
            )


def _readme(files: Mapping[str, bytes], documents: Documents) -> Iterator[Finding]:
    path = branch_readme.PATH
    if branch_readme.NO_JEKYLL not in files:
        remedy = "The next write makes it anew: it keeps GitHub Pages away."
        yield Finding("warning", branch_readme.NO_JEKYLL, "it is missing", remedy)
    if path not in files:
        remedy = "The next write makes it anew, and the next one of each project its row."
        yield Finding("warning", path, "it is missing", remedy)
        return
    rows = branch_readme.rows(files[path])
    if rows is None:
        remedy = f"Put them back ({branch_readme.BEGIN}, {branch_readme.END}), or remove the file: it is made anew."
        yield Finding("warning", path, "its markers are gone, so that it shows no projects", remedy)
        return
    yield from _rows(rows, documents)


def _rows(rows: Mapping[str, str], documents: Documents) -> Iterator[Finding]:
    due = {name: branch_readme.row(name, project) for name, project in documents.projects.items()}
    wrong = sorted(name for name, row in due.items() if rows.get(name) != row)
    surplus = sorted(rows.keys() - due.keys() - documents.broken.keys())
    if wrong:
        problem = f"its rows are not those of the documents: {', '.join(wrong)}"
        yield Finding("warning", branch_readme.PATH, problem, "The next write of each project mends its row.")
    if surplus:
        problem = f"it has rows of projects that have no document: {', '.join(surplus)}"
        yield Finding("warning", branch_readme.PATH, problem, "Take these lines out.")


def _foreign(files: Iterable[str]) -> Iterator[Finding]:
    known = {branch_readme.PATH, branch_readme.NO_JEKYLL}
    others = [path for path in files if path not in known and project_of_document(path) is None]
    folders: dict[str, int] = {}
    for path in others:
        folder, slash, _ = path.partition("/")
        name = f"{folder}/" if slash and folder != "projects" else path
        folders[name] = folders.get(name, 0) + 1
    for name, count in sorted(folders.items()):
        many = f" ({count} files)" if count > 1 else ""
        yield Finding("warning", name, f"it is not ClaudeStep's{many}", "It is kept; keep it elsewhere if you can.")


def check_ancestry(ancestry: Ancestry) -> Iterator[Finding]:
    """Histories that were begun twice."""
    if len(ancestry.roots) > 1:
        roots = ", ".join(root[:12] for root in ancestry.roots)
        yield Finding(
            "error",
            METADATA_BRANCH,
            f"it was begun {len(ancestry.roots)} times and joined: {roots}",
            "See that the head has the records of each: claudestep metadata log",
        )
    for copy in ancestry.unrelated:
        yield Finding(
            "error",
            METADATA_BRANCH,
            f"{copy} shares no commit with it: two runs began it apart",
            f"Keep the one that is true, and bring the other's costs over: git show {copy}:README.md",
        )
    for copy in ancestry.diverged:
        yield Finding(
            "error",
            METADATA_BRANCH,
            f"{copy} and the branch here went on apart from each other",
            f"See what is where: git log --left-right {METADATA_BRANCH}...{copy}",
        )


def leftovers(runs: Runs) -> Iterator[Finding]:
    """What ended runs left on disk."""
    waiting = runs.leftovers()
    for path in waiting["unsent"]:
        try:
            kept = runs.read_unsent(path)
        except ClaudeStepError as error:
            yield Finding("warning", str(path), str(error), error.remedy)
            continue
        problem = f"costs of step {kept.record.step_index} of {kept.project} that a run could not record"
        remedy = f"The next run records them, or: claudestep metadata apply {path}"
        yield Finding("note", str(path), problem, remedy)
    for path in waiting["patches"]:
        remedy = f"Look at it: git apply --stat {path}; remove it when it is of no use."
        yield Finding("note", str(path), "work that could not be published", remedy)
