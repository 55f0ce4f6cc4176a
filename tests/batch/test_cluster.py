"""grader/batch/{cluster,remote}.py: real Dask workers give the same points, and may die."""

import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from distributed import Client, LocalCluster

from grader.batch.run import grade_run
from grader.errors import GraderError, UsageError
from grader.model import Record
from grader.options import Options
from grader.progress import SilentRun
from grader.store import open_store
from tests.batch.class_of import (
    command,
    expected_points,
    family,
    gone,
    points,
    record_counts,
    start,
    timeless,
    wait_for_records,
)
from tests.batch.conftest import COUNT, Graded

pytestmark = pytest.mark.timeout(240)


def _is_worker(command: list[str]) -> bool:
    """Where `setproctitle` is installed, Dask's workers give themselves a title."""
    return "spawn_main" in " ".join(command) or command[0].startswith("dask worker")


class Killing(SilentRun):
    """Kills a worker of the cluster once something is graded, in the middle of what it does."""

    def __init__(self) -> None:
        self.killed: list[int] = []
        self.workers: set[str] = set()

    def working(self, worker: str, text: str, done: int, total: int) -> None:
        """Look who works."""
        del text, done, total
        self.workers.add(worker)

    def graded(self, file: str, record: Record | None) -> None:
        """Kill the first worker process that is found."""
        del file, record
        if not self.killed:
            worker = next(one for one in family() if _is_worker(one.cmdline()))
            worker.kill()
            self.killed.append(worker.pid)


def test_a_worker_killed_in_mid_run_loses_nothing(graded: Graded, tmp_path: Path) -> None:
    """Its files are graded elsewhere; points and records are those of one machine."""
    progress = Killing()
    run = tmp_path / "run"
    summary = grade_run(
        [graded.hand_ins], run, graded.options, cluster="local:2", progress=progress
    )
    assert progress.killed
    assert len(progress.workers) >= 2
    assert summary.graded == COUNT
    assert points(run) == expected_points(COUNT)
    assert timeless(run) == timeless(graded.run)
    assert set(record_counts(run)) == {1}
    assert not family()


def test_ctrl_c_ends_a_local_cluster_quietly(graded: Graded, tmp_path: Path) -> None:
    """It reaches every process of the terminal; the command alone acts on it."""
    run = tmp_path / "run"
    process = start(command(graded, [graded.hand_ins], run, "--cluster", "local:2"))
    wait_for_records(run, 1, process)
    started = family(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert started
    assert gone(started)
    expected = expected_points(COUNT)
    assert all(given == expected[student] for student, given in points(run).items())


NETWORK = """\
assignment: network
title: The network
total: 2
defaults: {wall_seconds: 90, memory_gib: 2, threads: 2}
items:
  - id: "3.1"
    title: Singular values of the layers
    points: 2
    requires: [layer_singular_values]
    checks:
      - {title: of every layer, use: compression.singular_values, with: {rtol: 1.0e-4}}
"""
SINGULAR_VALUES = """
import torch
def layer_singular_values(net):
    return {
        name: torch.linalg.svdvals(layer.weight.detach()).numpy()
        for name, layer in net.named_children()
        if hasattr(layer, "weight")
    }
"""


def test_the_network_travels_to_workers_that_have_none(tmp_path: Path) -> None:
    """Neither its cache nor its images need be where a worker is."""
    rng = np.random.default_rng(1)
    splits = {"train": 120, "test": 40}
    arrays: dict[str, Any] = {
        f"{split}_images": rng.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
        for split, count in splits.items()
    }
    arrays |= {f"{split}_labels": np.arange(count) % 10 for split, count in splits.items()}
    data, cache = tmp_path / "tiny.npz", tmp_path / "cache"
    np.savez(data, **arrays)
    rubric, hand_in = tmp_path / "network.yaml", tmp_path / "anna.py"
    rubric.write_text(NETWORK)
    hand_in.write_text(SINGULAR_VALUES)

    class Removing(SilentRun):
        """Once the network is on its way, nothing of it is left on the disk."""

        def working(self, worker: str, text: str, done: int, total: int) -> None:
            del worker, text, done, total
            shutil.rmtree(cache, ignore_errors=True)
            data.unlink(missing_ok=True)

    options = Options(
        rubric=rubric,
        data=f"npz:{data}",
        cache=cache,
        device="cpu",
        threads=2,
        time_budget=0.01,
    )
    grade_run([hand_in], tmp_path / "run", options, cluster="local:1", progress=Removing())
    assert not data.exists()
    assert points(tmp_path / "run") == {"anna": (2.0,)}
    with open_store(tmp_path / "run") as store:
        (held,) = store.held()
    assert held.record is not None
    assert held.record.environment.baseline
    assert held.record.environment.dataset.startswith("npz ")


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[LocalCluster]:
    """A cluster that runs already, as a faculty has one."""
    with LocalCluster(
        n_workers=1,
        threads_per_worker=request.param,
        processes=True,
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


@pytest.mark.parametrize("running", [1], indirect=True)
def test_a_running_cluster_is_left_as_it_was(
    graded: Graded, running: LocalCluster, tmp_path: Path
) -> None:
    """Its workers stay, with no sandbox of ours in them; the run goes on where it was."""
    one, two = graded.hand_ins / "s00.py", graded.hand_ins / "s01.py"
    run = tmp_path / "run"
    grade_run([one], run, graded.options, jobs=1)
    summary = grade_run([one, two], run, graded.options, cluster=running.scheduler_address)
    assert (summary.graded, summary.kept) == (1, 1)
    together = timeless(graded.run)
    assert timeless(run) == {"s00": together["s00"], "s01": together["s01"]}
    assert not [left for left in family() if "grader.worker.main" in " ".join(left.cmdline())]


@pytest.mark.parametrize("running", [2], indirect=True)
def test_workers_with_several_threads_are_refused(
    graded: Graded, running: LocalCluster, tmp_path: Path
) -> None:
    """One file at a time is graded in a worker; the error names the option to start it with."""
    with pytest.raises(UsageError, match="--nthreads 1"):
        grade_run(
            [graded.hand_ins], tmp_path / "run", graded.options, cluster=running.scheduler_address
        )


@pytest.mark.parametrize("address", ["local:0", "local:many", "local:", "local:-1", "ftp://host:1"])
def test_an_address_that_can_t_be_used_is_an_error(
    graded: Graded, tmp_path: Path, address: str
) -> None:
    """Before anything is graded."""
    with pytest.raises(UsageError, match="--cluster"):
        grade_run([graded.hand_ins], tmp_path / "run", graded.options, cluster=address)


def test_a_scheduler_that_does_not_answer_is_an_error(
    graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says where nobody answered."""
    monkeypatch.setattr("grader.batch.connect.CONNECT_SECONDS", 1)
    with pytest.raises(GraderError, match="does not answer"):
        grade_run([graded.hand_ins], tmp_path / "run", graded.options, cluster="tcp://127.0.0.1:9")


def test_no_other_user_can_speak_to_a_local_cluster(
    graded: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever could would run code as the person who grades."""
    opened: list[LocalCluster] = []
    made = LocalCluster.__init__

    def note(self: LocalCluster, *arguments: object, **options: object) -> None:
        made(self, *arguments, **options)
        opened.append(self)

    class Asking(SilentRun):
        answers: ClassVar[list[str]] = []

        def planned(self, total: int, kept: int) -> None:
            del total, kept
            address = opened[0].scheduler_address.replace("tls://", "tcp://")
            try:
                Client(address, timeout=2, set_as_default=False).close()
            except OSError as exc:
                self.answers.append(str(exc))

    monkeypatch.setattr(LocalCluster, "__init__", note)
    one = [graded.hand_ins / "s03.py"]
    grade_run(one, tmp_path / "run", graded.options, cluster="local:1", progress=Asking())
    assert opened[0].scheduler_address.startswith("tls://")
    assert Asking.answers


def test_jobs_are_not_for_a_cluster(graded: Graded, tmp_path: Path) -> None:
    """Its workers are what is counted there."""
    with pytest.raises(UsageError, match="--jobs"):
        grade_run([graded.hand_ins], tmp_path / "run", graded.options, jobs=2, cluster="local:2")
