"""`grader selftest --full` on small families, in the real sandbox."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RIGHT = "def norm_constants(n): return n ** -0.5, 1.0"
FAMILY = """\
item: "1.1a"
right:
  plain: |
    def norm_constants(n):
        return n ** -0.5, 1.0
wrong:
  exchanged: {of: plain, edit: [["n ** -0.5, 1.0", "1.0, n ** -0.5"]], loses: {norm_constants: ""}}
mutants: {of: [plain]}
"""


def self_test(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grader", "selftest", "--full", "--cases", str(folder)]
    return subprocess.run(
        [*command, "--item", "1.1a", "--jobs", "1", *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


def test_a_family_without_surprises_passes(tmp_path: Path) -> None:
    """Right ones get all points, wrong ones lose some: 0, and the counts are printed."""
    (tmp_path / "1.1a.yaml").write_text(FAMILY)
    ended = self_test(tmp_path, "--seeds", "2")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0 false rejects, 0 false accepts" in ended.stdout
    assert "in 2 settings" in ended.stdout


@pytest.mark.parametrize(
    ("family", "words"),
    [
        pytest.param(
            f'item: "1.1a"\nright: {{plain: "{RIGHT}"}}\nwrong: {{same: "{RIGHT}"}}\n',
            "1.1a  same",
            id="a wrong one that gets all points",
        ),
        pytest.param(
            'item: "1.1a"\nright: {bad: "def norm_constants(n): return 0, 1"}\n',
            "1 false rejects",
            id="a right one that does not",
        ),
        pytest.param(
            f'item: "1.1a"\nright: {{plain: "{RIGHT}"}}\n'
            'wrong: {zero: {source: "def norm_constants(n): return 0, 1", '
            "loses: {norm_constants: no such words}}}\n",
            "must say 'no such words'",
            id="one that is told something else",
        ),
    ],
)
def test_every_surprise_is_named_and_fails_the_command(
    tmp_path: Path, family: str, words: str
) -> None:
    """3, and which case it was."""
    (tmp_path / "1.1a.yaml").write_text(family)
    ended = self_test(tmp_path)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert words in ended.stdout


@pytest.mark.parametrize(
    ("family", "words"),
    [
        pytest.param("item: [", "must be YAML", id="no YAML"),
        pytest.param('item: "1.1a"\n', "right", id="no right ones"),
        pytest.param('item: "3.1"\nright: {a: "x = 1"}\n', "--item", id="another item"),
    ],
)
def test_a_wrong_family_is_an_error_that_names_the_file(
    tmp_path: Path, family: str, words: str
) -> None:
    """2, and no traceback."""
    (tmp_path / "1.1a.yaml").write_text(family)
    ended = self_test(tmp_path)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
