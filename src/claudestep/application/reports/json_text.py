"""Reports as JSON: one object, with the version of its form."""

from collections.abc import Mapping

import msgspec

from claudestep.domain.ai_tasks import CostTotal

VERSION = 1


def render(kind: str, content: Mapping[str, object]) -> str:
    """`{"version": 1, "kind": ..., ...}`, indented, with a newline at its end."""
    data = msgspec.json.encode({"version": VERSION, "kind": kind, **content})
    return msgspec.json.format(data, indent=2).decode() + "\n"


def cost(total: CostTotal) -> Mapping[str, object]:
    """A cost: what is known in US dollars, and how many operations are of unknown cost."""
    return {"usd": round(total.usd, 6), "unknown": total.unknown}
