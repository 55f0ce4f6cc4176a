"""The baseline: trained once, shared through the cache, never taken from a damaged one."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grader.data.training
from grader.data.baseline import (
    Architecture,
    Baseline,
    BaselineSpec,
    find_baseline,
    provide_baseline,
)
from grader.errors import DataError, UsageError
from tests.data.conftest import small_arrays, write_npz

ROOT = Path(__file__).parents[2]
WIDTHS = (3072, 24, 10)


@pytest.fixture
def spec(tmp_path: Path) -> BaselineSpec:
    """A small network on small data."""
    file = write_npz(tmp_path / "small.npz", small_arrays())
    return BaselineSpec(data=f"npz:{file}", architecture=Architecture(WIDTHS), epochs=2, threads=1)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each training that really runs."""
    ran: list[int] = []
    real = grader.data.training.train

    def counted(*args: Any, **options: Any) -> Any:
        ran.append(len(ran))
        return real(*args, **options)

    monkeypatch.setattr(grader.data.training, "train", counted)
    return ran


def same(one: Baseline, other: Baseline) -> bool:
    return one.key == other.key and all(
        np.array_equal(values, other.weights[name]) for name, values in one.weights.items()
    )


def test_provide_baseline_trains_once(
    spec: BaselineSpec, cache: Path, trainings: list[int]
) -> None:
    """The second time everything comes from the cache: weights, key, accuracy, losses."""
    first, second = provide_baseline(spec, cache=cache), provide_baseline(spec, cache=cache)
    assert len(trainings) == 1
    assert same(first, second)
    assert (first.accuracy, first.losses, first.seconds, first.spec) == (
        second.accuracy,
        second.losses,
        second.seconds,
        second.spec,
    )


def test_provide_baseline_reads_a_cached_one_without_torch(spec: BaselineSpec, cache: Path) -> None:
    """A grader that finds the weights saves the seconds that importing torch takes."""
    provide_baseline(spec, cache=cache)
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.data.baseline import *\n"
        f"spec = BaselineSpec(data={spec.data!r}, architecture=Architecture({WIDTHS}), epochs=2)\n"
        f"provide_baseline(spec, cache=Path({str(cache)!r}))\n"
        "print('torch' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ran.stdout == "False\n"


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"epochs": 1},
        {"batch": 40},
        {"learning_rate": 2e-3},
        {"architecture": Architecture((3072, 25, 10))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_provide_baseline_trains_anew_for_another_spec(
    spec: BaselineSpec, cache: Path, trainings: list[int], change: dict[str, Any]
) -> None:
    """Whatever the weights depend on gives a baseline of its own."""
    first = provide_baseline(spec, cache=cache)
    second = provide_baseline(replace(spec, **change), cache=cache)
    assert len(trainings) == 2
    assert first.key != second.key


@pytest.mark.parametrize("change", [{"threads": 2}, {"device": "auto"}], ids=["threads", "device"])
def test_provide_baseline_shares_one_over_machines(
    spec: BaselineSpec, cache: Path, trainings: list[int], change: dict[str, Any]
) -> None:
    """What moves the last digits alone is no reason for a second baseline in a course."""
    first = provide_baseline(spec, cache=cache)
    second = provide_baseline(replace(spec, **change), cache=cache)
    assert len(trainings) == 1
    assert same(first, second)
    assert second.spec.threads == 1


def test_provide_baseline_trains_anew_for_other_data(
    spec: BaselineSpec, cache: Path, tmp_path: Path, trainings: list[int]
) -> None:
    """A changed pixel is another dataset; the same images in another file are not."""
    provide_baseline(spec, cache=cache)
    arrays = small_arrays()
    moved = write_npz(tmp_path / "moved.npz", arrays)
    provide_baseline(replace(spec, data=f"npz:{moved}"), cache=cache)
    assert len(trainings) == 1
    arrays["train_images"][0, 0, 0, 0] ^= np.uint8(1)
    changed = write_npz(tmp_path / "changed.npz", arrays)
    provide_baseline(replace(spec, data=f"npz:{changed}"), cache=cache)
    assert len(trainings) == 2


@pytest.mark.parametrize("suffix", ["safetensors", "json"])
def test_provide_baseline_never_trusts_a_damaged_cache(
    spec: BaselineSpec, cache: Path, trainings: list[int], suffix: str
) -> None:
    """A flipped bit means training again, to the same weights."""
    first = provide_baseline(spec, cache=cache)
    (file,) = cache.glob(f"baseline-*.{suffix}")
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)
    second = provide_baseline(spec, cache=cache)
    assert len(trainings) == 2
    assert same(first, second)
    assert same(second, provide_baseline(spec, cache=cache))
    assert len(trainings) == 2


def test_provide_baseline_trains_once_for_graders_that_start_together(
    spec: BaselineSpec, cache: Path
) -> None:
    """Of three real processes one trains; the others wait and say so."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.data.baseline import *\n"
        f"spec = BaselineSpec(data={spec.data!r}, architecture=Architecture({WIDTHS}), epochs=40,"
        " threads=1)\n"
        "told = set()\n"
        f"found = provide_baseline(spec, cache=Path({str(cache)!r}),"
        " progress=lambda done, total, what: told.add(what.split()[0]))\n"
        "print(found.key, 'training' in told)\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        for _ in range(3)
    ]
    lines = [process.communicate(timeout=60)[0].split() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len({key for key, _ in lines}) == 1
    assert sorted(trained for _, trained in lines) == ["False", "False", "True"]


def test_provide_baseline_keeps_a_training_cut_short_apart(
    spec: BaselineSpec, cache: Path, trainings: list[int]
) -> None:
    """A time budget gives what it allows; without one, the whole training is still done."""
    cut = provide_baseline(spec, cache=cache, time_budget=1e-9)
    assert (cut.spec.epochs, len(cut.losses)) == (1, 1)
    assert same(cut, provide_baseline(spec, cache=cache, time_budget=1e-9))
    assert len(trainings) == 1
    whole = provide_baseline(spec, cache=cache)
    assert (whole.spec.epochs, len(trainings)) == (2, 2)
    assert same(whole, provide_baseline(spec, cache=cache, time_budget=1e-9))
    assert len(trainings) == 2
    assert cut.key != whole.key


def test_provide_baseline_within_its_budget_is_the_whole_one(
    spec: BaselineSpec, cache: Path, trainings: list[int]
) -> None:
    """A budget that was not needed leaves no mark."""
    provide_baseline(spec, cache=cache, time_budget=600)
    provide_baseline(spec, cache=cache)
    assert len(trainings) == 1


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"epochs": 0}, "epochs must be positive, got 0"),
        ({"batch": -1}, "batch must be positive"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive, got nan"),
        ({"learning_rate": float("inf")}, "learning_rate must be positive, got inf"),
        ({"threads": 0}, "threads must be positive"),
        ({"architecture": Architecture((3072,))}, "from 3072 to 10"),
        ({"architecture": Architecture((784, 10))}, "from 3072 to 10"),
        ({"architecture": Architecture((3072, 0, 10))}, "must be positive"),
        ({"device": "tpu"}, "must be one of auto, cpu, cuda"),
    ],
)
def test_provide_baseline_rejects_what_cant_be_met(
    spec: BaselineSpec, cache: Path, change: dict[str, Any], text: str
) -> None:
    """A number or a name that can't be used is told before anything is trained."""
    with pytest.raises(UsageError, match=text):
        provide_baseline(replace(spec, **change), cache=cache)


@pytest.mark.parametrize("budget", [0, -1.0, float("nan")])
def test_provide_baseline_rejects_a_budget_of_nothing(
    spec: BaselineSpec, cache: Path, budget: float
) -> None:
    """A budget that allows no second is a mistake."""
    with pytest.raises(UsageError, match="--time-budget: seconds must be positive"):
        provide_baseline(spec, cache=cache, time_budget=budget)


@pytest.mark.filterwarnings("ignore:overflow")
def test_provide_baseline_rejects_a_training_that_diverges(spec: BaselineSpec, cache: Path) -> None:
    """Weights that are not finite are no baseline, and are not kept."""
    with pytest.raises(UsageError, match="learning_rate must let the training converge"):
        provide_baseline(replace(spec, learning_rate=1e38), cache=cache)
    assert not list(cache.glob("*.safetensors"))


def test_provide_baseline_tells_about_data_that_cant_be_had(cache: Path) -> None:
    """A missing file is told as such."""
    with pytest.raises(DataError, match="No such file"):
        provide_baseline(BaselineSpec(data="npz:none.npz"), cache=cache)


def test_find_baseline_trains_nothing(
    spec: BaselineSpec, cache: Path, trainings: list[int]
) -> None:
    """What is cached is found with its accuracy; what isn't is None."""
    assert find_baseline(spec, cache=cache) is None
    assert find_baseline(BaselineSpec(), cache=cache) is None
    made = provide_baseline(spec, cache=cache)
    found = find_baseline(spec, cache=cache)
    assert found is not None
    assert same(found, made)
    assert len(trainings) == 1


def test_the_baseline_has_the_layers_of_the_assignment() -> None:
    """Six layers, 3072 to 1000, 1000 to 1000 four times, 1000 to 10."""
    assert Architecture().widths == (3072, 1000, 1000, 1000, 1000, 1000, 10)
    assert Architecture().layers == ("fc1", "fc2", "fc3", "fc4", "fc5", "fc6")
    assert (BaselineSpec().epochs, BaselineSpec().batch, BaselineSpec().learning_rate) == (
        7,
        100,
        1e-3,
    )
