"""grader/isolation.py: what `auto` becomes, who is told, and who may read the course secret."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import grader.isolation
from grader.errors import SandboxError, UsageError
from grader.isolation import isolate
from grader.options import SEED_VARIABLE, Options

ROOT = Path(__file__).parents[1]
SECRET = "a secret of the course"
PROGRAM = """
import json, os, sys
from grader.errors import UsageError
from grader.isolation import isolate
from grader.options import Options
try:
    options = isolate(Options(sandbox="bare"), print)
    print(json.dumps({
        "options": options.secret,
        "variable": os.environ.get("NLA_GRADER_SECRET"),
        "path": os.environ["PATH"],
        "shown": open("/proc/self/environ").read() + open("/proc/self/cmdline").read(),
    }))
except UsageError as exc:
    print(json.dumps({"error": str(exc)}))
"""


def refuse(*_: object) -> None:
    raise SandboxError("sandbox: bubblewrap must be installed")


def seen(command: list[str], **variables: str) -> dict[str, Any]:
    """What the program says; it may run below a shell that knows the secret."""
    ended = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_auto_takes_bubblewrap_where_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody needs to be warned."""
    monkeypatch.setattr(grader.isolation, "verify_sandbox", lambda *_: None)
    warnings: list[str] = []
    assert isolate(Options(sandbox="auto"), warnings.append).sandbox == "bubblewrap"
    assert not warnings


def test_auto_warns_when_it_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason, and with whose rights the submission will have."""
    monkeypatch.setattr(grader.isolation, "verify_sandbox", refuse)
    monkeypatch.setattr(grader.isolation, "closed_to_others", lambda: None)
    warnings: list[str] = []
    assert isolate(Options(sandbox="auto"), warnings.append).sandbox == "bare"
    (warning,) = warnings
    assert "no isolation, the submission runs as" in warning
    assert "bubblewrap must be installed" in warning


@pytest.mark.skipif(os.geteuid() != 0, reason="about root")
def test_auto_never_runs_a_submission_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it can't be another user, it does not run."""
    monkeypatch.setattr(grader.isolation, "verify_sandbox", refuse)
    monkeypatch.setattr(grader.isolation, "closed_to_others", lambda: Path("/root"))
    with pytest.raises(SandboxError, match="would run as root, because /root is closed"):
        isolate(Options(sandbox="auto"), print)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux shows it under /proc")
@pytest.mark.parametrize("secret", [SECRET, "x"])
def test_the_secret_leaves_the_environment(secret: str) -> None:
    """The kernel shows it to nobody any more, the options have it, the other variables stay."""
    found = seen([sys.executable, "-c", PROGRAM, f"--seed={secret}"], **{SEED_VARIABLE: secret})
    assert found["options"] == secret
    assert found["variable"] is None
    assert found["path"] == os.environ["PATH"]
    assert f"{SEED_VARIABLE}={secret}" not in found["shown"]
    assert f"--seed={secret}" not in found["shown"]
    if secret == SECRET:
        assert secret not in found["shown"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux shows it under /proc")
def test_a_secret_that_a_shell_shows_is_not_used() -> None:
    """A submission without a sandbox could read it there."""
    shell = f'{sys.executable} -c "$PROGRAM"; true # {SECRET}'
    found = seen(["sh", "-c", shell], **{SEED_VARIABLE: SECRET, "PROGRAM": PROGRAM})
    assert "lets submissions read the course secret" in found["error"]


def test_a_sandbox_keeps_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is seen there."""
    monkeypatch.setenv(SEED_VARIABLE, SECRET)
    assert isolate(Options(sandbox="bubblewrap"), print) == Options(sandbox="bubblewrap")
    assert os.environ[SEED_VARIABLE] == SECRET


def test_bare_takes_the_variable_from_what_is_started_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The secret is in the options instead."""
    monkeypatch.setenv(SEED_VARIABLE, SECRET)
    try:
        assert isolate(Options(sandbox="bare"), print).secret == SECRET
    except UsageError:
        pytest.skip("the tests themselves were started with a secret")
    assert SEED_VARIABLE not in os.environ
