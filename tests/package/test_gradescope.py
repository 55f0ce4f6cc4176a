"""grader/package/gradescope.py, harness.py: Gradescope's folders, laid out here."""

import io
import json
import os
import re
import site
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.errors import RubricError, UsageError
from grader.package.gradescope import Asked, build_autograder, check_visibility
from grader.package.settings import Settings
from grader.package.wheel import LOCK
from tests.package.small import HALF, RUBRIC

SECRET = "a course's secret"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("packed")
    rubric = folder / "small.yaml"
    rubric.write_text(RUBRIC, encoding="utf-8")
    settings = Settings(secret=SECRET, sandbox="bare", threads=1, visibility="after_published")
    return build_autograder(Asked(rubric=rubric, settings=settings))


def is_open(path: Path) -> bool:
    """Whether another user may come there."""
    return all(place.stat().st_mode & 0o005 for place in (path, *path.parents))


def python_for_others() -> Path:
    """An interpreter like this one that another user may run."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (Path(sys.base_prefix) / "bin" / version, Path("/usr/bin") / version):
        if python.is_file() and is_open(python.resolve()):
            return python
    pytest.skip(f"no {version} that other users may run: apt-get install {version}-venv")


@pytest.fixture(scope="module")
def root(packed: bytes) -> Iterator[Path]:
    """`/autograder` after `setup.sh`, but for what pip would fetch: that is this environment's."""
    python = python_for_others()
    if not all(is_open(Path(folder)) for folder in site.getsitepackages()):
        pytest.skip("the installed packages are not open to other users")
    # Not in pytest's own folder, which no other user may enter.
    with tempfile.TemporaryDirectory(prefix="autograder-") as name:
        root = Path(name)
        root.chmod(0o755)
        _set_up(root, packed, python)
        yield root


def _set_up(root: Path, packed: bytes, python: Path) -> None:
    source = root / "source"
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for entry in archive.infolist():
            archive.extract(entry, source)
            (source / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
    # The script itself runs; what it would download is this environment's.
    for lock in (source / "requirements").glob("*.txt"):
        lock.write_text("")
    environment = os.environ | {
        "AUTOGRADER_ROOT": str(root),
        "GRADER_NO_APT": "1",
        "NLA_GRADER_TORCH": "cpu",
        "PIP_NO_INDEX": "1",
        "PYTHON": str(python),
    }
    ended = subprocess.run(
        ["bash", str(source / "setup.sh")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    # The command can't run yet: its dependencies are added below.
    assert "No module named" in ended.stderr or ended.returncode == 0, ended.stderr
    paths = sysconfig.get_paths(vars={"base": str(root / "venv"), "platbase": str(root / "venv")})
    own = Path(paths["purelib"])
    assert (own / "grader" / "package" / "harness.py").is_file()
    (own / "dependencies.pth").write_text("\n".join(site.getsitepackages()) + "\n")


def run(root: Path, files: dict[str, str]) -> tuple[dict[str, Any] | None, str]:
    """What `run_autograder` writes for these files, and what it prints."""
    submission = root / "submission"
    for old in submission.glob("*"):
        old.unlink()
    submission.mkdir(exist_ok=True)
    for name, text in files.items():
        (submission / name).write_text(text, encoding="utf-8")
    ended = subprocess.run(
        [str(root / "source" / "run_autograder")],
        env={"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        timeout=110,
    )
    results = root / "results" / "results.json"
    written = json.loads(results.read_bytes()) if results.is_file() else None
    assert (ended.returncode == 0) == (written is not None), ended.stdout + ended.stderr
    return written, ended.stdout + ended.stderr


def test_zip_holds_what_gradescope_runs(packed: bytes) -> None:
    """Both scripts at the root, executable; the grader, the rubric; no reference, no test."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        assert archive.read("rubric.yaml").decode() == RUBRIC
    wheels = [name for name in modes if name.startswith("wheel/")]
    assert len(wheels) == 1
    assert set(modes) - set(wheels) == {
        "setup.sh",
        "run_autograder",
        "rubric.yaml",
        "settings.json",
        *LOCK,
    }
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert modes["settings.json"] == 0o600


def test_zip_is_the_same_twice(packed: bytes, tmp_path: Path) -> None:
    """The same autograder gives the same bytes."""
    rubric = tmp_path / "small.yaml"
    rubric.write_text(RUBRIC, encoding="utf-8")
    settings = Settings(secret=SECRET, sandbox="bare", threads=1, visibility="after_published")
    assert build_autograder(Asked(rubric=rubric, settings=settings)) == packed


def test_zip_holds_the_baseline(tmp_path: Path) -> None:
    """What was trained ahead travels along; an empty cache is refused."""
    with pytest.raises(UsageError, match="must hold a trained baseline"):
        build_autograder(Asked(cache=tmp_path))
    for name in ("a.safetensors", "a.json", "a.lock"):
        (tmp_path / name).write_bytes(b"x")
    with zipfile.ZipFile(io.BytesIO(build_autograder(Asked(cache=tmp_path)))) as archive:
        kept = {name for name in archive.namelist() if name.startswith("cache/")}
    assert kept == {"cache/a.safetensors", "cache/a.json"}


def test_a_wrong_rubric_is_not_packed(tmp_path: Path) -> None:
    """Its faults are found here rather than at the first student's."""
    rubric = tmp_path / "wrong.yaml"
    rubric.write_text(RUBRIC.replace("total: 6", "total: 7"), encoding="utf-8")
    with pytest.raises(RubricError):
        build_autograder(Asked(rubric=rubric))


def test_check_visibility_knows_gradescopes() -> None:
    """Another word is refused."""
    assert check_visibility("after_due_date") == "after_due_date"
    with pytest.raises(UsageError, match="--visibility: must be one of hidden"):
        check_visibility("never")


def test_a_hand_in_is_graded(root: Path) -> None:
    """Points, feedback and output of a module arrive in `results.json`."""
    files = {"ps1.py": HALF, "plots.ipynb": "{}", "notes.txt": "x"}
    results, printed = run(root, files)
    assert results is not None, printed
    assert results["score"] == 1.0
    assert "not graded: plots.ipynb (can't be read)" in results["output"]
    assert results["visibility"] == "after_published"
    assert results["stdout_visibility"] == "hidden"
    tests = {test["number"]: test for test in results["tests"]}
    assert tests["1.1a"]["score"] == 1.0
    assert "called with" in tests["1.1a"]["output"]
    assert "ValueError: no idea" in tests["1.3b"]["output"]
    assert "score" not in tests["1.1b.hand"]
    assert results["extra_data"]["seed"] != "practice"
    assert SECRET not in json.dumps(results) + printed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
def test_a_hand_in_can_not_reach_what_is_roots(root: Path) -> None:
    """Without a sandbox the secret, the results and the grader's memory stay out of reach."""
    attack = f"""\
import os


def norm_constants(n):
    found = [f"uid {{os.geteuid()}}"]
    for path in (
        "{root}/source/settings.json",
        "{root}/source/rubric.yaml",
        f"/proc/{{os.getppid()}}/environ",
    ):
        try:
            found.append(f"read {{path}} {{len(open(path, 'rb').read())}}")
        except OSError as exc:
            found.append(type(exc).__name__)
    for parent in sorted(int(name) for name in os.listdir("/proc") if name.isdecimal()):
        try:
            line = open(f"/proc/{{parent}}/cmdline", "rb").read()
            if b"grader.package.harness" in line:
                open(f"/proc/{{parent}}/environ", "rb").read()
                found.append("read its environment")
                open(f"/proc/{{parent}}/mem", "rb").close()
                found.append("opened its memory")
        except OSError as exc:
            found.append(type(exc).__name__)
    try:
        open("{root}/results/results.json", "w").write("{{}}")
        found.append("wrote results")
    except OSError as exc:
        found.append(type(exc).__name__)
    print("; ".join(found))
    return 1.0, 1.0
"""
    results, printed = run(root, {"ps1.py": attack})
    assert results is not None, printed
    output = next(test["output"] for test in results["tests"] if test["number"] == "1.1a")
    assert re.search(r"uid 1\d{9}; PermissionError; PermissionError", output)
    for success in ("read ", "opened its memory", "wrote results"):
        assert success not in output


LEAVES = """\
import os, time


def norm_constants(n):
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        os.makedirs(folder + "/NAME/deep/er", exist_ok=True)
        open(folder + "/NAME/deep/er/answer", "w").write("1")
        os.chmod(folder + "/NAME/deep", 0)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    return 1.0, 1.0


def rank_one_svd(n):
    found = [name for folder in ("/tmp", "/var/tmp", "/dev/shm") for name in os.listdir(folder)]
    print("files", "NAME" in found)
    pids = ["/proc/" + name for name in os.listdir("/proc") if name.isdecimal()]
    print("processes", sum(os.stat(pid).st_uid == os.getuid() for pid in pids))
    import socket
    try:
        socket.socket(socket.AF_INET)
        print("network")
    except PermissionError:
        pass
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
def test_an_item_leaves_nothing_for_the_next(root: Path) -> None:
    """No file where all may write, no process; and there are no sockets to leave it elsewhere."""
    # Another run of this test may have been killed, or be going on.
    name = f"left-by-an-item-{os.getpid()}"
    results, printed = run(root, {"ps1.py": LEAVES.replace("NAME", name)})
    assert results is not None, printed
    output = next(test["output"] for test in results["tests"] if test["number"] == "1.3b")
    assert "files False" in output
    assert output.endswith("processes 1")
    assert "network" not in output


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no notebook and no module was submitted"),
        ({"ps1.pdf": "%PDF"}, "only ps1.pdf (a PDF); submit the notebook"),
        ({"ps1.ipynb": "no notebook"}, "ps1.ipynb"),
    ],
    ids=["none", "pdf", "broken"],
)
def test_a_file_that_can_not_be_read_is_told(root: Path, files: dict[str, str], words: str) -> None:
    """The student reads what to do, and gets no points."""
    results, printed = run(root, files)
    assert results is not None, printed
    assert results["score"] == 0.0
    assert words in results["output"]


def test_a_fault_of_ours_writes_no_results(root: Path) -> None:
    """Gradescope tells the student to ask the staff, who read what went wrong."""
    rubric = root / "source" / "rubric.yaml"
    kept = rubric.read_text(encoding="utf-8")
    rubric.write_text("items: no", encoding="utf-8")
    try:
        results, printed = run(root, {"ps1.py": HALF})
    finally:
        rubric.write_text(kept, encoding="utf-8")
    assert results is None
    assert "rubric" in printed


def test_a_link_is_no_hand_in(root: Path) -> None:
    """A link to a file of ours is not followed."""
    submission = root / "submission"
    submission.mkdir(exist_ok=True)
    (submission / "ps1.ipynb").unlink(missing_ok=True)
    link = submission / "link.py"
    link.symlink_to(root / "source" / "settings.json")
    from grader.errors import SubmissionError  # noqa: PLC0415
    from grader.package.harness import find_submission  # noqa: PLC0415

    for other in submission.glob("ps1.*"):
        other.unlink()
    with pytest.raises(SubmissionError, match="no notebook"):
        find_submission(submission, [])
    link.unlink()


def test_a_notebook_that_cannot_be_read_beside_a_module_is_told(tmp_path: Path) -> None:
    """The student reads why, and so do the staff."""
    from grader.package.harness import find_submission  # noqa: PLC0415

    (tmp_path / "ps1.ipynb").write_text("{")
    (tmp_path / "utils.py").write_text("def f(x): return x\n")
    found = find_submission(tmp_path, ["f", "g"])
    assert found.name == "utils.py"
    (why,) = found.unread
    assert why.startswith("ps1.ipynb can't be read and was not graded: ")
    assert why in found.notes
