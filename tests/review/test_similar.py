"""Like answers, what was given to all, and how two answers differ."""

from grader.review.similar import differences, given_texts, groups_of, normalised

LONG = "Write the squared norm as the trace of the product and use that it is cyclic, "


def test_normalised_forgets_layout() -> None:
    r"""Case, spaces, emphasis and spacing of LaTeX change nothing."""
    assert normalised("**Proof:**  $\\left( A\\,B \\right)$\n") == normalised("proof: $(A B)$")


def test_groups_of_like_answers() -> None:
    """Answers that differ in a word or two are one group, other ones are not."""
    answers = {
        "a": LONG + "since U is unitary.",
        "b": LONG + "because U is unitary.",
        "c": "The columns keep their lengths, so the sums of their squares are the same.",
        "d": (LONG + "since U is unitary.").upper(),
    }
    assert groups_of(answers) == [("a", "b", "d"), ("c",)]


def test_groups_of_short_answers() -> None:
    """Short answers are alike only where they are the same."""
    assert groups_of({"a": "$O(n^2k)$", "b": "$O(n^2 k^2)$", "c": "$O(n^2k)$"}) == [
        ("a", "c"),
        ("b",),
    ]


def test_groups_of_empty_answers() -> None:
    """Nothing is like nothing."""
    assert groups_of({"a": "", "b": " \n", "c": "x"}) == [("a",), ("b",), ("c",)]


def test_groups_of_a_chain() -> None:
    """Small steps never bring unlike answers together: each is like the first of its group."""
    words = [f"word{number}" for number in range(40)]
    chain = {f"{step:02}": " ".join(["other"] * step * 3 + words[step * 3 :]) for step in range(13)}
    first = groups_of(chain)[0]
    assert "00" not in first or "12" not in first
    assert len(groups_of(chain)) > 1


def test_given_texts() -> None:
    """What most hand-ins hold word for word was given to them."""
    hand_ins = [["The question", f"answer {number}"] for number in range(10)]
    assert given_texts(hand_ins) == {"the question"}
    assert given_texts(hand_ins[:3]) == frozenset()


def test_differences() -> None:
    """Words that two answers don't share, in order."""
    old, new = "by the trace of a since u is unitary", "by the sum of a as u is unitary"
    assert differences(old, new) == [("trace", "sum"), ("since", "as")]
    assert differences(old, old) == []
