"""Files that hold what is expected, byte for byte. `UPDATE_GOLDEN=1` writes them anew: read the difference."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent


def golden(name: str, actual: bytes) -> bytes:
    """What the file of this name holds; with UPDATE_GOLDEN it is `actual` from now on."""
    path = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes(actual)
    return path.read_bytes()
