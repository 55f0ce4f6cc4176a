"""Single files of every form: `grader check` ends with points or one clear sentence."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from grader.cli import app

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "submissions" / "forms" / "cases.yaml").read_text(encoding="utf-8")
)
ANSWER = "norm_constants = lambda n: (n ** -0.5, 1.0)"
RUBRIC = """\
assignment: small
title: A small set
total: 1
items:
  - {id: "1.1a", title: Constants, points: 1, requires: [norm_constants],
     checks: [{title: constants, use: theory.norm_constants}]}
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_check_reads_a_file_or_says_what_it_is(tmp_path: Path, case: dict[str, Any]) -> None:
    """Points and notes, or exit code 2 and one line; never a traceback."""
    (tmp_path / "rubric.yaml").write_text(RUBRIC, encoding="utf-8")
    file = tmp_path / case["file"]
    file.write_bytes(case["text"].replace("ANSWER", ANSWER).encode(case.get("encoding", "utf-8")))
    ended = CliRunner().invoke(app, ["check", str(file), "--rubric", str(tmp_path / "rubric.yaml")])
    told = " ".join(ended.output.replace("│", " ").split())
    assert "Traceback" not in told
    if "error" in case:
        assert ended.exit_code == 2
        assert f"error: {case['file']}: " in told
        assert case["error"] in told
    else:
        assert ended.exit_code == 1 - case["points"]
        assert case.get("says", "") in told
