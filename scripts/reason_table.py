"""The table of reasons why no step is begun, from the program's own sentences."""

from collections.abc import Mapping

from claudestep.domain.reasons import Reason


def reason_table() -> Mapping[str, str]:
    """The table by its name."""
    lines = ["| reason | what it means | what can be done |", "| --- | --- | --- |"]
    lines += [f"| `{one.value}` | {one.sentence} | {_remedy(one)} |" for one in Reason]
    return {"reasons": "\n".join(lines)}


def _remedy(reason: Reason) -> str:
    return reason.remedy("PROJECT").replace("|", "\\|").replace("\n", " ")
