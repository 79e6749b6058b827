"""Valid samples with a few things wrong: nodes of JSON, lines of a text, bytes of anything.

A case is a sample and a list of mutations, each three small values, so that hypothesis can shrink it: fewer
mutations, nearer to the begin, of a simpler kind.
"""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

_FAR = 1 << 16


@dataclass(frozen=True)
class Raw:
    """A piece of JSON as it is written, valid or not."""

    text: str


@dataclass
class Pairs:
    """An object, which may have a key twice."""

    items: list[tuple[str, Any]]


Slot = tuple[Any, int]
"""A node: the container that it is in, and its place there."""
Mutation = tuple[int, int, int]
"""What is done, where, and with what: all are taken modulo what there is."""

JUNK = tuple(
    map(
        Raw,
        (
            "null", "true", "false", "0", "1", "-1", "0.5", "-0.0", '""', '"a"', "[]", "{}", "[null]", "[[]]",
            '{"a": 1}', "1e999", "-1e999", "1e308", "NaN", "Infinity", "9223372036854775807",
            "9223372036854775808", "18446744073709551616", "1" * 400, "1" * 5000, "1.7976931348623157e308",
            "1e-400", "01", "1.", r'"\ud800"', r'"\udc00\ud800"', r'"\u0000"', r'"\ufeff"', r'"\u2028"',
            r'"\u202e"', '"\t"', r'"\x"', '"2025-01-15T10:30:00Z"', '"2025-01-15T10:30:00"',
            '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"', '"2025-02-30T00:00:00Z"',
            '"2025-01-15"', "1736937000", '"../../etc/passwd"', '"claude-step-p-1"',
            f'"claude-step-p-{"9" * 30}"', f'"claude-step-p-1.{"9" * 30}"', '"claude-step-p-\u0661"', '"-->"',
            '"<!-- claudestep:record {} -->"', f'"{"x" * 70_000}"', "[" * 300, "[" * 400 + "]" * 400,
            '{"a":' * 400 + "1" + "}" * 400, '"OPEN"', '"open"', '"merged"', "}", "]", ",",
        ),
    )
)  # fmt: skip

BYTES = (
    b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xc0\xaf", b"\xe2\x80\xa8", b"\xe2\x80\xae",
    b"\x1b[31m", b"\x85", b"\x0c", b"\r", b"\r\n", b"\n", b"\n\n", b"\t", b" ", b'"', b"'", b"\\", b"{", b"}",
    b"[", b"]", b"(", b"-", b"0", b"9" * 30, b":", b"#", b"`", b"<", b">", b"<!--", b"-->", b"\xd9\xa1",
    b"e\xcc\x81", b"=", b"$", b"%s",
)  # fmt: skip

mutations = st.lists(
    st.tuples(st.integers(0, 31), st.integers(0, _FAR), st.integers(0, _FAR)), min_size=0, max_size=4
)


# JSON


def parse(text: str | bytes) -> Any:
    return json.loads(text, object_pairs_hook=Pairs)


def dump(value: Any) -> str:
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Pairs):
        return "{" + ", ".join(f"{json.dumps(key)}: {dump(item)}" for key, item in value.items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _slots(value: Any) -> list[Slot]:
    found: list[Slot] = []
    inner = [item for _, item in value.items] if isinstance(value, Pairs) else value
    for place, item in enumerate(inner):
        found.append((value, place))
        if isinstance(item, (Pairs, list)):
            found += _slots(item)
    return found


def _get(slot: Slot) -> Any:
    container, place = slot
    return container.items[place][1] if isinstance(container, Pairs) else container[place]


def _put(slot: Slot, value: Any) -> None:
    container, place = slot
    if isinstance(container, Pairs):
        container.items[place] = (container.items[place][0], value)
    else:
        container[place] = value


def _listed(slot: Slot) -> list[Any]:
    container, _ = slot
    found: list[Any] = container.items if isinstance(container, Pairs) else container
    return found


def _rename(slot: Slot, what: int) -> None:
    container, place = slot
    if isinstance(container, Pairs):
        key, value = container.items[place]
        container.items[place] = (("", key.upper(), f"{key}_", "extra", "\ud800", key[:-1])[what % 6], value)


def mutate_json(text: str | bytes, steps: Sequence[Mutation]) -> bytes:
    """A JSON text with nodes replaced, removed, doubled, moved, renamed and put deeper."""
    root = [parse(text)]
    for kind, where, what in steps:
        slots = _slots(root)
        if not slots:
            break
        slot = slots[where % len(slots)]
        if kind < 16:
            _put(slot, JUNK[what % len(JUNK)])
        elif kind < 20:
            del _listed(slot)[slot[1]]
        elif kind < 23:
            _listed(slot).insert(slot[1], _listed(slot)[slot[1]])
        elif kind < 26:
            _put(
                slot,
                deepcopy(_get(slots[what % len(slots)]))
                if what % len(slots) > where % len(slots)
                else [_get(slot)],
            )
        elif kind < 29:
            _rename(slot, what)
        else:
            _listed(slot).reverse()
    return dump(root[0] if root else Raw("")).encode("utf-8", "surrogatepass")


# Texts and bytes


def mutate_bytes(data: bytes, steps: Sequence[Mutation], words: Sequence[bytes] = BYTES) -> bytes:
    """Bytes with pieces cut out, put in, doubled, cut off or turned."""
    for kind, where, what in steps:
        at = where % (len(data) + 1)
        size = 1 + what % 7
        if kind < 16:
            data = data[:at] + words[what % len(words)] + data[at + (what // len(words)) % 2 :]
        elif kind < 20:
            data = data[:at] + data[at + size :]
        elif kind < 24:
            data = data[: at + size * 3] + data[at:]
        elif kind < 28:
            data = data[:at] + bytes(b ^ (1 << what % 8) for b in data[at : at + 1]) + data[at + 1 :]
        elif kind < 30:
            data = data[:at]
        else:
            data = data[:at] + words[what % len(words)] * (1 + what % 300) + data[at:]
    return data


def mutate_lines(data: bytes, steps: Sequence[Mutation], words: Sequence[bytes] = BYTES) -> bytes:
    """A text with lines put in, taken out, doubled, moved, put deeper or joined."""
    lines = data.split(b"\n")
    for kind, where, what in steps:
        at = where % len(lines)
        if kind < 14:
            lines.insert(at, words[what % len(words)])
        elif kind < 18:
            lines[at] = b" " * (what % 9) + lines[at].lstrip(b" " if what % 2 else b" -*+")
        elif kind < 21:
            lines.insert(at, lines[what % len(lines)])
        elif kind < 24:
            lines[at] += words[what % len(words)]
        elif kind < 27:
            place = lines[at].find(b":") + 1
            lines[at] = lines[at][:place] + b" " + words[what % len(words)]
        elif kind < 30 and len(lines) > 1:
            del lines[at]
        else:
            lines[at : at + 2] = [b"".join(lines[at : at + 2])]
    return b"\n".join(lines)


Mutate = Callable[[bytes, Sequence[Mutation]], bytes]


def mutants(samples: Sequence[bytes], *ways: Mutate) -> st.SearchStrategy[bytes]:
    """Samples that each of the ways was taken with, one after the other; most often only one of them."""
    drawn = st.tuples(st.sampled_from(samples), *(mutations if n == 0 else _seldom for n in range(len(ways))))

    def build(parts: tuple[Any, ...]) -> bytes:
        data, *each = parts
        for way, steps in zip(ways, each, strict=True):
            data = way(data, steps)
        return bytes(data)

    return drawn.map(build)


_seldom: st.SearchStrategy[list[Mutation]] = st.just([]) | st.just([]) | st.just([]) | mutations
