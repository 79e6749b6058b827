"""Documents for questions whose number is only known at run time: one alias and one variable for each.

Values go in variables; what becomes text of the document is our own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_REPOSITORY = "repository(owner: $owner, name: $name)"


@dataclass(frozen=True, slots=True)
class Many:
    """One field for each of many values, below a field `repository` that is called `name` in the answer.

    `field` has `{}` where the variable goes; the alias of the value number 7 is `letter` and 7.
    """

    name: str
    letter: str
    type: str
    field: str
    values: Sequence[object]

    @property
    def variables(self) -> dict[str, object]:
        """The values, each by its variable, which is called as its alias."""
        return {f"{self.letter}{number}": value for number, value in enumerate(self.values)}

    @property
    def declarations(self) -> Iterator[str]:
        """The variables as an operation declares them."""
        return (f"${alias}: {self.type}" for alias in self.variables)

    def __str__(self) -> str:
        fields = "\n".join(f"{alias}: {self.field.format(f'${alias}')}" for alias in self.variables)
        alias = "" if self.name == "repository" else f"{self.name}: "
        return f"{alias}{_REPOSITORY} {{\n{fields}\n}}"


def compose(parts: Iterable[Many], *declarations: str) -> str:
    """The query that asks for all parts; `declarations` are those of variables that the fields use beside."""
    asked = [part for part in parts if part.values]
    declared = ["$owner: String!", "$name: String!", *declarations]
    declared += [declaration for part in asked for declaration in part.declarations]
    fields = "\n".join(map(str, asked))
    return f"query LookUp({', '.join(declared)}) {{\n{fields}\n}}\n"


def chunks(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """The values, at most so many at a time."""
    rest = iter(values)
    while chunk := tuple(islice(rest, size)):
        yield chunk
