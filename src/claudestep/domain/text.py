"""Text from outside, made fit to be shown."""

_NEAR = 200
_SHOWN = "\n\t"


def shortened(text: str, most: int) -> str:
    """`text`, cut to `most` characters where it is longer."""
    if len(text) <= most:
        return text
    return f"{text[: most - 1].rstrip()}…" if most > 0 else ""


def printable(text: str) -> str:
    """`text` without control sequences: what a spec, an agent or git says never steers a terminal."""
    return "".join(char if char.isprintable() or char in _SHOWN else "\N{REPLACEMENT CHARACTER}" for char in text)


def cut_middle(text: str, most: int) -> str:
    """`text`; where it is longer than `most` characters, a quarter of them from its begin, the rest from its end.

    It is cut at line ends where there are any near, and says how much was left out.
    """
    if len(text) <= most:
        return text
    head, tail = text[: most // 4], text[len(text) - (most - most // 4) :]
    if head.rfind("\n") >= max(0, len(head) - _NEAR):
        head = head[: head.rfind("\n") + 1]
    if 0 <= tail.find("\n") < min(_NEAR, len(tail) - 1):
        tail = tail[tail.find("\n") + 1 :]
    return f"{head}[... {len(text) - len(head) - len(tail):,} characters left out ...]\n{tail}"
