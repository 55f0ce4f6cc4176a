"""Families of solutions: what is written becomes cases, what is wrong is told with its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.selftest import Case, Expected, load_families
from grader.selftest.mutate import mutants_of

Cases = Callable[[str], dict[str, Case]]

RIGHT = """
item: "2.2"
right:
  closed: |
    def f(a):
        return a - 1
"""


@pytest.fixture
def cases(tmp_path: Path) -> Cases:
    def load(text: str) -> dict[str, Case]:
        (tmp_path / "family.yaml").write_text(text, encoding="utf-8")
        return {case.name: case for case in load_families(tmp_path)}

    return load


def test_a_right_solution_is_a_case(cases: Cases) -> None:
    """A right solution is expected to get all points, and its source is kept."""
    (case,) = cases(RIGHT).values()
    assert (case.item, case.name) == ("2.2", "closed")
    assert case.source.strip() == "def f(a):\n    return a - 1"
    assert case.expected == Expected(right=True)


def test_the_prelude_stands_before_every_source(cases: Cases) -> None:
    """What all solutions import is written once, also for mutants."""
    found = cases("prelude: import math\n" + RIGHT + "mutants: {of: [closed]}\n")
    assert len(found) > 1
    assert all(case.source.startswith("import math\n") for case in found.values())


def test_the_prelude_is_not_mutated(cases: Cases) -> None:
    """Mistakes are made in the solution alone."""
    found = cases("prelude: N = 5\n" + RIGHT + "mutants: {of: [closed]}\n")
    assert all("N = 5" in case.source for case in found.values())
    assert "5 -> 6" not in " ".join(found)


def test_an_edit_exchanges_text_wherever_it_stands(cases: Cases) -> None:
    """An edited solution is the right one with all edits made, one after the other."""
    found = cases(RIGHT + 'wrong: {w: {of: closed, edit: [["a", "bc"], ["c - 1", "c + 2"]]}}\n')
    assert found["w"].source.strip() == "def f(bc):\n    return bc + 2"
    assert found["w"].expected == Expected(right=False)


def test_a_right_solution_may_edit_one_above_it(cases: Cases) -> None:
    """Edits make right solutions too."""
    found = cases(RIGHT + '  other: {of: closed, edit: [["a - 1", "-1 + a"]]}\n')
    assert "return -1 + a" in found["other"].source
    assert found["other"].expected.right


def test_what_a_wrong_solution_loses_is_expected(cases: Cases) -> None:
    """The check, the words of its feedback and the bound on points reach the case."""
    found = cases(RIGHT + "wrong: {w: {source: x = 1, loses: {rayleigh: sign}, at_most: 1.5}}\n")
    assert found["w"].expected == Expected(right=False, loses={"rayleigh": "sign"}, at_most=1.5)


def test_mutants_are_wrong_but_for_the_harmless(cases: Cases) -> None:
    """Every mutant becomes a case under the name of its solution and its change."""
    harmless = 'harmless: {"closed: 1 -> 2": "a reason"}'
    found = cases(RIGHT + f"mutants: {{of: [closed], {harmless}}}\n")
    mutants = {name: case for name, case in found.items() if name != "closed"}
    made = mutants_of("def f(a):\n    return a - 1\n")
    assert set(mutants) == {f"closed: {change}" for change in made}
    assert [name for name, case in mutants.items() if case.expected.right] == ["closed: 1 -> 2"]


def test_families_come_by_the_names_of_their_files(tmp_path: Path) -> None:
    """All YAML files of the folder are read, in order; others are not."""
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(RIGHT.replace("closed", name), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no family", encoding="utf-8")
    assert [case.name for case in load_families(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("item: '1'\nright: {}\n", "right: ", id="no right solution"),
        pytest.param("right: {r: x = 1}\n", "item: ", id="no item"),
        pytest.param(RIGHT + "wrnog: {}\n", "wrnog: ", id="unknown key"),
        pytest.param(
            RIGHT + "wrong: {w: {source: x = 1, lose: {}}}\n", "wrong.w.lose: ", id="unknown field"
        ),
        pytest.param(
            RIGHT + "wrong: {w: {loses: {}}}\n", "wrong.w: Value error, must have", id="no source"
        ),
        pytest.param(
            RIGHT + 'wrong: {w: {source: x, of: closed, edit: [["a", "b"]]}}\n',
            "wrong.w: Value error, must have either `source` or `of` and `edit`",
            id="source and edit",
        ),
        pytest.param(RIGHT + "wrong: {w: {of: closed}}\n", "wrong.w: ", id="of without an edit"),
        pytest.param(
            RIGHT + 'wrong: {w: {of: closed, edit: [["a"]]}}\n',
            "wrong.w.edit.0.1: ",
            id="edit without new text",
        ),
        pytest.param(
            RIGHT + 'wrong: {w: {of: closed, edit: [["a + 1", "b"]]}}\n',
            "wrong.w: edit: 'a + 1' does not stand in 'closed'",
            id="edit of what is not there",
        ),
        pytest.param(
            RIGHT + 'wrong: {w: {of: open, edit: [["a", "b"]]}}\n',
            "wrong.w: of: must name a right solution above, got 'open'",
            id="edit of an unknown solution",
        ),
        pytest.param(
            'item: "1"\nright: {w: {of: v, edit: [["a", "b"]]}, v: a = 1}\n',
            "right.w: of: must name a right solution above, got 'v'",
            id="edit of a solution below",
        ),
        pytest.param(
            RIGHT + "mutants: {of: [open]}\n",
            "mutants.of: must name right solutions, got 'open'",
            id="mutants of an unknown solution",
        ),
        pytest.param(
            RIGHT + 'mutants: {of: [closed], harmless: {"closed: 8 -> 9": "why"}}\n',
            "mutants.harmless: there is no mutant named 'closed: 8 -> 9'",
            id="harmless mutant that is none",
        ),
        pytest.param("item: [", "must be YAML that can be read", id="no YAML"),
        pytest.param("- item", "valid dictionary", id="a list"),
    ],
)
def test_a_faulty_family_is_told_with_its_file_and_key(cases: Cases, text: str, words: str) -> None:
    """An error names the file, the key, and what is wrong there."""
    with pytest.raises(UsageError) as caught:
        cases(text)
    assert "family.yaml: " in str(caught.value)
    assert words in str(caught.value)


def test_a_mutated_solution_must_be_python(cases: Cases) -> None:
    """A typing error in a right solution is the family's fault, told with its file."""
    with pytest.raises(UsageError, match=r"family\.yaml"):
        cases('item: "1"\nright: {r: "def f(:"}\nmutants: {of: [r]}\n')


def test_a_folder_without_families_is_refused(tmp_path: Path) -> None:
    """Nothing to grade is a mistake in the path, not a success."""
    with pytest.raises(UsageError, match="must be a folder with families"):
        load_families(tmp_path)
