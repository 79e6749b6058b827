from textwrap import dedent

from rich.cells import cell_len

from claudestep.application.reports.table import table


def test_columns_line_up_and_the_header_is_underlined() -> None:
    text = table(("name", "n", "what"), [("a", "10", "x"), ("long name", "7", "")], right=frozenset({1}))
    assert text == dedent("""\
        name        n  what
        ---------  --  ----
        a          10  x
        long name   7
        """)


def test_a_table_is_its_header_when_there_are_no_rows() -> None:
    assert table(("a", "bc"), []) == "a  bc\n-  --\n"


def test_columns_line_up_when_characters_are_wide() -> None:
    rows = [("迁移", "1"), ("ab", "2"), ("🚀", "3")]
    ends = {cell_len(line) for line in table(("c", "n"), rows, right=frozenset({1})).splitlines()}
    assert ends == {len("迁移") * 2 + 2 + 1}


def test_no_line_ends_in_white_space() -> None:
    lines = table(("a", "b"), [("x", ""), ("", "")]).splitlines()
    assert [line.rstrip() for line in lines] == lines
