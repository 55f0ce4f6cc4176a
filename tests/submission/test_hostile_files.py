"""Files that were made to stop the grader: each is read, or refused, within limits.

The bounds are on this process's memory and on whole seconds; how long a helper may take is a
matter of its limits, so that a busy machine fails nothing here.
"""

import resource
import time

import pytest

from grader.errors import SubmissionError
from grader.submission import Slice, slice_for, submission_from_bytes
from grader.submission.load import parse_submission
from grader.submission.reader import File, Loaded, Question
from grader.submission.slices import slice_of
from tests.submission.hand_ins import module, notebook, notebook_bytes

pytestmark = pytest.mark.timeout(100)

LINEAR = {
    "blank lines": b"\n" * 250_000 + b"x = = 1",
    "spaces": b"x" + b" " * 250_000 + b"= = 1",
    "blank lines and names": b"\n".join([b"\n" * 500, b"grad_U"] * 400) + b" = = 1",
    "decorators": b"@a\n" * 20_000 + b"def f(): pass",
    "long name of a setting": b"import torch\ntorch.set" + b"_" * 100_000 + "℘()".encode(),
    "long line": "x='é';".encode() * 5_000,
}
"""Modules that once took time in the square of their length, or might."""


@pytest.mark.parametrize("source", LINEAR.values(), ids=LINEAR.keys())
def test_reading_takes_linear_time(source: bytes) -> None:
    """Reading a file and explaining what is missing take seconds of the processor at most."""
    began = time.process_time()
    program = parse_submission("ps1.py", source).program
    missing = slice_of(program, ["grad_V", "CompressedNet"]).missing
    assert set(missing) == {"grad_V", "CompressedNet"}
    assert time.process_time() - began < 5


ENDLESS = "0x" + "f" * 6000
UNWRITABLE = {
    "default": (f"def grad_u(a={ENDLESS}): pass", "grad_u(a=…)"),
    "default by keyword": (f"def grad_u(*, a={ENDLESS}): pass", "grad_u(a=…)"),
    "default of a method": (f"class A:\n def grad_u(self, a={ENDLESS}): pass", "grad_u(a=…)"),
    "default of a lambda": (f"grad_u = lambda a={ENDLESS}: 1", "grad_u(a=…)"),
    "deep default": (f"def grad_u(a={'-' * 1000}b): pass", "grad_u(a=…)"),
    "deep base": (f"class Grad_U({'-' * 1000}a): pass", "Grad_U()"),
    "base with an endless number": (f"class Grad_U({ENDLESS}): pass", "Grad_U()"),
    "line ends in a magic": (
        r"get_ipython().run_line_magic('time', 'x = 1\r\rdef grad_u(): pass')",
        "grad_u()",
    ),
}
"""What neither `repr` nor `ast.unparse` can write out, and what hints show of it."""


@pytest.mark.parametrize(("source", "shown"), UNWRITABLE.values(), ids=UNWRITABLE.keys())
def test_what_can_not_be_written_out_is_left_out_of_a_hint(source: str, shown: str) -> None:
    """The student is told what looks like the asked name, and no exception stops the grader."""
    part = slice_for(module(source), ["grad_U"])
    assert f"{shown}` in " in part.missing["grad_U"]
    assert not part.staff_note


def test_an_exception_while_a_file_is_read_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of the grader that a text provokes is reported like a file that can't be read."""
    monkeypatch.setattr("grader.submission.reader.load", failing_load)
    with pytest.raises(SubmissionError, match=r"^ps1\.py: the file can't be read.*RuntimeError: 7"):
        submission_from_bytes("ps1.py", b"x = 1")


def test_an_exception_while_a_slice_is_made_makes_names_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The traceback is for the staff alone, and other names are still found."""
    found = module("def f(): return 7")
    with monkeypatch.context() as patch:
        patch.setattr("grader.submission.reader.find_slice", failing_slice)
        part = slice_for(found, ["f", "g"])
    assert part.missing.keys() == {"f", "g"}
    assert "unexpected error in its text (RuntimeError: 8)" in part.missing["f"]
    assert "Traceback" not in part.missing["f"]
    assert "Traceback" in part.staff_note
    assert not slice_for(found, ["f"]).missing


def failing_load(_file: File) -> Loaded:
    raise RuntimeError("7")


def failing_slice(_question: Question) -> Slice | None:
    raise RuntimeError("8")


MARKS = "\u0301\u0316" * 60_000
COMBINING = {
    "name": f"x = a{MARKS}",
    "marks that normalising makes": "x = a" + "\uff9e\u0f73" * 60_000,
    "comment": f"# {MARKS}",
    "broken": f"x = = a{MARKS}",
    "magic": f"%time x = a{MARKS}",
    "escaped in a magic": "get_ipython().run_line_magic('time', 'x = a%s')"
    % (r"\u0301\u0316" * 20_000),
}
"""Cells of which Python would normalise a name in time in the square of its length."""


@pytest.mark.parametrize("source", COMBINING.values(), ids=COMBINING.keys())
def test_long_runs_of_combining_characters_are_left_out(source: str) -> None:
    """Only that cell is left out; names with a few such characters are as good as others."""
    began = time.process_time()
    raw = notebook_bytes(source, "def f(): return 7", "a\u0301\u0316 = '" + "e\u0301" * 1000 + "'")
    parsed = parse_submission("ps1.ipynb", raw)
    assert time.process_time() - began < 3
    assert not slice_of(parsed.program, ["f", "\u00e1\u0316"]).missing
    escaped = source.startswith("get")
    assert escaped or parsed.notes == (
        "cell 1 has more than 30 combining characters in a row; it is left out",
    )


MAGICS = {
    "words": "a" * 1_999 + " " + ("b." * 990 + " ") * 100 + "!",
    "cell magics": "%%time\n" * 30_000,
    "blank lines": " \n" * 100_000 + "%%",
}


@pytest.mark.parametrize("source", MAGICS.values(), ids=MAGICS.keys())
def test_magics_take_linear_time(source: str) -> None:
    """A cell that is no Python is looked at for magics within limits."""
    began = time.process_time()
    parse_submission("ps1.ipynb", notebook_bytes(source, "def f(): return 7"))
    assert time.process_time() - began < 5


STRUCTURES = {
    "lists": b"[" + b"[]," * 12_000_000 + b"[]]",
    "strings": b"[" + b'"",' * 12_000_000 + b'""]',
    "unterminated": b'{"cells":"' + b'\\"' * 18_000_000,
    "quotes": b'"' * 36_000_000,
}
"""36 MB each."""


@pytest.mark.parametrize("raw", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_a_notebook_of_nothing_but_structure_is_refused(raw: bytes) -> None:
    """Quickly, and without the memory that its values would need."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(SubmissionError, match=r"^ps1\.ipynb: the notebook must "):
        parse_submission("ps1.ipynb", raw)
    assert time.process_time() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 << 10


def test_a_notebook_with_large_pictures_is_read() -> None:
    """Photographs of handwriting are one string each, however large the file is."""
    picture = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"image/png": "iVBO" * (7 << 20)},
    }
    raw = notebook_bytes({**_code("def f(): return 7"), "outputs": [picture]})
    assert len(raw) > 28 << 20
    assert not slice_for(submission_from_bytes("ps1.ipynb", raw), ["f"]).missing


def _code(source: str) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "metadata": {}, "execution_count": None}


def test_a_file_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The student is told what happened and what to do, and the next file is read."""
    monkeypatch.setattr("grader.submission.reader.CPU_SECONDS", 1)
    slow = notebook_bytes(("a." * 900 + " ") * 100 + "?", "def f(): return 7")
    with pytest.raises(
        SubmissionError,
        match=r"^ps1\.ipynb: reading the file takes more than 1 s of CPU time; shorten the code",
    ):
        submission_from_bytes("ps1.ipynb", slow)
    assert not slice_for(module("def f(): return 7"), ["f"]).missing


def test_a_slice_that_takes_too_long_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is then missing with the reason, and no further call tries it again."""
    found = notebook("x = 0\n" + "x = f(x)\n" * 9_000 + "def f(y): return x")
    monkeypatch.setattr("grader.submission.reader.CPU_SECONDS", 0)
    began = time.monotonic()
    part = slice_for(found, ["f", "g"])
    again = slice_for(found, ["f"])
    assert time.monotonic() - began < 60
    assert "takes more than 0 s of CPU time; shorten the code" in part.missing["f"]
    assert part.missing.keys() == {"f", "g"}
    assert again.missing["f"] == part.missing["f"]
