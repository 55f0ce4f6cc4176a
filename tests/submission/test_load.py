"""grader/submission/load.py: what can be read, what can't, and what a person is told."""

import hashlib
import os
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.submission import load_submission, slice_for, submission_from_bytes
from tests.submission.hand_ins import markdown, notebook, notebook_bytes, value


def refusal(name: str, raw: bytes) -> str:
    with pytest.raises(SubmissionError) as caught:
        submission_from_bytes(name, raw)
    return str(caught.value)


def test_load_submission_reads_a_notebook(tmp_path: Path) -> None:
    """Name, kind and the hash of the very bytes are those of the file."""
    raw = notebook_bytes("def f(): return 7")
    path = tmp_path / "ada.IPYNB"
    path.write_bytes(raw)
    found = load_submission(path)
    assert (found.name, found.kind, found.notes) == ("ada.IPYNB", "notebook", ())
    assert found.sha256 == hashlib.sha256(raw).hexdigest()
    assert value(found, "f") == 7


def test_load_submission_reads_a_module(tmp_path: Path) -> None:
    """A module goes through the same door."""
    path = tmp_path / "ada.py"
    path.write_text("def f(): return 7")
    found = load_submission(path)
    assert found.kind == "module"
    assert value(found, "f") == 7


def test_load_submission_names_a_missing_file(tmp_path: Path) -> None:
    """A wrong name is no traceback."""
    with pytest.raises(
        SubmissionError, match=r"^gone\.py: the submission must be a file, got none"
    ):
        load_submission(tmp_path / "gone.py")


def test_load_submission_refuses_a_folder(tmp_path: Path) -> None:
    """A folder is named as such."""
    with pytest.raises(SubmissionError, match="got a folder"):
        load_submission(tmp_path)


@pytest.mark.timeout(20)
def test_load_submission_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    """A pipe that nobody writes to is refused at once."""
    path = tmp_path / "ps1.py"
    os.mkfifo(path)
    with pytest.raises(SubmissionError, match="got a pipe"):
        load_submission(path)


def test_load_submission_refuses_a_device() -> None:
    """What never ends is not read."""
    with pytest.raises(SubmissionError, match="got a device"):
        load_submission(Path("/dev/zero"))


def test_load_submission_refuses_what_is_too_large(tmp_path: Path) -> None:
    """The limit is in the message, with what to do about it."""
    path = tmp_path / "ps1.ipynb"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    with pytest.raises(SubmissionError, match=r"at most 100 MiB, got 200\.0; clear the outputs"):
        load_submission(path)


def test_load_submission_shows_a_strange_name_safely(tmp_path: Path) -> None:
    """A name that is no text or that moves the cursor is shown as escapes."""
    path = tmp_path / os.fsdecode(b"\x1b[2J\xff.py")
    path.write_text("def f(): return 7")
    assert load_submission(path).name == r"\x1b[2J\udcff.py"


@pytest.mark.parametrize("name", ["ps1.txt", "ps1", "ps1.pyc", ".py"])
def test_submission_from_bytes_refuses_another_suffix(name: str) -> None:
    """The suffix alone says what a file is."""
    assert "must be a notebook (.ipynb) or a module (.py)" in refusal(name, b"x = 1")


@pytest.mark.parametrize("name", ["ps1.py", "ps1.ipynb"])
@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("x = 1".encode("utf-16-le"), "must be UTF-8 text, got NUL bytes"),
        ("x = 1".encode("utf-16")[:-1], "must be UTF-16 text, got the byte 0x31 at position 10"),
        (b"x = 1\0", "got NUL bytes"),
        (b"x = '\xe9'", "got the byte 0xe9 at position 5"),
    ],
    ids=["utf-16", "cut", "nul", "latin-1"],
)
def test_submission_from_bytes_refuses_what_is_no_utf8(name: str, raw: bytes, words: str) -> None:
    """The message says what came and how to mend it."""
    told = refusal(name, raw)
    assert words in told
    assert "save it as UTF-8" in told


BOM = "\ufeff"
SOURCE = "def f(): return len('\u00e9\u2026')"


@pytest.mark.parametrize(
    ("raw", "length", "words"),
    [
        ((BOM + SOURCE).encode(), 2, ""),
        (SOURCE.encode("utf-16"), 2, ""),
        ((BOM + SOURCE).encode("utf-16-be"), 2, ""),
        (SOURCE.encode("utf-32"), 2, ""),
        (f"# -*- coding: cp1252 -*-\n{SOURCE}".encode("cp1252"), 2, ""),
        (f"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n{SOURCE}".encode("cp1252"), 2, ""),
        (f"x = 1\n# coding: cp1252\n{SOURCE}".encode(), 2, ""),
        (f"# coding: latin-1\n{SOURCE}".encode(), 5, ""),
        (f"# coding: utf8mb4\n{SOURCE}".encode(), 2, "'utf8mb4', which is not the file's encoding"),
        (f"# coding: hex\n{SOURCE}".encode(), 2, "'hex'"),
        (f"# coding: utf-16\n{SOURCE}".encode(), 2, "'utf-16'"),
        (f"# coding: undefined\n{SOURCE}".encode(), 2, "'undefined'"),
        (f"# coding: punycode\n{SOURCE}".encode(), 2, "'punycode'"),
    ],
)
def test_a_module_is_read_in_its_encoding(raw: bytes, length: int, words: str) -> None:
    """Marks and coding lines count; an unknown coding is noted and UTF-8 is tried."""
    found = submission_from_bytes("a.py", raw)
    assert value(found, "f") == length
    assert words in " ".join(found.notes)
    assert bool(found.notes) == bool(words)


def test_an_unknown_coding_is_named_where_utf8_does_not_help() -> None:
    """Both reasons are in the message."""
    told = refusal("a.py", b"# coding: utf9\nx = '\xe9'")
    assert "got the byte 0xe9" in told
    assert "the coding line names 'utf9'" in told


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("a.py", notebook_bytes("def f(): return 7"), "a notebook, though its name ends in .py"),
        ("a.ipynb", b"# A title\ndef f(): return 7", "a module, though its name ends in .ipynb"),
        ("a.ipynb", "def f(): return 7".encode("utf-16"), "a module, though"),
        ("a.ipynb.txt", notebook_bytes("def f(): return 7"), "read as a notebook"),
        ("a.ipynb (1).json", notebook_bytes("def f(): return 7"), "read as a notebook"),
        ("a.py.txt", b"def f(): return 7", "read as a module"),
        ("a.ipynb.txt", b"def f(): return 7", "a module, though its name ends in .ipynb"),
        ("a (1).ipynb", notebook_bytes("def f(): return 7"), ""),
    ],
)
def test_a_file_is_read_as_what_it_is(name: str, raw: bytes, words: str) -> None:
    """Whatever its name says, and with a note where the name says something else."""
    found = submission_from_bytes(name, raw)
    assert value(found, "f") == 7
    assert words in " ".join(found.notes)
    assert bool(found.notes) == bool(words)


def test_submission_from_bytes_refuses_a_notebook_without_code() -> None:
    """Markdown alone can't be graded by running it."""
    raw = notebook_bytes(markdown("# A title"), " \n")
    assert "must have cells with code, got 2 cells and no code in them" in refusal("a.ipynb", raw)


def test_a_syntax_error_leaves_out_its_cell_alone() -> None:
    """The other cells count, and the note says which cell, which line and why."""
    found = notebook(
        "def f(): return g()", markdown("text"), "def g(): return 7", "x = 1\ndef h(:\n  pass"
    )
    assert found.notes == (
        "cell 4 has a syntax error in line 2: invalid syntax (read as Python 3.11); it is left out",
    )
    assert value(found, "f") == 7


def test_a_rule_of_scopes_leaves_out_its_statement_alone() -> None:
    """What the parser accepts and the compiler does not is found without compiling."""
    found = notebook("def f(): return 7\n\ndef g(a, a): return a\n\ndef h(): return f()")
    (note,) = found.notes
    assert note.startswith(
        "cell 1 has a syntax error in line 3: duplicate argument 'a' in function"
    )
    assert value(found, "h") == 7
    assert "which has a syntax error in line 3" in slice_for(found, ["g"]).missing["g"]


@pytest.mark.parametrize("statement", ["x = await g()", "async for x in g(): pass", "return 3"])
def test_what_only_a_function_may_contain_is_left_out(statement: str) -> None:
    """A notebook may await at the top level; the worker's module may not."""
    found = notebook(f"def f(): return 7\n{statement}")
    assert len(found.notes) == 1
    assert "outside of a function in line 2" in found.notes[0]
    assert value(found, "f") == 7


def test_notes_do_not_grow_without_end() -> None:
    """A hundred broken cells make a dozen notes and a count."""
    found = notebook("def f(): return 7", *["def ("] * 100)
    assert len(found.notes) == 13
    assert found.notes[-1] == "and 88 more notes like these"


def test_another_language_is_said() -> None:
    """A notebook in R is read all the same, and the note explains the syntax errors."""
    raw = notebook_bytes("f <- 7", metadata={"kernelspec": {"language": "R", "name": "ir"}})
    assert "its language is 'r'" in submission_from_bytes("a.ipynb", raw).notes[0]


def test_warnings_of_the_source_do_not_leak(recwarn: pytest.WarningsRecorder) -> None:
    """An invalid escape or `is 7` is the student's to see, not the grader's."""
    found = notebook(r"def f(): return len('\d')", "def g(x): return x is 7")
    slice_for(found, ["f", "g"])
    assert not recwarn.list


def test_too_much_code_is_refused() -> None:
    """A module of megabytes is data, not code."""
    raw = b"x = [\n" + b"1234567,\n" * 300_000 + b"]"
    assert "must have at most 2097152 characters, got 2700007" in refusal("a.py", raw)


def test_too_many_statements_are_refused() -> None:
    """What would take long to analyse is refused, not begun."""
    assert "at most 20000 statements" in refusal("a.py", b"a;" * 30_000)


def test_a_cell_that_is_too_long_is_left_out() -> None:
    """The others count."""
    found = notebook("x = '" + "a" * 300_000 + "'", "def f(): return 7")
    assert found.notes == ("cell 1 has more than 262144 characters; it is left out",)
    assert value(found, "f") == 7
