import pytest

from claudestep.domain.errors import (
    BranchVanished,
    BrokenDocuments,
    ClaudeStepError,
    ConfigurationError,
    DocumentTooLarge,
    ForeignBranch,
    InvalidDocument,
    InvalidSpec,
    NewerDocument,
    StaleDocument,
    UnknownProject,
    no_branch,
)

BROKEN = InvalidDocument("projects/a.json", "it is empty")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigurationError("c.yml", 3, "unknown key"), "c.yml:3: unknown key"),
        (ConfigurationError("c.yml", None, "it is too long"), "c.yml: it is too long"),
        (InvalidSpec("spec.md", "no text"), "spec.md: no text"),
        (BROKEN, "projects/a.json on the metadata branch cannot be read: it is empty"),
        (InvalidDocument("usage.json", "it is empty", where=""), "usage.json cannot be read: it is empty"),
        (BrokenDocuments({"a": BROKEN}), str(BROKEN)),
        (BrokenDocuments({"a": BROKEN, "b": BROKEN}), f"{BROKEN} (and 1 more)"),
        (DocumentTooLarge("projects/a.json", 20_000_000, 16_777_216), "20,000,000 bytes; the limit is 16,777,216"),
        (StaleDocument("a", "v1", None), "a: expected version v1, found none"),
        (UnknownProject("a"), "the metadata branch has no project 'a'"),
        (ForeignBranch("claudestep-metadata", "LICENSE"), "(LICENSE, ...)"),
        (BranchVanished("claudestep-metadata", "0123456789abcdef"), "was at 0123456789ab a moment ago"),
        (no_branch("develop"), "there is no branch develop"),
    ],
)
def test_an_error_is_a_sentence_that_names_what_it_is_about(error: ClaudeStepError, text: str) -> None:
    assert text in str(error)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (BROKEN, "Repair it"),
        (NewerDocument("projects/a.json", "2.1"), "Install a ClaudeStep that knows schema 2: pip install"),
        (DocumentTooLarge("projects/a.json", 2, 1), "Split the spec"),
        (StaleDocument("a", "v1", "v2"), "update()"),
        (UnknownProject("a", ["c", "b"]), "It has: b, c"),
        (BrokenDocuments({"a": BROKEN}), "Repair it"),
        (ForeignBranch("claudestep-metadata", "x"), "git branch -m"),
        (BranchVanished("claudestep-metadata", "0123"), "git branch claudestep-metadata 0123"),
        (no_branch("develop"), "--base-branch"),
    ],
)
def test_an_error_says_what_to_do_about_it(error: ClaudeStepError, remedy: str) -> None:
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ClaudeStepError("it broke"), "it broke"),
        (ClaudeStepError("it broke", remedy="Mend it:\n  git  mend"), "it broke. Mend it: git mend"),
    ],
)
def test_an_error_is_explained_in_one_line(error: ClaudeStepError, line: str) -> None:
    assert error.explained == line
