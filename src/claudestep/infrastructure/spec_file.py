"""Reading spec.md: the task items of a Markdown file, by a real parser.

A step is a task item (`- [ ] text`) with any list marker, at any depth. Boxes in code and in comments are
no steps, and neither are boxes in quotes: what is quoted is not meant.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token

from claudestep.domain.errors import InvalidSpec
from claudestep.domain.spec import Spec, SpecStep, fold

_BOX = re.compile(r"\[(?P<mark>[ \txX])\](?=\s)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_DEEPEST = 200  # nested blocks; the parser's own limit of 20 leaves deeper steps out in silence
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the file: its text, and where it begins in bytes."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class _Item:
    """A task item in the token stream: its first paragraph, and the lines (0-based, end excluded) that it spans."""

    paragraph: Token
    first: int
    end: int


@lru_cache(maxsize=1024)
def read_spec(path: str, content: bytes) -> Spec:
    """Return the steps of a spec.md. Raises InvalidSpec where it is no text in UTF-8."""
    text = _decode(path, content)
    body = text.removeprefix(_BYTE_ORDER_MARK)
    lines = _lines(body, len(content) - len(body.encode()))
    items = list(_task_items(_parser().parse(body)))
    return Spec(path, content, tuple(_step(path, items, position, lines) for position in range(len(items))))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """The parser of blocks alone: what stands inside of a line makes no step."""
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST})
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _decode(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidSpec(
            f"{path}:{line}", "it is not text in UTF-8", remedy="Save it as UTF-8 and commit it."
        ) from error


def _lines(body: str, offset: int) -> list[_Line]:
    """The lines as the parser counts them: it knows all three line ends."""
    found, start = [], 0
    for end in _LINE_END.finditer(body):
        found.append(_Line(body[start : end.start()], offset))
        offset += len(body[start : end.end()].encode())
        start = end.end()
    return [*found, _Line(body[start:], offset)]


def _task_items(tokens: Sequence[Token]) -> Iterator[_Item]:
    quotes = 0
    for position, token in enumerate(tokens):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type != "list_item_open" or quotes or not token.map:
            continue
        inline = tokens[position + 2] if position + 2 < len(tokens) else token
        if tokens[position + 1].type == "paragraph_open" and _BOX.match(inline.content):
            yield _Item(inline, *token.map)


def _step(path: str, items: Sequence[_Item], position: int, lines: Sequence[_Line]) -> SpecStep:
    item = items[position]
    first, end = item.paragraph.map or (item.first, item.end)
    line = lines[first]
    written = item.paragraph.content.split("\n", 1)[0].rstrip()
    box = len(line.text.rstrip()) - len(written)
    match = _BOX.match(f"{line.text[max(box, 0) :]}\n")
    if match is None:
        raise InvalidSpec(f"{path}:{first + 1}", "the box of this step cannot be found in its line")
    return SpecStep(
        text=fold(item.paragraph.content[match.end() :]),
        ticked=match["mark"] in "xX",
        line=first + 1,
        mark=line.start + len(line.text[: box + 1].encode()),
        details=_details(items, position, end, lines),
    )


def _details(items: Sequence[_Item], position: int, start: int, lines: Sequence[_Line]) -> str:
    """What is nested below a step, without the steps among it. The items stand in the order of the file."""
    item = items[position]
    inner = takewhile(lambda other: other.first < item.end, islice(items, position + 1, None))
    others = {n for other in inner for n in range(other.first, other.end)}
    kept = [lines[n].text for n in range(start, item.end) if n < len(lines) and n not in others]
    indents = [len(text) - len(text.lstrip()) for text in kept if text.strip()]
    return "\n".join(text[min(indents, default=0) :].rstrip() for text in kept).strip("\n")
