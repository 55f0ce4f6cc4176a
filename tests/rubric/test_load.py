"""Every fault of a rubric at once, each with its line, its key and what was expected."""

from fractions import Fraction
from pathlib import Path

import pytest

from grader.assets import asset
from grader.checks import CHECKS
from grader.errors import RubricError
from grader.rubric import load_rubric
from grader.rubric.load import EMBEDDED
from tests.rubric.conftest import Write

PROBLEM_SET = {
    # id: (points by the grader, points by hand), as the assignment says
    "1.1a": (1, 0),
    "1.1b": (0, 5),
    "1.1c": (0, 5),
    "1.2a": (0, 5),
    "1.2b": (3, 2),
    "1.2c": (0, 5),
    "1.2d": (0, 5),
    "1.3a": (2, 0),
    "1.3b": (3, 0),
    "2.1a": (2, 0),
    "2.1b": (2, 0),
    "2.1c": (3, 3),
    "2.2": (2, 0),
    "3.1": (2, 1),
    "3.2": (17, 0),
    "3.3": (3, 2),
    "3.4": (3, 2),
    "4": (15, 0),
}
SIGNATURES = {
    "1.1a": {"norm_constants"},
    "1.2b": {"extremal_matrix"},
    "1.3a": {"projector_pinv"},
    "1.3b": {"rank_one_svd"},
    "2.1a": {"grad_U"},
    "2.1b": {"grad_V"},
    "2.1c": {"gradient_complexity", "time_gradients"},
    "2.2": {"rayleigh_gradient"},
    "3.1": {"layer_singular_values"},
    "3.2": {"CompressedNet"},
    "3.3": {"compression_curve"},
    "3.4": {"fine_tune"},
    "4": {"harry_answers"},
}


def faults_of(file: Path) -> list[str]:
    """Every fault, without the file's name."""
    with pytest.raises(RubricError) as caught:
        load_rubric(file)
    assert str(caught.value) == "\n".join(caught.value.faults)
    assert all(fault.startswith(f"{file}:") for fault in caught.value.faults)
    return [fault.removeprefix(f"{file}:") for fault in caught.value.faults]


def test_the_embedded_rubric_is_the_problem_set() -> None:
    """Eighteen rows, 58 points by the grader and 35 by a person, 93 together."""
    rubric = load_rubric()
    found = {item.id: (float(item.auto_points), float(item.hand_points)) for item in rubric.items}
    assert found == PROBLEM_SET
    assert list(found) == list(PROBLEM_SET)
    assert rubric.total == sum(item.points for item in rubric.items) == 93
    assert sum(item.auto_points for item in rubric.items) == 58


def test_the_embedded_rubric_asks_for_the_signatures_of_the_set() -> None:
    """What the set tells students to define is what is required, and nothing else."""
    asked = {item.id: set(item.requires) for item in load_rubric().items if item.requires}
    assert asked == SIGNATURES


def test_the_embedded_rubric_helps_those_who_grade_by_hand() -> None:
    """Every hand item has criteria, comments, and words by which its answer is found."""
    for item in load_rubric().items:
        if item.hand is not None:
            assert item.hand.criteria
            assert item.hand.comments
            assert item.hand.answer.heading == item.id
            assert item.hand.answer.find


def test_the_embedded_rubric_uses_every_check() -> None:
    """No check is left without an item, none is asked for that does not exist."""
    used = {row.use for item in load_rubric().items for row in item.checks}
    assert used == set(CHECKS)


def test_load_rubric_reads_what_is_written(write: Write) -> None:
    """Points are exact, and limits are the item's own before the rubric's before the grader's."""
    rubric = load_rubric(write())
    assert [item.points for item in rubric.items] == [1, Fraction(11, 2), Fraction(7, 2)]
    second = rubric.item("2")
    assert second.auto_points == Fraction(7, 2)
    assert second.checks[0].parameters() == {"of": "U", "draws": 3}
    assert second.checks[0].parameters(practice=True) == {"of": "U", "draws": 1}
    assert (second.limits.wall_seconds, second.limits.threads) == (10, 2)
    assert rubric.item("1").limits.wall_seconds == 30
    assert rubric.item("1").limits.memory_gib == 4
    assert second.hand is not None
    assert second.hand.comments[0].points == Fraction(-1, 2)


def test_load_rubric_names_five_faults_at_once(write: Write) -> None:
    """Five faults of five kinds are all named, each in its line, from the top down."""
    file = write(
        ("total: 10", "total: 11"),
        ("title: Constants", "title: 3"),
        ("theory.norm_constants", "theory.norm_constnts"),
        ("        points: 3.5\n", "        points: 3\n"),
        ("draws: 3}", "drawz: 3}"),
    )
    assert faults_of(file) == [
        "3: total: must be the sum of the items' points, 10, got 11",
        "7: items[0].title: must be text, got 3; put it in quotes",
        (
            "12: items[0].checks[0].use: must be the name of a check, got "
            "'theory.norm_constnts'; did you mean theory.norm_constants?"
        ),
        "19: items[1].checks: must be worth 3.5 points together, got 3",
        (
            "22: items[1].checks[0].with.drawz: must be a key that is known here, got 'drawz'; "
            "did you mean draws?"
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param("assignment: short\n", "", "1: assignment: must be given", id="no assignment"),
        pytest.param("short\n", "a b\n", "1: assignment: must match pattern", id="blank in a name"),
        pytest.param(
            "total: 10", "total: 10\ntidy: 1", "4: tidy: must be a key that", id="other key"
        ),
        pytest.param("wall_seconds: 30", "wall_seconds: '30'", "4: defaults.wall_sec", id="quoted"),
        pytest.param("wall_seconds: 30", "wall_seconds: 0", "4: defaults.wall_sec", id="no time"),
        pytest.param("wall_seconds: 30", "wall_seconds: .nan", "4: defaults.wall_sec", id="NaN"),
        pytest.param("threads: 2", "threads: true", "4: defaults.threads: must be a", id="boolean"),
        pytest.param("threads: 2", "threads: 2.5", "4: defaults.threads: must be a", id="half"),
        pytest.param(
            'id: "1"', "id: 1", "6: items[0].id: must be text, got 1; put", id="number id"
        ),
        pytest.param(
            'id: "1"', 'id: "a/b"', "6: items[0].id: must match pattern", id="slash in id"
        ),
        pytest.param(
            'id: "2"', 'id: "1"', "14: items[1].id: must be of one item", id="two of an id"
        ),
        pytest.param("points: 1\n", "points: true\n", "8: items[0].points: must be", id="true"),
        pytest.param("points: 1\n", "points: -1\n", "8: items[0].points: must be", id="negative"),
        pytest.param("points: 1\n", "points: 0\n", "8: items[0].points: must be", id="nothing"),
        pytest.param("points: 1\n", "points: .inf\n", "8: items[0].points: must be", id="infinity"),
        pytest.param(
            "points: 1\n", "points: .nan\n", "8: items[0].points: must be", id="no number"
        ),
        pytest.param("points: 1\n", "points: 1e9\n", "8: items[0].points: must be", id="too many"),
        pytest.param("points: 1\n", "points: 1.001\n", "8: items[0].points: must", id="mills"),
        pytest.param("points: 1\n", "points: '1'\n", "8: items[0].points: must be", id="text"),
        pytest.param("points: 1\n", "points: [1]\n", "8: items[0].points: must be", id="list"),
        pytest.param(
            "requires: [norm_constants]",
            "requires: []",
            "9: items[0].requires: must",
            id="no names",
        ),
        pytest.param(
            "requires: [norm_constants]",
            "requires: norm_constants",
            "9: items[0].requires: must be a list, got 'norm_constants'",
            id="text for a list",
        ),
        pytest.param(
            "requires: [grad_U]",
            "requires: [grad_V]",
            "17: items[1].requires: must name grad_U, which calculus.gradient calls",
            id="other name than is called",
        ),
        pytest.param("with: {draws: 5}", "with: [5]", "13: items[0].checks[0].with", id="list"),
        pytest.param("with: {draws: 5}", "with:", "13: items[0].checks[0].with", id="nothing"),
        pytest.param(
            "draws: 5", "draws: 5.5", "13: items[0].checks[0].with.draws: must be a whole", id="5.5"
        ),
        pytest.param(
            "draws: 5", "draws: '5'", "13: items[0].checks[0].with.draws: must be a whole", id="'5'"
        ),
        pytest.param("draws: 5", "rtol: .nan", "13: items[0].checks[0].with.rtol", id="NaN rtol"),
        pytest.param("draws: 5", "rtol: 2.0", "13: items[0].checks[0].with.rtol", id="rtol > 1"),
        pytest.param("of: U, ", "", "22: items[1].checks[0].with.of: must be given", id="missing"),
        pytest.param("of: U, ", "of: W, ", "22: items[1].checks[0].with.of: must be", id="choice"),
        pytest.param(
            "practice: {draws: 1}",
            "practice: {draw: 1}",
            "23: items[1].checks[0].practice.draw: must be a key that is known here",
            id="practice",
        ),
        pytest.param(
            'hand:\n      answer: {heading: "2"}\n',
            "hand:\n",
            "25: items[1].hand.answer: must be given",
            id="no answer",
        ),
        pytest.param(
            "{text: derives it, points: 2}",
            "{text: derives it, points: 6}",
            "27: items[1].hand.criteria: must be worth at most the item's 5.5 points, got 6",
            id="hand worth too much",
        ),
        pytest.param(
            "{text: derives it, points: 2}",
            "{text: derives it, points: 5.5}",
            "19: items[1].checks: must be worth something",
            id="nothing for the checks",
        ),
        pytest.param(
            "{text: proves it, points: 3.5}",
            "{text: proves it, points: 3}",
            "31: items[2].checks: must say how 0.5 points are earned",
            id="points that nobody gives",
        ),
        pytest.param(
            "{text: not for every x}", "{}", "39: items[2].hand.comments[0].t", id="empty"
        ),
        pytest.param('  - id: "3"', '  - 7\n  - id: "3"', "31: items[2]: must have k", id="7"),
    ],
)
def test_load_rubric_names_the_fault(write: Write, old: str, new: str, fault: str) -> None:
    """What is wrong is named once, with its line, its key and what was expected."""
    (found,) = faults_of(write((old, new)))
    assert found.startswith(fault)


TIERS = "tiers: [{at_least: 0.9, points: 3.5}, {at_least: 0.5, points: 1}]\n        points: 3.5\n"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param("0.9", "0.4", "must descend from tier to tier in at_least", id="at_least"),
        pytest.param("0.9", "0.5", "must descend from tier to tier in at_least", id="the same"),
        pytest.param(
            "points: 1}", "points: 3.5}", "must descend from tier to tier in points", id="p"
        ),
        pytest.param("3.5}", "3}", "must give the row's 3.5 points at best, got 3", id="less"),
        pytest.param("3.5}", "4}", "must give the row's 3.5 points at best, got 4", id="more"),
        pytest.param("0.9", "1.5", "must be less than or equal to 1, got 1.5", id="beyond 1"),
        pytest.param("0.5", "0", "must be greater than 0, got 0", id="for nothing"),
        pytest.param(
            "points: 1}", "points: 0}", "must be a number of points greater", id="worth 0"
        ),
    ],
)
def test_load_rubric_names_faults_of_tiers(write: Write, old: str, new: str, fault: str) -> None:
    """Tiers go down from the row's points, in what they ask for and in what they give."""
    right = ("        points: 3.5\n", f"        {TIERS}")
    assert len(load_rubric(write(right)).items[1].checks[0].tiers) == 2
    (found,) = faults_of(write((right[0], f"        {TIERS.replace(old, new)}")))
    assert "items[1].checks[0].tiers" in found
    assert fault in found


ROWS = """\
      - title: again
        use: calculus.gradient
        with: {of: U}
"""


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        pytest.param(
            "", "19: items[1].checks: must name points in every row or in none", id="some"
        ),
        pytest.param(
            "        points: 1\n",
            "19: items[1].checks: must be worth 3.5 points together, got 4.5",
            id="too many",
        ),
    ],
)
def test_load_rubric_names_faults_of_rows_together(write: Write, row: str, fault: str) -> None:
    """Rows share the item's points, all by name or all by weight."""
    file = write(
        (
            '    hand:\n      answer: {heading: "2"}',
            f'{ROWS}{row}    hand:\n      answer: {{heading: "2"}}',
        )
    )
    assert faults_of(file) == [fault]


def test_load_rubric_wants_every_weight_to_be_worth_a_hundredth(write: Write) -> None:
    """A row whose share vanishes would be passed by everybody."""
    file = write(
        ("        points: 3.5\n", f"        weight: 0.01\n{ROWS}        weight: 100\n"),
    )
    (found,) = faults_of(file)
    assert "items[1].checks[0].weight: must give the row 0.01 points at least" in found


def test_load_rubric_finds_faults_in_practice_only_once(write: Write) -> None:
    """A wrong parameter is not told again for the practice that inherits it."""
    (found,) = faults_of(write(("of: U, draws: 3", "of: W, draws: 3")))
    assert "with.of" in found


def test_load_rubric_adds_up_items_beside_broken_ones(write: Write) -> None:
    """A fault in one item hides none in another."""
    file = write(
        ("points: 1\n", "points: one\n"),
        ("points: 3.5}\n      comments", "points: 9}\n      comments"),
    )
    assert [fault.partition(":")[0] for fault in faults_of(file)] == ["8", "36"]


@pytest.mark.parametrize("text", ["[]", "text", "3", "items: 3", "items: [1, {checks: [2]}]"])
def test_load_rubric_survives_any_yaml(tmp_path: Path, text: str) -> None:
    """Whatever the file holds, it is told as faults of a rubric."""
    file = tmp_path / "rubric.yaml"
    file.write_text(text)
    assert faults_of(file)


def test_load_rubric_says_that_a_file_is_missing(tmp_path: Path) -> None:
    """A missing file is one fault."""
    assert faults_of(tmp_path / "none.yaml") == [
        "1: rubric: must be a file that can be read, got 'No such file or directory'"
    ]


@pytest.mark.parametrize("line", range(1, 250, 12))
def test_load_rubric_names_a_spoiled_line_of_the_embedded_rubric(tmp_path: Path, line: int) -> None:
    """An unknown key anywhere in the real rubric is found in its line, or the YAML is refused."""
    lines = asset(EMBEDDED).read_text().splitlines()
    target = next(at for at in range(line, len(lines)) if lines[at].lstrip().startswith("title:"))
    indent = lines[target][: len(lines[target]) - len(lines[target].lstrip())]
    lines.insert(target, f"{indent}surprise: 1")
    file = tmp_path / "rubric.yaml"
    file.write_text("\n".join(lines))
    (found,) = faults_of(file)
    assert found.startswith(f"{target + 1}: ")
    assert "surprise: must be a key that is known here" in found
