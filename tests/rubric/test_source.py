"""YAML as plain values with lines; nothing that a rubric has no use for."""

import math
import os
from pathlib import Path
from typing import Any

import pytest

from grader.errors import RubricError
from grader.rubric.source import MAX_BYTES, name_of, read_source


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "rubric.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def faults_of(file: Path) -> tuple[str, ...]:
    """Every fault, without the file's name."""
    try:
        source = read_source(file)
        faults = source.error(source.faults).faults
    except RubricError as exc:
        faults = exc.faults
    assert all(fault.startswith(f"{file}:") for fault in faults)
    return tuple(fault.removeprefix(f"{file}:") for fault in faults)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("2.5", 2.5),
        (".5", 0.5),
        ("1e-5", 1e-5),
        ("1.0E+3", 1000.0),
        (".INF", math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ('"3"', "3"),
        ("'true'", "true"),
        ("yes", "yes"),
        ("off", "off"),
        ("010", 10),
        ("0x10", "0x10"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("12345678901234567890", 12345678901234567890.0),
        ("[1, [a]]", [1, ["a"]]),
        ("{a: {b: 1}, c: []}", {"a": {"b": 1}, "c": []}),
    ],
)
def test_read_source_reads_plain_values(tmp_path: Path, text: str, value: Any) -> None:
    """Scalars are read as YAML 1.2 has them: no octals, no dates, no `yes`."""
    found = read_source(written(tmp_path, f"key: {text}")).value["key"]
    assert found == value
    assert type(found) is type(value)


def test_read_source_knows_the_line_of_every_key(tmp_path: Path) -> None:
    """A fault is told in its key's line, or in that of the nearest key above it."""
    source = read_source(written(tmp_path, "a: 1\n\nb:\n  - c: 2\n    d: 3\n  - e\n"))
    assert source.fault(("b", 0, "d"), "x").line == 5
    assert source.fault(("b", 1), "x").line == 6
    assert source.fault(("b", 0, "missing"), "x").line == 4
    assert source.fault(("nothing",), "x").line == 1


def test_error_names_each_fault_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    """Faults found in any order, and twice, make one list from the top down."""
    file = written(tmp_path, "a: 1\nb: 2\n")
    source = read_source(file)
    late, early = source.fault(("b",), "late"), source.fault(("a",), "early")
    assert source.error([late, early, late]).faults == (f"{file}:1: a: early", f"{file}:2: b: late")


def test_read_source_names_duplicate_keys(tmp_path: Path) -> None:
    """A key that stands twice is a fault in the second line, and names the first."""
    (fault,) = faults_of(written(tmp_path, "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n"))
    assert fault == "5: b.c: must stand once, got it in line 3 too; remove one"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("a: 1\n\tb: 2\n", "2: rubric: must be YAML: found character", id="tab"),
        pytest.param("a: 1\nb: [1, 2\nc: 3\n", "3: rubric: must be YAML", id="open bracket"),
        pytest.param("a: 1\n b: 2\n", "2: rubric: must be YAML: mapping values", id="indentation"),
        pytest.param("a: *b\n", "1: rubric: must be YAML: found undefined alias", id="alias"),
        pytest.param("a: 1\n---\nb: 1\n", "2: rubric: must be YAML: but found another", id="two"),
        pytest.param("", "1: rubric: must have keys, the file is empty", id="empty"),
        pytest.param("# nothing\n", "1: rubric: must have keys", id="comments alone"),
        pytest.param("a: 1\nb: \x00\n", "2: rubric: must be text", id="NUL"),
        pytest.param(
            b"a: 1\nb: \xff\n", "2: rubric: must be UTF-8 text, got the byte 0xff", id="8"
        ),
        pytest.param("a: !!python/name:os.system 1", "1: a: must have no tag", id="python object"),
        pytest.param("a: !!set {b, c}", "1: a: must have no tag, got !!set", id="set"),
        pytest.param("a: 1\nb: !points 3", "2: b: must have no tag, got !points", id="own tag"),
        pytest.param("a: 1\n? [1, 2]\n: 3\n", "2: rubric: keys must be words", id="list as key"),
        pytest.param("[" * 5000, "1: rubric: must not be nested that deep", id="nested"),
        pytest.param("a: &x [*x]", "1: rubric: must have at most", id="alias of itself"),
    ],
)
def test_read_source_names_what_is_no_rubric(tmp_path: Path, text: str | bytes, fault: str) -> None:
    """Broken YAML, and YAML that no rubric needs, is one fault in its line."""
    (found,) = faults_of(written(tmp_path, text))
    assert found.startswith(fault)
    assert "\n" not in found


def test_read_source_tells_how_to_mend_a_tab(tmp_path: Path) -> None:
    """The commonest slip gets its own advice."""
    (found,) = faults_of(written(tmp_path, "a:\n\tb: 2\n"))
    assert found.endswith("indent with spaces")


@pytest.mark.timeout(20)
def test_read_source_stops_at_a_bomb(tmp_path: Path) -> None:
    """Aliases of aliases, a billion values in a few lines, are refused at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (found,) = faults_of(written(tmp_path, "\n".join(lines)))
    assert "must have at most 50000 values" in found


def test_read_source_refuses_a_large_file(tmp_path: Path) -> None:
    """A file beyond 1 MiB is no rubric."""
    (found,) = faults_of(written(tmp_path, "a: " + "x" * MAX_BYTES))
    assert found == "1: rubric: must be at most 1 MiB, got more"


@pytest.mark.parametrize("kind", ["missing", "folder", "device"])
def test_read_source_says_why_a_file_cant_be_read(tmp_path: Path, kind: str) -> None:
    """A missing file, a folder and an endless device are told, not waited for."""
    paths = {"missing": tmp_path / "none.yaml", "folder": tmp_path, "device": Path("/dev/zero")}
    (found,) = faults_of(paths[kind])
    assert found.startswith("1: rubric: must be a file")


def test_read_source_copes_with_odd_paths(tmp_path: Path) -> None:
    """A colon in a folder's name does not confuse the order of the faults."""
    folder = tmp_path / "a: 3: b"
    folder.mkdir()
    assert faults_of(written(folder, "b: !x 1\na: !x 1\n"))[0].startswith("1: b:")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_read_source_says_that_a_file_may_not_be_read(tmp_path: Path) -> None:
    """A file without permission is told."""
    file = written(tmp_path, "a: 1")
    file.chmod(0)
    assert "Permission denied" in faults_of(file)[0]


@pytest.mark.parametrize(
    ("place", "name"),
    [((), "rubric"), (("items", 3, "points"), "items[3].points"), (("total",), "total")],
)
def test_name_of_writes_places_as_people_do(place: tuple[str | int, ...], name: str) -> None:
    """Numbers stand in brackets, the whole is `rubric`."""
    assert name_of(place) == name
