"""The story of the metadata branch, for people and for programs."""

from claudestep.application.history import Chapter, History
from claudestep.application.reports import json_text
from claudestep.domain.text import printable

NO_BRANCH = "There is no metadata branch yet; the first `claudestep run` makes it.\n"


def render(found: History, limit: int) -> str:
    """A paragraph a commit, newest first: when and what, by whom, and what changed."""
    if not found.exists:
        return NO_BRANCH
    paragraphs = [_paragraph(chapter) for chapter in found.chapters]
    if found.more:
        paragraphs.append(f"There is more: --limit {2 * limit}\n")
    return printable("\n".join(paragraphs))


def _paragraph(chapter: Chapter) -> str:
    when = f"{chapter.at:%Y-%m-%d %H:%M:%S} UTC" if chapter.at else "at an unknown time"
    by = chapter.by if chapter.told.ours else f"{chapter.by or 'somebody'}, by hand"
    lines = [f"{when}  {chapter.told.subject}", f"  {by}", *(f"  - {line}" for line in chapter.told.story)]
    return "".join(f"{line.rstrip()}\n" for line in lines if line.strip())


def render_json(found: History) -> str:
    """The same for programs."""
    entries = [
        {
            "version_id": chapter.version,
            "at": chapter.at,
            "by": chapter.by,
            "by_hand": not chapter.told.ours,
            "subject": chapter.told.subject,
            "changes": chapter.told.story,
        }
        for chapter in found.chapters
    ]
    return json_text.render("log", {"entries": entries, "more": found.more})
