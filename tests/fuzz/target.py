"""What a target is: cases of bytes as they may come from outside, and what has to hold for each."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

from claudestep.domain.errors import ClaudeStepError

READ = "read"


@dataclass(frozen=True)
class Target:
    """Cases, and a trial of one that returns what came of it; whatever it raises is a bug.

    `share` is how many cases it gets in a long run for each of a plain one: slow ones get fewer.
    """

    name: str
    cases: st.SearchStrategy[bytes]
    trial: Callable[[bytes], str]
    share: float = 1.0

    def outcome(self, case: bytes) -> str:
        """`read`, or the error of our own family that refused it."""
        try:
            return self.trial(case)
        except ClaudeStepError as error:
            assert str(error).strip(), "an error says what is wrong"  # noqa: PT017
            assert "\x1b" not in error.explained, "what is shown never steers a terminal"  # noqa: PT017
            return type(error).__name__
