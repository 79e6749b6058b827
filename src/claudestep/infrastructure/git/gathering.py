"""Fetching what merging commits takes: into the user's repository where it is whole, else into one beside it.

A shallow clone lacks the commit that two branches parted at, a partial one the files. Both stay as they are.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from claudestep.domain.errors import RepositoryError
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.missing import promisor
from claudestep.infrastructure.git.objects import SCRATCH
from claudestep.infrastructure.git.remote import Remote
from claudestep.infrastructure.git.server_errors import explained
from claudestep.infrastructure.process import CommandFailed

Pairs = Collection[tuple[str, str]]
Fetch = Callable[[Git, tuple[str, ...], str], None]

_DEPTHS = (50, 1000, 2**31 - 1)
"""How much history is fetched until the commits that the branches parted at are in it; the last is all of it."""


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Fetches commits from a server; `options` are those of every fetch."""

    git: Git
    remote: Remote
    options: tuple[str, ...]

    @contextmanager
    def gather(self, pairs: Pairs) -> Iterator[Git]:
        """A repository with these commits and all that merging them takes. Raises RepositoryError, HostError."""
        if not (self.git.git_dir / "shallow").exists() and promisor(self.git) is None:
            self._fetch(self.git, [commit for commit in _commits(pairs) if not _has(self.git, commit)])
            yield self.git
            return
        scratch = self.git.git_dir / SCRATCH
        scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=scratch) as folder:
            beside = self._begin(Path(folder))
            self._fetch_histories(beside, pairs)
            self._fetch_files(beside, pairs)
            yield beside

    def _begin(self, folder: Path) -> Git:
        kind = f"--object-format={self.git.object_format}"
        self.git.inside(folder, "init", "--quiet", "--bare", "--template=", kind)
        return replace(self.git, git_dir=folder)

    def _fetch_histories(self, git: Git, pairs: Pairs) -> None:
        """Fetch commits and folders, as far back as the branches parted."""
        for depth in _DEPTHS:
            self._fetch(git, _commits(pairs), f"--depth={depth}", "--filter=blob:none")
            if all(_is_whole(git, *pair) for pair in pairs):
                return

    def _fetch_files(self, git: Git, pairs: Pairs) -> None:
        """Fetch the files that differ on either side: all that git looks into when it merges."""
        wanted: dict[str, None] = {}
        for base, head in pairs:
            for ancestor in _words(git, "merge-base", "--all", base, head):
                wanted |= dict.fromkeys((*_differing(git, ancestor, base), *_differing(git, ancestor, head)))
        self._fetch(git, list(wanted), "--filter=blob:none")

    def _fetch(self, git: Git, wanted: list[str], *more: str) -> None:
        """Fetch these objects. The server is told of no commit where files are wanted: it would leave them out."""
        if not wanted:
            return
        noop = ("-c", "fetch.negotiationAlgorithm=noop") if more else ()
        listed = "\n".join(wanted).encode()
        try:
            self.remote.run(git, *noop, *self.options, *more, "--stdin", self.remote.url, stdin=listed)
        except CommandFailed as error:
            raise explained(error, self.remote.url) from None


def _commits(pairs: Pairs) -> list[str]:
    return list(dict.fromkeys(commit for pair in pairs for commit in pair))


def _has(git: Git, commit: str) -> bool:
    return git.succeeds("cat-file", "-e", f"{commit}^{{commit}}")


def _is_whole(git: Git, base: str, head: str) -> bool:
    """Whether nothing is cut off of what either side has and the other has not."""
    shallow = git.git_dir / "shallow"
    cut = set(shallow.read_text(encoding="ascii").split()) if shallow.exists() else set()
    return not cut or not cut.intersection(_words(git, "rev-list", f"{base}...{head}"))


def _differing(git: Git, before: str, after: str) -> Iterator[str]:
    """The files, before and after, that differ between two commits."""
    for line in git.text("diff-tree", "-r", "--no-renames", before, after).splitlines():
        was, now, old, new, _ = line.removeprefix(":").split(" ", 4)
        yield from (oid for mode, oid in ((was, old), (now, new)) if mode.startswith("1") and mode != "160000")


def _words(git: Git, *command: str) -> list[str]:
    try:
        return git.text(*command).split()
    except CommandFailed as error:
        raise RepositoryError(f"the histories of two branches cannot be compared: {error}") from error
