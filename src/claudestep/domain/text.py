"""Text from outside, made fit to be shown."""

_SHOWN = "\n\t"


def shortened(text: str, most: int) -> str:
    """`text`, cut to `most` characters where it is longer."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def printable(text: str) -> str:
    """`text` without control sequences: what a spec, an agent or git says never steers a terminal."""
    return "".join(char if char.isprintable() or char in _SHOWN else "\N{REPLACEMENT CHARACTER}" for char in text)
