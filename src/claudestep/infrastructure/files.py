"""Files on disk: whole or not at all, and folders that go even when their files do not want to."""

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType]


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


def remove_tree(folder: Path) -> None:
    """Remove a folder and all in it, read-only parts too; nothing is there afterwards, or an OSError says why."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder, onerror=_make_writable)


def _make_writable(remove: Callable[[str], object], path: str, problem: ExcInfo) -> None:
    """Try again with the right to; what another remover took meanwhile is gone, as it should be."""
    if isinstance(problem[1], FileNotFoundError):
        return
    with suppress(FileNotFoundError):
        _remove_by_force(remove, path)


def _remove_by_force(remove: Callable[[str], object], path: str) -> None:
    parent = Path(path).parent
    parent.chmod(parent.stat().st_mode | stat.S_IRWXU)
    if not Path(path).is_symlink():
        Path(path).chmod(stat.S_IRWXU)
    if Path(path).is_dir() and not Path(path).is_symlink():
        remove_tree(Path(path))
    else:
        remove(path)
