"""Which paths a branch can hold."""


def can_be_kept(path: str) -> bool:
    """Whether git accepts a path; `git update-index` leaves others out in silence."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") and part.lower() != ".git" for part in parts) and "\0" not in path
