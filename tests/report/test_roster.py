"""grader/report/roster.py: whose row is whose."""

import pytest

from grader.report.interface import Graded
from grader.report.roster import (
    match_rows,
    may_be_same_person,
    name_key,
    unmatched,
)


def graded(student: str, name: str = "") -> Graded:
    return Graded(student=student, name=name)


def test_match_rows_takes_one_column_for_all() -> None:
    """The number of one student in one column may be that of another in the next."""
    run = [graded("1"), graded("2"), graded("3")]
    ids, others = ["1", "2", "3"], ["3", "x", "1"]
    assert match_rows(run, [others, ids], ["", "", ""]).rows == tuple(run)


def test_match_rows_ignores_capitals_and_spaces() -> None:
    """Identifiers are compared as people read them."""
    run = [graded("Ada@Uni.example")]
    assert match_rows(run, [[" ada@uni.example "]], [""]).rows == tuple(run)


def test_match_rows_falls_back_to_a_name() -> None:
    """Last name first or not, accents kept."""
    run = [graded("a.ipynb", "Émilie du Châtelet")]
    found = match_rows(run, [["77"]], ["du Châtelet, Émilie"])
    assert found.rows == tuple(run)
    assert found.by_name == ("a.ipynb",)


@pytest.mark.parametrize(
    ("run_names", "row_names"),
    [(["Ada L", "Ada L"], ["Ada L"]), (["Ada L"], ["Ada L", "L, Ada"])],
    ids=["two hand-ins", "two rows"],
)
def test_match_rows_does_not_guess(run_names: list[str], row_names: list[str]) -> None:
    """A name that two have finds nothing."""
    run = [graded(f"file{place}", name) for place, name in enumerate(run_names)]
    found = match_rows(run, [[""] * len(row_names)], row_names)
    assert found.rows == (None,) * len(row_names)
    assert unmatched(run, found) == tuple(one.student for one in run)


def test_match_rows_does_not_give_a_hand_in_twice() -> None:
    """Who was found by number is not found again by name."""
    run = [Graded(student="1", name="Ada L", layout="moodle")]
    assert match_rows(run, [["1", "2"]], ["Someone Else", "Ada L"]).rows == (run[0], None)


def test_name_key_of_nothing_is_nothing() -> None:
    """An empty name matches no one."""
    assert name_key(" ,") == ""
    assert match_rows([graded("x", "")], [["1"]], [""]).rows == (None,)


def claim(student: str, contested: str, name: str = "") -> Graded:
    return Graded(student=student, name=name, contested=contested)


def test_match_rows_gives_nobody_what_is_in_conflict() -> None:
    """Neither by the contested identifier nor by a name, and no other takes that row by name."""
    run = [
        claim("1 (a)", "1", "Ada L"),
        claim("1 (b)", "1", "Grace H"),
        graded("77", "Bob R"),
        graded("2"),
    ]
    found = match_rows(run, [["1", "2", "3"]], ["Bob R", "Zed", "Grace H"])
    assert found.rows == (None, run[3], None)
    assert found.contested == ("1 (a)", "1 (b)")
    assert unmatched(run, found) == ("77",)


def test_match_rows_leaves_rows_of_one_identifier_alone() -> None:
    """A student who is in the roster twice gets points in neither row."""
    run = [graded("1"), graded("2")]
    found = match_rows(run, [["1", "2", "1 "]], ["Ada", "Bob", "Ada"])
    assert found.rows == (None, run[1], None)
    assert found.contested == ("1",)


def test_match_rows_leaves_identifiers_alone_that_differ_in_capitals() -> None:
    """The roster can't tell which of them is meant."""
    run = [graded("Bob"), graded("bob"), graded("amy")]
    found = match_rows(run, [["BOB", "amy"]], ["", ""])
    assert found.rows == (None, run[2])
    assert found.contested == ("Bob", "bob")


def test_match_rows_tells_whom_a_name_alone_has_found() -> None:
    """Students choose it, so a person should look."""
    run = [graded("1", "Ada L"), graded("name:Bob R", "Bob R")]
    found = match_rows(run, [["1", "2"]], ["Ada L", "R, Bob"])
    assert found.rows == tuple(run)
    assert found.notes == ["name:Bob R: found in the roster by the name alone"]


def test_match_rows_gives_nobody_the_points_of_another_name() -> None:
    """A number that a student typed into a profile brings no points into another's row."""
    run = [graded("s1", "Eve Il"), graded("vic@x.edu", "Vic Tim"), graded("s3", "Ann Bee")]
    columns = [["s1", "s2", "s3"], ["vic@x.edu", "eve@x.edu", "ann@x.edu"]]
    found = match_rows(run, columns, ["Tim, Vic", "Il, Eve", "Bee, Ann"])
    assert found.rows == (None, None, run[2])
    assert found.contested == ("s1",)
    assert unmatched(run, found) == ("vic@x.edu",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "Tim, Vic"),
        ("Vic Tim", ""),
        ("timvic", "Tim, Vic"),
        ("libo", "Li, Bo"),
        ("ÉMILIE DU CHÂTELET", "du chatelet, emilie"),
        ("Vic T.", "Tim, Vic"),
        ("Jean-Luc García", "de la Cruz Garcia, J."),
        ("王伟", "伟, 王"),
        ("Straße", "Strasse"),
        ("İpek", "ipek"),
    ],
)
def test_names_of_one_person(one: str, other: str) -> None:
    """However a system writes them."""
    assert may_be_same_person(one, other)
    assert may_be_same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Eve Il", "Tim, Vic"), ("Eve V", "Vic Tim"), ("王伟", "李 雷"), ("e", "eve")],
)
def test_names_of_two_persons(one: str, other: str) -> None:
    """A letter in common is no word."""
    assert not may_be_same_person(one, other)
    assert not may_be_same_person(other, one)
