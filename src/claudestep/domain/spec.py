"""spec.md as a value: the steps that stand in it, and how one of them is ticked."""

from dataclasses import dataclass

TICKED = b"x"


def fold(text: str) -> str:
    """`text` with every run of white space as one space: two lines are equal when their folds are."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecStep:
    """One task item of a spec.md.

    `line` is 1-based; `mark` is the offset in bytes of the character between the brackets;
    `details` is what is nested below it, other steps left out.
    """

    text: str
    ticked: bool
    line: int
    mark: int
    details: str = ""


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec.md at one commit: its bytes, and its steps in the order of the lines."""

    path: str
    content: bytes
    steps: tuple[SpecStep, ...]

    def tick(self, step: SpecStep) -> bytes:
        """The file with the box of `step` ticked: one byte differs, and nothing else."""
        return self.content[: step.mark] + TICKED + self.content[step.mark + 1 :]


def only_tick(before: Spec, after: bytes, text: str) -> bool:
    """Whether all that `after` changes is the box of an unticked step of this text."""
    ours = (step for step in before.steps if not step.ticked and fold(step.text) == fold(text))
    return any(
        len(after) == len(before.content)
        and after[: step.mark] == before.content[: step.mark]
        and after[step.mark + 1 :] == before.content[step.mark + 1 :]
        and after[step.mark : step.mark + 1] in (b"x", b"X")
        for step in ours
    )
