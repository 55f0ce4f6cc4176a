"""grader/submission/file_names.py: which names are of files that can be graded."""

import pytest

from grader.submission import gradable_name


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("ps1.ipynb", ".ipynb"),
        ("PS1.IPYNB", ".ipynb"),
        ("ps1 (1).ipynb", ".ipynb"),
        ("ps1.py", ".py"),
        ("a folder/ps1.py", ".py"),
        ("ps1.ipynb.txt", ".ipynb"),
        ("ps1.ipynb.json", ".ipynb"),
        ("ps1.ipynb (1).txt", ".ipynb"),
        ("ps1.ipynb-2.TXT", ".ipynb"),
        ("ps1.py.txt", ".py"),
        ("ps1.py.ipynb", ".ipynb"),
        ("ps1.py.json", ""),
        ("ps1.txt", ""),
        ("notes-1.txt", ""),
        ("ps1.json", ""),
        ("ps1.pyc", ""),
        ("ps1.ipynb.html", ""),
        ("ps1.ipynb.txt.txt", ""),
        (".py", ""),
        (".ipynb.txt", ""),
        ("", ""),
        ("a." * 100_000 + "(1" * 100_000 + ".txt", ""),
    ],
)
def test_gradable_name_understands_what_browsers_append(name: str, suffix: str) -> None:
    """A second suffix changes nothing; other files are left alone."""
    assert gradable_name(name) == suffix
