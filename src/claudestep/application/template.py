"""Templates in Markdown with `{{PLACEHOLDERS}}`: checked before anything is paid, and filled in one pass."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from claudestep.domain.errors import UsageError

PROMPT_PLACEHOLDERS = ("PROJECT", "STEP_DESCRIPTION", "STEP_DETAILS", "EARLIER_ATTEMPTS", "SPEC")
PULL_REQUEST_PLACEHOLDERS = (
    "TASK_DESCRIPTION", "STEP_DETAILS", "PROJECT", "STEP_INDEX", "PROGRESS", "REVIEWER", "SUMMARY",
)  # fmt: skip

_PLACEHOLDER = re.compile(r"\{\{([A-Z][A-Z0-9_]*)\}\}")
_OURS = re.compile(r"(<!--\s*claudestep)(?=:)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Template:
    """A template of a project's own, and where it stands."""

    path: str
    text: str

    def check(self, known: Iterable[str], *, needed: str = "") -> None:
        """Raise UsageError where it names what is not known, or leaves out what is needed, if anything is."""
        names = tuple(known)
        for number, line in enumerate(self.text.splitlines(), start=1):
            unknown = [name for name in _PLACEHOLDER.findall(line) if name not in names]
            if unknown:
                raise UsageError(
                    f"{self.path}:{number}: unknown placeholder {_marked(unknown[0])}",
                    remedy=f"Known: {', '.join(map(_marked, names))}",
                )
        if needed and _marked(needed) not in self.text:
            raise UsageError(f"{self.path}: it does not say which step is meant", remedy=f"Add {_marked(needed)}.")

    def check_for_pull_requests(self) -> None:
        """Raise UsageError where it can be no pull request's text: what ClaudeStep writes there stands once."""
        self.check(PULL_REQUEST_PLACEHOLDERS)
        for number, line in enumerate(self.text.split("\n"), start=1):
            if _OURS.search(line):
                raise UsageError(
                    f"{self.path}:{number}: a comment that ClaudeStep itself writes", remedy="Take it out."
                )
            if _CONTROL.search(line):
                raise UsageError(f"{self.path}:{number}: a control character", remedy="Take it out.")


def read_template(path: str, content: bytes) -> Template:
    """The template of a file. Raises UsageError where it is no text."""
    try:
        return Template(path, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: it is not text in UTF-8") from error


def without_our_marks(text: str) -> str:
    """Text in which no comment is taken for one that ClaudeStep wrote, also one that placeholders made."""
    return _OURS.sub("\\1 ", text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in place of their placeholders; the lines of one that is empty are closed up.

    A value is data: a placeholder inside of it is left as it is.
    """
    for name in (name for name, value in values.items() if not value):
        text = text.replace(_marked(name), "")
    text = _BLANK_LINES.sub("\n\n", text)
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def _marked(name: str) -> str:
    return f"{{{{{name}}}}}"
