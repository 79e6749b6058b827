"""Times as GitHub tells them."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

Moment = Annotated[datetime, Meta(tz=True)]
"""A time that says its zone; one that does not is no reply of GitHub's."""


def in_utc(when: datetime) -> datetime | None:
    """A commit's time in UTC; None for one that UTC does not have: what a commit says is up to whoever made it."""
    try:
        return when.astimezone(UTC)
    except OverflowError:
        return None
