import pytest

from claudestep.infrastructure.metadata.branch_readme import (
    BEGIN,
    END,
    NO_JEKYLL,
    NO_JEKYLL_TEXT,
    PATH,
    is_ours,
    with_rows,
)
from tests.unit.builders import NOW, done, project, step, task
from tests.unit.golden import golden

ONE = project(done(1, ai_tasks=(task(1.25),)), step(2), name="one", last_updated=NOW)
TWO = project(step(1, ai_tasks=(task(None), task(0.5))), name="two")


def rows(readme: bytes) -> list[str]:
    return [line for line in readme.decode().splitlines() if line.startswith("| [")]


def test_the_first_readme_explains_the_branch_and_has_a_row_a_project() -> None:
    """ "one row a project between markers: progress, cost, last run"."""
    data = with_rows(None, {"one": ONE, "two": TWO})
    assert data.decode() == golden("branch_readme.md", data).decode()


def test_a_write_replaces_its_own_row_and_no_other() -> None:
    before = with_rows(None, {"one": ONE, "two": TWO})
    after = with_rows(before, {"two": project(done(1), name="two", last_updated=NOW)})
    assert rows(after) == [
        rows(before)[0],
        "| [two](projects/two.json) | 1 of 1 | $0.00 | 2025-01-15 10:30 UTC |",
    ]
    assert after.decode().replace(rows(after)[1], rows(before)[1]) == before.decode()


def test_a_row_is_taken_out_when_its_project_is_removed() -> None:
    before = with_rows(None, {"one": ONE, "two": TWO})
    assert rows(with_rows(before, {"one": None})) == rows(before)[1:]
    assert with_rows(before, {"three": None}) == before


def test_rows_are_in_the_order_of_their_names_whenever_they_came() -> None:
    one_by_one = with_rows(with_rows(with_rows(None, {"two": TWO}), {"one": ONE}), {"One-b": ONE})
    assert one_by_one == with_rows(None, {"one": ONE, "two": TWO, "One-b": ONE})


def test_a_readme_does_not_change_when_the_same_is_written_again() -> None:
    once = with_rows(None, {"one": ONE})
    assert with_rows(once, {"one": ONE}) == once


def test_what_others_wrote_around_the_table_stays_byte_for_byte() -> None:
    around = (b"\xff\xfe our own words\r\n", b"\r\nand \x80 more\r\n")
    readme = around[0] + BEGIN.encode() + b"\n| [two](projects/two.json) | old |\n" + END.encode() + around[1]
    after = with_rows(readme, {"one": ONE})
    assert after.startswith(around[0] + BEGIN.encode())
    assert after.endswith(END.encode() + around[1])
    assert b"| [two](projects/two.json) | old |\n" in after


@pytest.mark.parametrize(
    "readme", [b"", b"Our own page.\n", BEGIN.encode(), END.encode(), f"{END}{BEGIN}".encode()]
)
def test_a_readme_is_left_as_it_is_when_its_markers_are_gone(readme: bytes) -> None:
    assert with_rows(readme, {"one": ONE}) == readme


@pytest.mark.parametrize(
    ("files", "ours"),
    [
        ({}, True),
        ({"projects/a.json": b"{}"}, True),
        ({"projects/a.json": b"{}", "src/main.py": b""}, True),
        ({PATH: with_rows(None, {})}, True),
        ({NO_JEKYLL: NO_JEKYLL_TEXT}, True),
        ({NO_JEKYLL: b""}, False),
        ({PATH: b"# Another branch"}, False),
        ({"src/main.py": b""}, False),
        ({"projects.json": b""}, False),
        ({"old/projects/a.json": b""}, False),
    ],
)
def test_a_branch_is_ours_when_it_is_empty_or_has_documents_or_our_page(
    files: dict[str, bytes], *, ours: bool
) -> None:
    """ "A branch with files but no `projects/` is foreign"."""
    assert is_ours(files) is ours
