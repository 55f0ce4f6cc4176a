"""grader/report/table.py: what a system exported is read as it is."""

import csv

import pytest

from grader.errors import UsageError
from grader.report.table import read_table


@pytest.mark.parametrize("raw", [b"", b"Student,ID\n", b"\n\n"])
def test_read_table_needs_a_student(raw: bytes) -> None:
    """An empty roster is refused."""
    with pytest.raises(UsageError, match="a row for each student"):
        read_table(raw, "--roster")


def test_read_table_needs_utf8() -> None:
    """Another encoding is refused rather than misread."""
    with pytest.raises(UsageError, match="must be UTF-8"):
        read_table("Student,ID\nÉmilie,1\n".encode("latin-1"), "--roster")


def test_read_table_fills_short_rows() -> None:
    """Rows that lack their last cells are read as if these were empty."""
    assert read_table(b"a,b,c\n1\n", "x").rows == (("1", "", ""),)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\r\n\n"])
def test_read_table_finds_what_separates_cells(delimiter: str, start: str) -> None:
    """Commas, semicolons and line breaks in a quoted head separate nothing."""
    heads = ("Name, first, last", "ID; SIS; login; all", "a\nb,;", "Group")
    quoted = delimiter.join(f'"{head}"' for head in heads)
    table = read_table(f"{start}{quoted}\r\nAda{delimiter}1{delimiter}{delimiter}x".encode(), "x")
    assert (table.heads, table.delimiter) == (heads, delimiter)
    assert table.rows == (("Ada", "1", "", "x"),)


def test_read_table_reads_a_long_cell() -> None:
    """A comment of any length, in quotes that never end as well, is no reason to stop."""
    comment = "x" * 300_000
    assert read_table(f'a,b\n1,"{comment}"\n'.encode(), "x").rows == (("1", comment),)
    assert read_table(f'a,b\n1,"{comment}'.encode(), "x").rows == (("1", comment),)


def test_read_table_says_which_line_is_not_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the module refuses, here a cell beyond its limit, is an error with its place."""
    before = csv.field_size_limit(1000)
    try:
        monkeypatch.setattr("csv.field_size_limit", lambda *_: 1000)
        with pytest.raises(UsageError, match=r"--roster: line 3 is not valid CSV: .*; export"):
            read_table(f"a,b\n1,x\n2,{'x' * 2000}\n".encode(), "--roster")
    finally:
        monkeypatch.undo()
        csv.field_size_limit(before)
