"""Our own part of a text that others may write in as well: it stands between two marks."""

import itertools
import re

LONGEST_BODY = 65_536
"""Characters that GitHub takes for the text of a pull request or of a comment."""

BEGIN = "<!-- claudestep:begin -->"
END = "<!-- claudestep:end -->"
_MARK = re.compile(f"{re.escape(BEGIN)}|{re.escape(END)}")


def marked(text: str) -> str:
    """A whole text as our part; one that has the marks already is left as it is."""
    return text if _place(text) else f"{BEGIN}\n{text}\n{END}"


def replace(body: str, part: str) -> str:
    """`body` with `part` as our part. All that stands outside of it stays, to the letter.

    Where the marks are gone, our part comes at the end: better twice than somebody's words lost.
    """
    place = _place(body)
    if place is not None:
        begin, end = place
        return f"{body[:begin]}{BEGIN}\n{part}\n{END}{body[end:]}"
    before = f"{body.rstrip()}\n\n" if body.strip() else ""
    return f"{before}{BEGIN}\n{part}\n{END}"


def _place(body: str) -> tuple[int, int] | None:
    """Where our part begins and ends, its marks included; None without marks.

    Of marks that were copied or torn apart the last begin counts that is followed by an end: no other mark is
    between the two, and so nobody's words.
    """
    marks = list(_MARK.finditer(body))
    pairs = [(one, two) for one, two in itertools.pairwise(marks) if (one[0], two[0]) == (BEGIN, END)]
    return (pairs[-1][0].start(), pairs[-1][1].end()) if pairs else None
