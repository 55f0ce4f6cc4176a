"""Tables that a submission measured: a record for each case, in whatever form they come."""

from collections.abc import Mapping, Sequence
from typing import Any

from grader.checks.compare import as_array, is_series, short
from grader.checks.interface import Outcome, Value, failed

Row = tuple[float, ...]

MOST_RECORDS = 10_000
"""More than any table that is asked for has."""


def read_records(
    answer: Value, columns: Sequence[str], *, name: str, hint: str = ""
) -> list[Row] | Outcome:
    """The records in `answer`, each a number for each of `columns`, or what is wrong with them.

    Accepts a list of dicts with these keys, a list or an (N, columns) array of rows in this order,
    and a dict of columns, which a data frame arrives as. Further keys are ignored.

    Args:
        answer: what the submission returned.
        columns: names of the fields, in the order in which a row holds them.
        name: the function's name, for feedback.
        hint: what to do where a field is no single number.
    """
    rows = _rows(answer, columns, name)
    if isinstance(rows, Outcome):
        return rows
    records: list[Row] = []
    for number, row in enumerate(rows, start=1):
        values = []
        for column, value in zip(columns, row, strict=True):
            field = f"{name}: record {number}: {column}"
            array = as_array(value, name=field, shape=(), hint=hint)
            if isinstance(array, Outcome):
                return array
            values.append(float(array))
        records.append(tuple(values))
    return records


def _rows(answer: Value, columns: Sequence[str], name: str) -> list[list[Any]] | Outcome:
    if isinstance(answer, dict):
        return _rows_of_table(answer, columns, name)
    if not is_series(answer):
        return _unreadable(answer, columns, name)
    if len(answer) > MOST_RECORDS:
        return _too_many(len(answer), name)
    rows: list[list[Any]] = []
    for entry in answer:
        row = _fields(entry, columns, name)
        if isinstance(row, Outcome):
            return row
        rows.append(row)
    return rows


def _rows_of_table(
    table: Mapping[str, Value], columns: Sequence[str], name: str
) -> list[list[Any]] | Outcome:
    found = _fields(table, columns, name)
    if isinstance(found, Outcome):
        return found
    if not all(is_series(column) for column in found):
        return _unreadable(table, columns, name)
    if len({len(column) for column in found}) > 1:
        return failed(
            f"{name}: expected columns of one length, got several lengths",
            f"each record needs {', '.join(columns)}",
        )
    if len(found[0]) > MOST_RECORDS:
        return _too_many(len(found[0]), name)
    return [list(row) for row in zip(*found, strict=True)]


def _fields(entry: Value, columns: Sequence[str], name: str) -> list[Any] | Outcome:
    """The fields of a record, or the columns of a table."""
    if isinstance(entry, dict):
        lacking = [column for column in columns if column not in entry]
        if lacking:
            return _unreadable(entry, columns, name, lacking)
        return [entry[column] for column in columns]
    if is_series(entry) and len(entry) == len(columns):
        return list(entry)
    return _unreadable(entry, columns, name)


def _too_many(count: int, name: str) -> Outcome:
    return failed(
        f"{name}: expected one record for each case, got {count}",
        "return one record for each case that was asked for",
    )


def _unreadable(
    value: Value, columns: Sequence[str], name: str, lacking: Sequence[str] = ()
) -> Outcome:
    without = f" without {', '.join(lacking)}" if lacking else ""
    return failed(
        f"{name}: expected records with {', '.join(columns)}, got {short(value)}{without}",
        "return a list of dicts with these keys, one for each case that was asked for",
    )
