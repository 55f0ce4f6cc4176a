"""Mixed orders and samples: no chance in them, and no system either."""

from grader.review.order import is_sampled, key_of, mixed

STUDENTS = [f"student-{number}" for number in range(2000)]


def test_mixed_is_repeatable_and_differs_by_grader() -> None:
    """The same grader sees the same order again, another one another."""
    ada = mixed(STUDENTS, "run", "1.1b", "Ada")
    assert ada == mixed(reversed(STUDENTS), "run", "1.1b", "Ada")
    assert sorted(ada) == sorted(STUDENTS)
    assert ada != mixed(STUDENTS, "run", "1.1b", "Bob")
    assert ada != mixed(STUDENTS, "run", "1.1c", "Ada")
    assert ada != sorted(STUDENTS)


def test_mixed_keeps_seeds_apart() -> None:
    """Seeds that read the same when put together are different ones."""
    assert mixed(STUDENTS, "ab", "c") != mixed(STUDENTS, "a", "bc")


def test_is_sampled_takes_the_share() -> None:
    """The sample has about the size that was asked for, all or nothing at the ends."""
    taken = [student for student in STUDENTS if is_sampled(student, 0.1, "run", "1.1b")]
    # Binomial: 200 expected, standard deviation 13.4; five of these on each side.
    assert 133 < len(taken) < 267
    assert not any(is_sampled(student, 0.0, "run", "1.1b") for student in STUDENTS)
    assert all(is_sampled(student, 1.0, "run", "1.1b") for student in STUDENTS)


def test_is_sampled_grows_with_the_share() -> None:
    """Who was in a smaller sample is in the larger one: no second judgement is wasted."""
    for student in STUDENTS[:300]:
        if is_sampled(student, 0.1, "run"):
            assert is_sampled(student, 0.3, "run")


def test_key_of_says_nothing() -> None:
    """A key doesn't show the student, and another desk gives another."""
    keys = {key_of(student, "salt") for student in STUDENTS}
    assert len(keys) == len(STUDENTS)
    assert key_of("student-1", "salt") != key_of("student-1", "other")
    assert "student" not in "".join(keys)
