"""CSV files of a learning management system, read and written.

What the system exported is written back as it came, so that its importer finds its rows again, a
name that looks like a formula too: changing it would lose the row, and whoever opens the new file
could open the exported one as well. What we add is made harmless with `csv_text`.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.errors import UsageError


@dataclass(frozen=True)
class Table:
    """A CSV file as read: its rows, the heads first, and how it separates cells."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    marked: bool
    """Whether it starts with a byte order mark."""

    def column(self, name: str) -> int | None:
        """Where the column with this head is, whatever its capitals."""
        for place, head in enumerate(self.heads):
            if head.strip().casefold() == name.casefold():
                return place
        return None


def read_table(raw: bytes, where: str) -> Table:
    """The CSV file in `raw`, separated by commas, semicolons or tabs.

    Args:
        raw: The file, UTF-8.
        where: Its name, for errors.

    Raises:
        UsageError: it is no such file.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise UsageError(f"{where}: must be UTF-8, got a byte that is not: {exc}") from exc
    # What is in quotes separates nothing: every other piece is outside of them.
    heads = "".join(text.split('"')[::2]).lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=heads.count)
    rows = [row for row in _read_rows(text, delimiter, where) if row]
    if len(rows) < 2:  # noqa: PLR2004 - heads and at least one row
        raise UsageError(f"{where}: must have a line of heads and a row for each student, got none")
    width = len(rows[0])
    padded = (row + ("",) * (width - len(row)) for row in rows[1:])
    return Table(rows[0], tuple(padded), delimiter, marked=raw.startswith(b"\xef\xbb\xbf"))


def _read_rows(text: str, delimiter: str, where: str) -> Iterator[tuple[str, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    # A comment may be longer than the module's own limit; no cell is longer than the file. The
    # limit is the whole process's, so it is only raised.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        yield from map(tuple, reader)
    except csv.Error as exc:
        raise UsageError(
            f"{where}: line {reader.line_num} is not valid CSV: {exc}; export the file again"
        ) from exc


def write_table(heads: Sequence[str], rows: Iterable[Sequence[str]], like: Table) -> bytes:
    """The rows as CSV, separated as `like` is; every cell quoted, so that none splits in two."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=like.delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig" if like.marked else "utf-8", "replace")
