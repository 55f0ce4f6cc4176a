"""Hand scores as a YAML file that people can read, edit and move to another run."""

from pathlib import Path
from typing import Any

import yaml

from grader.errors import StoreError
from grader.store import Store
from grader.store.private import write_private

FORM = 1
"""Of the file; raised when a reader must change."""
HEAD = """\
# Points that people gave. `grader review RUN --import FILE` takes them over.
# `points` are those before the comments' effect; `slot` is empty for the score that counts.
"""


def export_scores(store: Store, file: Path) -> int:
    """Write every hand score of a run.

    Args:
        store: Of the run.
        file: To be written; one that is there is replaced, whole or not at all.

    Returns:
        How many scores were written.

    Raises:
        StoreError: the file can't be written.
    """
    info = store.info()
    rows = store.export_hand()
    content = {
        "form": FORM,
        "assignment": info.assignment if info is not None else "",
        "scores": [_short(row) for row in rows],
    }
    text = HEAD + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
    try:
        write_private(file, [text.encode()])
    except OSError as exc:
        raise StoreError(f"{file}: the hand scores can't be written: {exc}") from exc
    return len(rows)


def import_scores(store: Store, file: Path, *, overwrite: bool = False) -> int:
    """Take over hand scores from a file, all of them or none.

    Args:
        store: Of the run.
        file: As `export_scores` writes it.
        overwrite: Whether other scores that are here already are replaced.

    Returns:
        How many scores were written; those that are here already are left alone.

    Raises:
        StoreError: the file is none of ours, of another assignment, or a score in it is none.
        ConflictError: other scores are here already.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as exc:
        raise StoreError(f"{file}: the hand scores can't be read: {exc}") from exc
    rows = _rows(content, file)
    info = store.info()
    if info is not None and content.get("assignment") not in {"", info.assignment}:
        raise StoreError(
            f"{file}: assignment must be {info.assignment!r}, got {content.get('assignment')!r}"
        )
    return store.import_hand(rows, overwrite=overwrite)


def _rows(content: Any, file: Path) -> list[dict[str, Any]]:
    if not isinstance(content, dict) or content.get("form") != FORM:
        raise StoreError(f"{file}: form must be {FORM}; export it with `grader review --export`")
    rows = content.get("scores")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StoreError(f"{file}: scores must be a list of scores")
    return rows


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: the file is read by people."""
    needed = {"student", "item", "points", "worth"}
    return {key: value for key, value in row.items() if key in needed or value not in ("", [], {})}
