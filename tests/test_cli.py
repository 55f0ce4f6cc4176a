"""grader/cli.py: what a person types, what comes back, and how the command ends."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from grader.cli import app
from grader.model import from_json

RUNNER = CliRunner()
RUBRIC = """\
assignment: small
title: A small set
total: 3
items:
  - {id: "1.1a", title: Constants, points: 1, requires: [norm_constants],
     checks: [{title: constants, use: theory.norm_constants}]}
  - {id: "2.1a", title: Gradient, points: 2, requires: [grad_U],
     checks: [{title: gradient, use: calculus.gradient, with: {of: U, draws: 3}}]}
"""
CONSTANTS = "def norm_constants(n): return n ** -0.5, 1.0"
GRADIENT = "def grad_U(X, U, V): return (U @ V - X) @ V.T"
FAULTY = """\
assignment: small
titel: A small set
total: 4
items:
  - {id: "1.1a", title: Constants, points: -1, requires: [norm_constants],
     checks: [{title: constants, use: theory.norm_constant}]}
  - {id: "2.1a", title: Gradient, points: 2, requires: [grad_U],
     checks: [{title: gradient, use: calculus.gradient, with: {of: W, draw: 3}}]}
"""


def notebook(*sources: str, version: int = 4) -> str:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, "input": source}
        for source in sources
    ]
    if version == 3:
        for cell in cells:
            cell |= {"language": "python", "collapsed": False}
            del cell["source"]
        body: dict[str, object] = {
            "worksheets": [{"cells": cells, "metadata": {}}],
            "metadata": {"name": ""},
        }
    else:
        for cell in cells:
            cell["execution_count"] = None
            del cell["input"]
        body = {"cells": cells, "metadata": {}}
    return json.dumps({**body, "nbformat": version, "nbformat_minor": 0})


@pytest.fixture
def rubric(tmp_path: Path) -> str:
    """The file of a rubric of two items that need no network."""
    file = tmp_path / "rubric.yaml"
    file.write_text(RUBRIC, encoding="utf-8")
    return str(file)


def run(*arguments: str) -> Result:
    ended = RUNNER.invoke(app, list(arguments))
    assert "Traceback" not in ended.output
    return ended


def told(ended: Result) -> str:
    return " ".join(ended.output.split())


@pytest.mark.parametrize(
    ("source", "code", "score"),
    [
        (f"{CONSTANTS}\n{GRADIENT}", 0, 3.0),
        (f"{CONSTANTS}\ndef grad_U(X, U, V): return U", 1, 1.0),
        ("x = 1", 1, 0.0),
    ],
    ids=["all-points", "points-lost", "nothing-there"],
)
def test_grade_ends_with_a_code_for_scripts(
    tmp_path: Path, rubric: str, source: str, code: int, score: float
) -> None:
    """0 for all points, 1 for points lost; the record is on standard output."""
    file = tmp_path / "ps1.py"
    file.write_text(source, encoding="utf-8")
    ended = run("grade", str(file), "--rubric", rubric, "--json")
    assert ended.exit_code == code
    assert from_json(ended.stdout.encode()).score == score


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ps1.ipynb", None, "none of that name"),
        ("ps1.ipynb", b"", "ps1.ipynb"),
        ("ps1.ipynb", notebook().encode(), "code"),
        ("ps1.ipynb", b'{"cells": [', "JSON"),
        ("ps1.ipynb", notebook(CONSTANTS).encode("utf-16-le"), "UTF-8"),
        ("ps1.txt", CONSTANTS.encode(), ".ipynb"),
    ],
    ids=["missing", "empty", "no-code", "broken-json", "utf-16", "another-kind"],
)
def test_grade_says_what_is_wrong_with_a_file(
    tmp_path: Path, rubric: str, name: str, content: bytes | None, words: str
) -> None:
    """A file that can't be read ends with 2 and one line that says why."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    ended = run("grade", str(file), "--rubric", rubric)
    assert ended.exit_code == 2, ended.output
    assert "error:" in told(ended)
    assert words in told(ended)


def test_grade_counts_the_cells_beside_a_broken_one(tmp_path: Path, rubric: str) -> None:
    """A syntax error costs the items that need its cell, and is named."""
    file = tmp_path / "ps1.ipynb"
    file.write_text(notebook("def grad_U(X, U, V:\n    pass", CONSTANTS), encoding="utf-8")
    ended = run("grade", str(file), "--rubric", rubric)
    assert ended.exit_code == 1
    assert "1 of 3 points" in told(ended)
    assert "cell 1" in told(ended)


def test_grade_reads_notebooks_of_version_3(tmp_path: Path, rubric: str) -> None:
    """An old notebook is graded as any other."""
    file = tmp_path / "ps1.ipynb"
    file.write_text(notebook(CONSTANTS, GRADIENT, version=3), encoding="utf-8")
    assert run("grade", str(file), "--rubric", rubric).exit_code == 0


def test_grade_reads_a_notebook_of_50_megabytes(tmp_path: Path, rubric: str) -> None:
    """Pictures in outputs cost nothing but the reading."""
    made = json.loads(notebook(CONSTANTS, GRADIENT))
    data = {"image/png": "A" * (50 << 20), "text/plain": "<Figure>"}
    made["cells"][0]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
    file = tmp_path / "ps1.ipynb"
    file.write_text(json.dumps(made), encoding="utf-8")
    assert run("grade", str(file), "--rubric", rubric).exit_code == 0


def test_grade_names_every_fault_of_a_rubric(tmp_path: Path) -> None:
    """Five faults are five lines, each with file, line and key."""
    file, own = tmp_path / "faulty.yaml", tmp_path / "ps1.py"
    file.write_text(FAULTY, encoding="utf-8")
    own.write_text(CONSTANTS, encoding="utf-8")
    ended = run("grade", str(own), "--rubric", str(file))
    assert ended.exit_code == 2
    lines = ended.output.replace("\n", " ").split("error: ")[1:]
    assert len(lines) >= 5
    for place in ("faulty.yaml:2: titel", "items[0].points", "items[0].checks[0].use"):
        assert any(place in line for line in lines), (place, lines)
    for key in ("with.of", "with.draw"):
        assert any(key in line for line in lines), (key, lines)


@pytest.mark.parametrize(
    ("data", "words"),
    [("imagefolder:nowhere", "nowhere"), ("npz:flat.npz", "flat.npz"), ("cifar11", "--data")],
)
def test_baseline_says_what_is_wrong_with_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str, words: str
) -> None:
    """A missing folder, arrays of a wrong shape and an unknown name each get a line."""
    monkeypatch.chdir(tmp_path)
    flat, labels = np.zeros((20, 3072), np.uint8), np.arange(20) % 10
    np.savez(
        "flat.npz", train_images=flat, train_labels=labels, test_images=flat, test_labels=labels
    )
    ended = run("baseline", "--data", data, "--cache", str(tmp_path / "cache"))
    assert ended.exit_code == 2, ended.output
    assert words in told(ended)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--alias", "grad_U"], "NAME=OWN"),
        (["--item", "9.9"], "--item"),
        (["--device", "tpu"], "--device"),
        (["--sandbox", "glass"], "sandbox"),
    ],
)
def test_grade_says_what_is_wrong_with_an_option(
    tmp_path: Path, rubric: str, arguments: list[str], words: str
) -> None:
    """Wrong usage ends with 2 and names the option."""
    file = tmp_path / "ps1.py"
    file.write_text(CONSTANTS, encoding="utf-8")
    ended = run("grade", str(file), "--rubric", rubric, *arguments)
    assert ended.exit_code == 2
    assert words in told(ended)


def test_an_alias_stands_for_the_asked_name(tmp_path: Path, rubric: str) -> None:
    """`--alias grad_U=gradient` takes the file's own name."""
    file = tmp_path / "ps1.py"
    file.write_text(f"{CONSTANTS}\n{GRADIENT.replace('grad_U', 'gradient')}", encoding="utf-8")
    plain = run("grade", str(file), "--rubric", rubric)
    assert plain.exit_code == 1
    assert "--alias grad_U=gradient" in told(plain)
    assert run("grade", str(file), "--rubric", rubric, "--alias", "grad_U=gradient").exit_code == 0


def test_bare_is_refused_for_files_of_others(tmp_path: Path, rubric: str) -> None:
    """Without isolation one file is graded, not several."""
    files = [tmp_path / "a.py", tmp_path / "b.py"]
    for file in files:
        file.write_text(f"{CONSTANTS}\n{GRADIENT}", encoding="utf-8")
    several = [str(file) for file in files]
    ended = run("grade", *several, "--rubric", rubric, "--sandbox", "bare")
    assert ended.exit_code == 2
    assert "--allow-bare" in told(ended)
    assert run("grade", several[0], "--rubric", rubric, "--sandbox", "bare").exit_code == 0


def test_check_is_public_and_says_so(tmp_path: Path, rubric: str) -> None:
    """A student's own check uses the practice draws, whatever secret is set."""
    file = tmp_path / "ps1.py"
    file.write_text(f"{CONSTANTS}\n{GRADIENT}", encoding="utf-8")
    ended = run("check", str(file), "--rubric", rubric, "--json")
    assert ended.exit_code == 0
    assert from_json(ended.stdout.encode()).environment.seed == "practice"


def test_grade_refuses_a_huge_file_without_reading_it(tmp_path: Path, rubric: str) -> None:
    """A file of a terabyte, most of it a hole, costs neither memory nor time."""
    file = tmp_path / "ps1.ipynb"
    with file.open("wb") as out:
        out.truncate(1 << 40)
    ended = run("grade", str(file), "--rubric", rubric)
    assert ended.exit_code == 2
    assert "must be at most" in told(ended)
