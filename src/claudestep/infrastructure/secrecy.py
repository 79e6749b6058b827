"""Our own environment, which may hold a token, is nobody else's to read."""

import sys
from functools import cache

_PR_SET_DUMPABLE = 4


@cache
def conceal_ourselves() -> None:
    """Keep programs of the same user from reading our environment and memory, where the system can do that.

    Only Linux can; root can look all the same. What we start is not concerned: it is as ever from its exec on.
    https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415  it takes 5 ms, and only what starts agents needs it

    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
