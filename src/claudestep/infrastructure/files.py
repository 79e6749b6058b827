"""Files on disk: whole or not at all, and folders that go even when their files do not want to."""

import logging
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from claudestep.domain.errors import RepositoryError

logger = logging.getLogger(__name__)

_MOST_TRIES = 20


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    Raises RepositoryError where it cannot be written; the old one is still there then, and nothing else.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise RepositoryError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Make room, or get the right to write there, and run it again.",
        ) from error


def read_if_there(path: Path) -> bytes | None:
    """The content of a file; None where there is none. Raises RepositoryError where it cannot be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RepositoryError(f"{path} cannot be read: {error.strerror}") from error


def remove_tree(folder: Path) -> None:
    """Remove a folder and all in it, read-only parts too, also while another process removes it.

    Nothing is there afterwards, or an OSError says why.
    """
    if folder.is_symlink():
        folder.unlink()
    for _ in range(_MOST_TRIES):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            if not folder.exists():
                return
        except PermissionError:
            _open_folders(folder)
        else:
            return
    shutil.rmtree(folder)


def discard(path: Path) -> None:
    """Remove a file or a folder that nobody needs; where it cannot be removed, say so, and go on."""
    try:
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s cannot be removed (%s); remove it by hand", path, error.strerror)


def _open_folders(folder: Path) -> None:
    """Take the right to change every folder of a tree; a link is not followed."""
    folder.chmod(folder.stat().st_mode | stat.S_IRWXU)
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            _open_folders(Path(entry.path))
