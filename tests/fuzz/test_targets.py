"""A minute of fuzzing each for the decoder and the loader: nothing unexpected escapes."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris", reason="needs the extra `fuzz`")
HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("target", ["frames", "submissions"])
def test_fuzzing_finds_no_crash(target: str, tmp_path: Path) -> None:
    """The fuzzer ends by its time limit, not by an exception, a hang or a flood of memory."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    limits = ["-max_total_time=60", "-timeout=10", "-rss_limit_mb=2048", "-max_len=4096"]
    seeds = HERE / "corpus" / target
    ended = subprocess.run(
        [sys.executable, str(HERE / "targets.py"), target, str(corpus), str(seeds), *limits],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "Done" in ended.stderr
