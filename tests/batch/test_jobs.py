"""grader/batch/jobs.py: as many files at once as there are cores, and as fit into memory."""

from pathlib import Path

import pytest

from grader.batch import jobs
from grader.rubric import Item, load_rubric
from tests.batch.class_of import rubric

GIB = 1 << 30


@pytest.fixture
def items(tmp_path: Path) -> tuple[Item, ...]:
    """Items of 1 GiB each."""
    return load_rubric(rubric(tmp_path)).items


@pytest.mark.parametrize(
    ("cores", "gib", "expected"),
    [(4, 64.0, 4), (64, 16.0, 5), (1, 64.0, 1), (8, 0.5, 1), (8, 2.8, 1), (8, 5.7, 2)],
)
def test_default_jobs_is_bound_by_cores_and_by_memory(
    items: tuple[Item, ...], monkeypatch: pytest.MonkeyPatch, cores: int, gib: float, expected: int
) -> None:
    """Each file may use its 1 GiB and 1.5 around it, of nine tenths of the memory; one at least."""
    monkeypatch.setattr(jobs, "usable_cores", lambda: cores)
    monkeypatch.setattr(jobs, "memory_bytes", lambda: int(gib * GIB))
    assert jobs.default_jobs(items, 4) == expected


def test_the_largest_item_counts(
    items: tuple[Item, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One item that may use more makes room for itself."""
    file = rubric(tmp_path)
    text = file.read_text().replace(
        "[rayleigh_gradient]", "[rayleigh_gradient]\n    limits: {memory_gib: 10}"
    )
    file.write_text(text)
    monkeypatch.setattr(jobs, "usable_cores", lambda: 100)
    monkeypatch.setattr(jobs, "memory_bytes", lambda: 40 * GIB)
    assert jobs.default_jobs(items, 4) == 14
    assert jobs.default_jobs(load_rubric(file).items, 4) == 3


@pytest.mark.parametrize(("threads", "expected"), [(1, 8), (2, 4), (4, 2)])
def test_items_with_several_threads_have_several_cores(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, threads: int, expected: int
) -> None:
    """What the rubric allows an item, as far as this grading uses it, is there for each file."""
    file = rubric(tmp_path)
    file.write_text(file.read_text().replace("threads: 1", "threads: 4"))
    monkeypatch.setattr(jobs, "usable_cores", lambda: 8)
    monkeypatch.setattr(jobs, "memory_bytes", lambda: 400 * GIB)
    assert jobs.default_jobs(load_rubric(file).items, threads) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"memory.max": "max\n"}, None),
        ({"memory.max": "1073741824\n"}, GIB),
        ({"memory/memory.limit_in_bytes": "2147483648\n"}, 2 * GIB),
        ({"memory/memory.limit_in_bytes": "9223372036854771712\n"}, None),
    ],
    ids=["no groups", "no limit", "v2", "v1", "v1 without limit"],
)
def test_memory_is_the_container_s_where_it_has_a_limit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    expected: int | None,
) -> None:
    """Else the machine's."""
    monkeypatch.setattr(jobs, "_GROUPS", tmp_path / "nowhere")
    whole = jobs.memory_bytes()
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(jobs, "_GROUPS", tmp_path)
    assert jobs.memory_bytes() == (expected or whole)
