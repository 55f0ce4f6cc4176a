"""Files that end every worker process: they are put aside, and everybody else is graded."""

from pathlib import Path

import pytest

from grader.batch.local import LocalExecutor
from grader.batch.regrade import regrade_run
from grader.batch.run import grade_run
from grader.model import ItemRecord, Status
from grader.store import open_store
from tests.batch import poisoned_process
from tests.batch.class_of import EXPECTED, points, solution
from tests.batch.conftest import Graded


def write_hand_ins(folder: Path, poisonous: int) -> Path:
    """Poisonous files first, honest ones behind them."""
    folder.mkdir()
    for number in range(poisonous):
        text = f"{poisoned_process.POISON.decode()} {number}\n{solution(0)}"
        (folder / f"a{number}.py").write_text(text)
    for number in range(2):
        (folder / f"b{number}.py").write_text(solution(number))
    return folder


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Poison works; undo it, and the grader is mended."""
    module = poisoned_process.__name__
    defaults = LocalExecutor.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "module", module)
    monkeypatch.setattr("grader.batch.remote.grade", poisoned_process.grade)
    # One fault that counts would end the run.
    monkeypatch.setattr("grader.batch.local.MOST_FAULTS", 1)
    monkeypatch.setattr("grader.batch.cluster.MOST_FAULTS", 1)
    return monkeypatch


def faults(run: Path) -> dict[str, list[ItemRecord]]:
    """Student to the items that ended in a grader error."""
    with open_store(run, read_only=True) as store:
        return {
            held.entry.student: found
            for held in store.held()
            if held.record is not None
            if (found := [i for i in held.record.items if i.status is Status.GRADER_FAULT])
        }


@pytest.mark.parametrize(
    ("where", "poisonous"),
    [
        ({"jobs": 2}, 2),
        # Each ends four worker processes, and Dask takes its time to replace one.
        pytest.param({"cluster": "local:2"}, 1, marks=pytest.mark.slow),
    ],
    ids=["jobs", "cluster"],
)
def test_poison_is_put_aside(
    graded: Graded,
    tmp_path: Path,
    poisoned: pytest.MonkeyPatch,
    where: dict[str, object],
    poisonous: int,
) -> None:
    """The class is graded; a resumed run leaves poison alone, a regrade does not."""
    hand_ins = write_hand_ins(tmp_path / "hand-ins", poisonous)
    run, aside = tmp_path / "run", {f"a{number}" for number in range(poisonous)}
    summary = grade_run([hand_ins], run, graded.options, **where)  # type: ignore[arg-type]
    assert summary.graded == poisonous + 2
    assert faults(run).keys() == aside
    for items in faults(run).values():
        assert all("put aside" in item.staff_note and not item.score for item in items)
        assert len(items) == 2
    honest = {f"b{number}": EXPECTED[number] for number in range(2)}
    assert {name: points(run)[name] for name in honest} == honest
    again = grade_run([hand_ins], run, graded.options, **where)  # type: ignore[arg-type]
    assert again.graded == 0
    assert faults(run).keys() == aside

    poisoned.undo()
    assert grade_run([hand_ins], run, graded.options, jobs=1).graded == 0
    found = regrade_run(
        run, (), change=lambda _stored: graded.options, students=sorted(aside), jobs=2
    )
    assert found.graded == poisonous
    assert not faults(run)
    assert points(run)["a0"] == EXPECTED[0]
