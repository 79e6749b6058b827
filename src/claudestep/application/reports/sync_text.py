"""What a sync changed, for people and for programs."""

from dataclasses import asdict

from claudestep.application.reports import json_text
from claudestep.application.sync import Synced
from claudestep.domain.text import printable


def render(synced: Synced, *, dry_run: bool) -> str:
    """A line a change, a line a note, and one that says what came of it."""
    lines = [
        *synced.changes,
        *synced.updates,
        *(f"note: {note}" for note in (*synced.notes, *synced.broken)),
        _outcome(synced, dry_run=dry_run),
    ]
    return printable("".join(f"{line}\n" for line in lines))


def _outcome(synced: Synced, *, dry_run: bool) -> str:
    if not synced.changes and not synced.wrote:
        return "Nothing could be mended." if synced.broken else "The documents say what is there."
    count = len(synced.changes)
    what = f"{count} change{'' if count == 1 else 's'}"
    return f"{what} would be written." if dry_run else f"{what} written."


def render_json(synced: Synced) -> str:
    """The same for programs."""
    return json_text.render("sync", asdict(synced))
