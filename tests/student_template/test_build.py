import shutil
from pathlib import Path

import pytest

from student_template.build import ROOT, SOURCE, main, render, stale

GENERATED = {
    "student_template/ps1.ipynb",
    "student_template/ps1.py",
    "reference/ps1.ipynb",
    "reference/ps1.py",
    "reference/given.py",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources and the generated files, free to be changed."""
    for folder in ("student_template", "reference"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_generated_files_are_what_their_sources_say() -> None:
    """Nobody edited a generated file, and nobody forgot to generate."""
    files = render(ROOT)
    assert set(files) == GENERATED
    assert stale(files, ROOT) == []


TEMPLATE = {"student_template/ps1.ipynb", "student_template/ps1.py"}
HAND_IN = {"reference/ps1.ipynb", "reference/ps1.py"}


@pytest.mark.parametrize(
    ("source", "change", "files"),
    [
        (SOURCE, ("Your proof.", "Your words."), TEMPLATE),
        ("reference/theory.py", ("np.zeros((m, n))", "np.eye(m, n)"), HAND_IN),
        ("reference/answers.md", ("**Proof.**", "*Proof.*"), HAND_IN),
        (SOURCE, ("nn.Linear(1000, 10)", "nn.Linear(1000, 11)"), GENERATED),
    ],
    ids=["placeholder", "solution", "answer", "given code"],
)
def test_check_names_the_files_that_a_change_makes_stale(
    source: str,
    change: tuple[str, str],
    files: set[str],
    copy: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A change of a source shows in just the files that are made of it."""
    text = (copy / source).read_text(encoding="utf-8")
    assert change[0] in text
    (copy / source).write_text(text.replace(*change), encoding="utf-8")
    assert main(["--check"], copy) == 1
    named = capsys.readouterr().out.splitlines()
    assert {line.partition(":")[0] for line in named} == files


def test_check_writes_nothing(copy: Path) -> None:
    """A stale file is still stale after the check."""
    target = copy / "student_template/ps1.py"
    target.write_text("edited\n")
    assert main(["--check"], copy) == 1
    assert target.read_text() == "edited\n"


def test_main_writes_what_the_check_then_accepts(copy: Path) -> None:
    """Missing and edited files are made anew."""
    (copy / "reference/ps1.ipynb").unlink()
    (copy / "student_template/ps1.py").write_text("edited\n")
    assert main([], copy) == 0
    assert main(["--check"], copy) == 0


def test_main_says_what_is_wrong_with_a_source(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A source that can't be understood is one line, no traceback."""
    (copy / SOURCE).write_text("```python\n", encoding="utf-8")
    assert main([], copy) == 2
    assert capsys.readouterr().err.startswith(f"{SOURCE}: a fence must be closed")
