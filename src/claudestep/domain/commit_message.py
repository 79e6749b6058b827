"""The message of a commit of the metadata branch: a subject, the story as a list, and trailers at its end.

The last trailer is the unique id by which a commit in doubt is found again. Every line of the story is one item of
a list, so that nothing in a step's text can be taken for a trailer.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from claudestep.domain.naming import AUTHOR_TRAILER, CLAIM_TRAILER, COMMIT_TRAILER
from claudestep.domain.text import printable, shortened

_MOST_LINES = 40
_LONGEST_LINE = 200
_LONGEST_AUTHOR = 120
_ITEM = "- "


@dataclass(frozen=True, slots=True)
class Told:
    """What a message says. `ours` is False for a commit that somebody made by hand."""

    subject: str
    story: tuple[str, ...] = ()
    by: str = ""
    ours: bool = False


def one_line(text: str, most: int = _LONGEST_LINE) -> str:
    """`text` as one line that can be printed: no line ends, no control characters."""
    return shortened(printable(" ".join(text.split())), most)


def compose(subject: str, story: Iterable[str], *, author: str, unique_id: str) -> str:
    """Return the message; a long story ends with how many lines were left out."""
    lines = [f"{_ITEM}{one_line(sentence)}" for sentence in story]
    left_out = len(lines) - _MOST_LINES
    if left_out > 0:
        lines[_MOST_LINES:] = [f"{_ITEM}and {left_out} more"]
    by = one_line(author, _LONGEST_AUTHOR)
    trailers = [f"{AUTHOR_TRAILER}: {by}"] if by else []
    trailers.append(f"{COMMIT_TRAILER}: {unique_id}")
    return "\n\n".join("\n".join(part) for part in ([subject], lines, trailers) if part) + "\n"


def read(message: str) -> Told:
    """What a message says; one without our trailers at its end was not written by us."""
    lines = message.strip().split("\n")
    subject, body = one_line(lines[0]), lines[1:]
    trailers = dict(line.partition(": ")[::2] for line in _last_paragraph(body))
    if COMMIT_TRAILER not in trailers:
        return Told(subject)
    story = tuple(one_line(line.removeprefix(_ITEM)) for line in body if line.startswith(_ITEM))
    return Told(subject, story, one_line(trailers.get(AUTHOR_TRAILER, "")), ours=True)


def claim_of(message: str) -> str | None:
    """The claim that a step's commit names in its trailer."""
    prefix = f"{CLAIM_TRAILER}: "
    lines = (line for line in reversed(message.splitlines()) if line.startswith(prefix))
    return next((line.removeprefix(prefix).strip() for line in lines), None)


def _last_paragraph(lines: list[str]) -> list[str]:
    blank = max((number for number, line in enumerate(lines) if not line), default=-1)
    return lines[blank + 1 :]
