"""Faults that a review found, expected to fail until they are mended; then each goes to its subject's module."""

from datetime import UTC, datetime

import pytest

ROOM = "reviewers: [{username: alice, maxOpenPRs: 9}]\n"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def broken(reason: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, reason=reason, raises=AssertionError)


# What is said
