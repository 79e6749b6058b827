"""The README.md of the metadata branch: one row a project, kept between two markers."""

from claudestep.domain.models import Project

PATH = "README.md"
NO_JEKYLL = ".nojekyll"
NO_JEKYLL_TEXT = b"claudestep\n"
BEGIN = "<!-- claudestep:projects -->"
END = "<!-- /claudestep:projects -->"

_TABLE = "| project | done | cost | last run |\n| --- | --- | --- | --- |\n"
_TEXT = f"""# What ClaudeStep knows

This branch is ClaudeStep's memory: one JSON file a project below `projects/`, written by it alone.
It shares no history with your code, and nothing here is ever merged.

{BEGIN}
{_TABLE}{END}

- The story, newest first: `git log claudestep-metadata`
- One project: `claudestep metadata show <project>`, or
  `git show claudestep-metadata:projects/<project>.json`
- All figures: `claudestep statistics`

Holds step texts, pull request numbers, reviewers' names and costs; no keys, no code.
Deleting this branch loses the costs; ask before you do.
"""


def is_ours(files: dict[str, bytes]) -> bool:
    """Whether a branch with these files is a metadata branch, or empty."""
    if not files or any(path.startswith("projects/") for path in files):
        return True
    return BEGIN.encode() in files.get(PATH, b"") or files.get(NO_JEKYLL) == NO_JEKYLL_TEXT


def with_rows(readme: bytes | None, changed: dict[str, Project | None]) -> bytes:
    """Return the README with the rows of the changed projects replaced; None takes a row out.

    A README whose markers somebody took out is left as it is.
    """
    text = _TEXT if readme is None else _decode(readme)
    known = rows(text.encode("utf-8", "surrogateescape"))
    if known is None:
        return text.encode("utf-8", "surrogateescape")
    for name, project in changed.items():
        known.pop(name, None)
        if project is not None:
            known[name] = row(name, project)
    body = "".join(f"{known[name]}\n" for name in sorted(known))
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    return f"{head}{begin}\n{_TABLE}{body}{end}{tail}".encode("utf-8", "surrogateescape")


def rows(readme: bytes) -> dict[str, str] | None:
    """The rows of a README by project; None where its markers are gone."""
    _, begin, rest = _decode(readme).partition(BEGIN)
    table, end, _ = rest.partition(END)
    if not (begin and end):
        return None
    return {_name_of(line): line for line in table.splitlines() if line.startswith("| [")}


def _decode(readme: bytes) -> str:
    return readme.decode("utf-8", "surrogateescape")


def _name_of(row: str) -> str:
    return row[3:].partition("]")[0]


def row(name: str, project: Project) -> str:
    """The row of a project."""
    progress = project.progress
    last = f"{project.last_updated:%Y-%m-%d %H:%M} UTC" if project.last_updated else ""
    done = f"{progress.done} of {progress.total}"
    return f"| [{name}](projects/{name}.json) | {done} | {project.cost} | {last} |"
