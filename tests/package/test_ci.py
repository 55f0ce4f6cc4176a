"""grader/package/ci.py: workflows that their systems accept."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from grader.errors import UsageError
from grader.package.ci import ci_file

SCHEMAS = {
    "github": ["--builtin-schema", "vendor.github-workflows"],
    "gitlab": ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}
FILES = Path(__file__).parents[2] / "grader" / "package" / "files"


@pytest.mark.parametrize("system", SCHEMAS)
def test_ci_file_fits_its_schema(system: str, tmp_path: Path) -> None:
    """The system's own schema takes the file."""
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    path = tmp_path / f"{system}.yml"
    path.write_bytes(ci_file(system))
    command = [sys.executable, "-m", "check_jsonschema", *SCHEMAS[system], str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stdout


def test_github_workflow_passes_actionlint(tmp_path: Path) -> None:
    """Expressions, contexts and inputs of actions are right."""
    actionlint = shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("actionlint is not installed")
    path = tmp_path / ".github" / "workflows" / "check.yml"
    path.parent.mkdir(parents=True)
    path.write_bytes(ci_file("github"))
    ended = subprocess.run([actionlint, str(path)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("system", SCHEMAS)
def test_ci_file_calls_a_command_that_is_there(system: str) -> None:
    """The form that the workflow asks for is one that `check` has."""
    from grader.report_commands import SHOWN  # noqa: PLC0415 - it brings the whole grader

    text = ci_file(system).decode()
    (form,) = {
        line.split("--format ")[1].split()[0] for line in text.splitlines() if "--format" in line
    }
    assert form in SHOWN


def test_github_workflow_may_only_read() -> None:
    """The token of a student's workflow can change nothing."""
    workflow = yaml.safe_load(ci_file("github"))
    assert workflow["permissions"] == {"contents": "read"}


def test_ci_file_knows_its_systems() -> None:
    """Another system is refused, with those there are."""
    with pytest.raises(UsageError, match="must be one of github, gitlab, got 'jenkins'"):
        ci_file("jenkins")


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_scripts_pass_shellcheck(name: str) -> None:
    """The scripts hold no trap of the shell."""
    shellcheck = Path(sys.executable).with_name("shellcheck")
    ended = subprocess.run(
        [str(shellcheck), str(FILES / name)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
