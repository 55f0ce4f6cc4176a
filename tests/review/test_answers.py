"""Where the answer to an item stands, in hand-ins of many habits."""

import json

import pytest
import yaml

from grader.review.answers import Answer, Question, Way, find_answers, questions_of
from grader.review.assignment import UnknownError, read_assignment
from grader.review.labels import Labels
from grader.review.notebook import read_cells
from grader.review.similar import normalised
from tests.review.hand_ins import (
    QUESTION,
    RUBRIC,
    code,
    hand_in,
    markdown,
    notebook,
    picture,
)

ASSIGNMENT = read_assignment(json.dumps(yaml.safe_load(RUBRIC.read_text(encoding="utf-8"))))
QUESTIONS = questions_of(ASSIGNMENT)
ITEMS = tuple(question.item for question in QUESTIONS)


def found(*cells: dict[str, object]) -> dict[str, Answer]:
    return find_answers(read_cells(notebook(cells), "notebook"), QUESTIONS)


def told(answer: Answer) -> list[str]:
    return [cell.source for cell in answer.cells]


def test_find_answers_by_the_mark() -> None:
    """A cell that the template has marked needs no heading, and what a student adds is taken."""
    answers = found(
        markdown(QUESTION, item="1.1b", role="question"),
        markdown("by the trace", item="1.1b", role="answer"),
        markdown("and more of it"),
        markdown("the sphere", item="1.1c", role="answer"),
    )
    assert answers["1.1b"].way is Way.MARK
    assert told(answers["1.1b"]) == [QUESTION, "by the trace", "and more of it"]
    assert told(answers["1.1c"]) == ["the sphere"]


@pytest.mark.parametrize(
    "heading",
    [
        "### 1.1b Frobenius",
        "## 1.1 (b)",
        "# Problem 1.1.b",
        "**1.1b**",
        "### Solution of 1.1 b)",
        "1.1b) Proof",
        "### Proof for task 1.1b",
        "1.1b\n====",
        "__Problem 1.1b.__",
        "- **1.1b** by the trace",
        "(1.1b) By the trace",
        "(1.1 b) by the trace",
        "**(1.1b)** We write",
        "[1.1b]",
        "1.1 b) by the trace",
        "Problem 1.1(b)",
        "Problem 1.1, part (b)",
        "Problem1.1b",
        "Q1.1b",
        "1.1B",
        "Proof of (1.1b).",
        "Aufgabe 1.1 (b)",
        "Lösung zu Aufgabe 1.1b",
        "Решение задачи 1.1(b)",
        "№ 1.1b",
        "<h3>1.1b</h3>",
        "\\subsection*{1.1b}",
    ],
)
def test_find_answers_by_the_heading(heading: str) -> None:
    """However people write a label, it is read."""
    answers = found(
        markdown("intro"), markdown(f"{heading}\n\nby the trace"), markdown("### 2.2 x")
    )
    assert answers["1.1b"].way is Way.HEADING
    assert "by the trace" in told(answers["1.1b"])[0]
    assert len(answers["1.1b"].cells) == 1


def test_find_answers_of_one_cell() -> None:
    """A cell that holds several answers is cut between them, a cell for two belongs to both."""
    answers = found(
        markdown("### 1.2a\nfirst\n### 1.2b\nsecond\n\n### 1.2c, 1.2d\nthird"),
        markdown("## Problem 2. Matrix calculus"),
        markdown("nothing of it"),
    )
    assert told(answers["1.2a"]) == ["### 1.2a\nfirst"]
    assert told(answers["1.2b"]) == ["### 1.2b\nsecond"]
    assert told(answers["1.2c"]) == told(answers["1.2d"]) == ["### 1.2c, 1.2d\nthird"]


def test_find_answers_by_letters_below_a_number() -> None:
    """`b)` below `1.1` means 1.1b."""
    answers = found(
        markdown("## 1.1\n\na) constants\n\nb) by the trace\n\nc) the sphere\n\n## 1.2")
    )
    assert told(answers["1.1b"]) == ["b) by the trace"]
    assert told(answers["1.1c"]) == ["c) the sphere"]


def test_find_answers_takes_code_and_plots() -> None:
    """Code and plots below a heading belong to it, until the next one."""
    plot = code("plt.plot(s)", [picture()])
    answers = found(markdown("### 3.1"), plot, markdown("decays fast"), markdown("### 3.3"), plot)
    assert [cell.kind for cell in answers["3.1"].cells] == ["markdown", "code", "markdown"]
    assert [cell.kind for cell in answers["3.3"].cells] == ["markdown", "code"]


def test_find_answers_takes_the_plots_above() -> None:
    """People explain a plot below it: pictures just before the heading are shown too."""
    answers = found(
        markdown("### 3.1\n\nx"),
        code("def compression_curve(): ..."),
        code("plt.plot(curve)", [picture()]),
        markdown("### 3.3\n\nflat down to 30"),
    )
    assert [cell.number for cell in answers["3.3"].cells] == [3, 4]


def test_find_answers_by_the_question() -> None:
    """With no heading, the text that is nearest to the question is taken, and said to be."""
    answers = found(
        markdown("Homework of mine"),
        markdown("We show that the **spectral** norm is invariant: for unitarily equal $A$ …"),
        markdown("The Frobenius norm is unitarily invariant, for unitary $U$: the trace."),
        markdown("Nothing else."),
    )
    assert answers["1.1b"].way is Way.QUESTION
    assert answers["1.1b"].cells[0].number == 3
    assert "nearest" in answers["1.1b"].note


def test_find_answers_cites_no_heading() -> None:
    """An equation's number, and an earlier item in brackets, begin no answer."""
    proof = "### 1.1c\n\nfirst\n\n(1.1b) gives it\n\n(2.2) gives it\n\nIn 1.2a, too."
    answers = found(markdown("### 1.1b\nby the trace"), markdown(proof))
    assert told(answers["1.1b"]) == ["### 1.1b\nby the trace"]
    assert told(answers["1.1c"]) == [proof]
    assert answers["1.2a"].way is Way.NOWHERE


PROOF = "The trace is cyclic, so the norm stays."


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (f'x = 1\n"""1.1b Proof\n{PROOF}"""\ny = 2', f"1.1b Proof\n{PROOF}"),
        (f'%matplotlib inline\n"""\n(1.1b) Proof\n{PROOF}\n"""', f"(1.1b) Proof\n{PROOF}"),
        (f"# Problem 1.1(b)\n# {PROOF}\nx = 1", f"Problem 1.1(b)\n{PROOF}"),
        ('"""1.1b $\\frac{1}{2}\\norm{A}$"""', "1.1b $\\frac{1}{2}\\norm{A}$"),
        ("def f(:\nr'''\n1.1b) by the trace\n'''", "1.1b) by the trace"),
    ],
)
def test_find_answers_in_code_cells(source: str, text: str) -> None:
    """Comments and free-standing strings are read as text, and the code around them stays."""
    answers = found(markdown("intro"), code(source, [picture()]), markdown("### 1.1c\nx"))
    answer = answers["1.1b"]
    assert answer.way is Way.HEADING
    assert (answer.cells[0].kind, answer.cells[0].source) == ("text", text)
    assert [len(cell.outputs) for cell in answer.cells][-1] == 1
    assert not answer.is_empty()
    assert told(answers["1.1c"])[-1] == "### 1.1c\nx"


def test_find_answers_loses_nothing_for_a_label_in_code() -> None:
    """An answer that a heading has begun goes on past a comment that names another item."""
    answers = found(
        markdown("### 3.3\nflat"),
        code("# 3.1 singular values, once more\nplt.plot(s)", [picture()]),
        markdown("and so on"),
    )
    assert [cell.number for cell in answers["3.3"].cells] == [1, 2, 2, 3]
    assert [cell.number for cell in answers["3.1"].cells] == [2, 2, 3]


def test_find_answers_leaves_code_whole() -> None:
    """Notes about code, and labels of items that are not graded by hand, are no prose."""
    source = "# 2.1a, as above\n# shapes: (n, k)\nx = 1\n\n# x += 1\ns = '''\n1.1b\n'''"
    answers = found(markdown("### 1.1b\nproof"), code(source))
    assert told(answers["1.1b"]) == ["### 1.1b\nproof", source]


def test_find_answers_by_the_question_in_code() -> None:
    """Prose without a label is found by its words in code cells, too."""
    text = "The Frobenius norm is unitarily invariant, for unitary U: use the trace."
    answers = found(markdown("Homework"), code(f'"""{text}"""\nx = 1'))
    assert answers["1.1b"].way is Way.QUESTION
    assert told(answers["1.1b"]) == [text, "x = 1"]


def test_find_answers_says_what_it_did_not_find() -> None:
    """What is nowhere is said to be, with what was looked for."""
    answer = found(markdown("hello"), code("x = 1"))["3.4"]
    assert answer.way is Way.NOWHERE
    assert not answer.cells
    assert "3.4" in answer.note
    assert "“fine-tun”" in answer.note


def test_find_answers_ignores_labels_in_formulas_and_code() -> None:
    """A number at the start of a line of a formula or of code names no item."""
    text = "### 1.1b\n$$\n1.2a + 1\n$$\n```\n# 1.2a\n```\n1.25 is a number, 2.2 of them too"
    answers = found(markdown(text))
    assert told(answers["1.1b"]) == [text]
    assert answers["1.2a"].way is Way.NOWHERE


def test_find_answers_trusts_words_over_a_copied_mark() -> None:
    """A cell that was copied keeps its mark; its heading says what it is."""
    answers = found(
        markdown("proof b", item="1.1b", role="answer"),
        markdown("### 1.1c\nproof c", item="1.1b", role="answer"),
    )
    assert told(answers["1.1b"]) == ["proof b"]
    assert told(answers["1.1c"]) == ["### 1.1c\nproof c"]


def test_find_answers_in_a_module() -> None:
    """Comments of a module are read as text."""
    text = "# 1.1b Proof\n# by the trace\nx = 1\n# 1.1c\n# the sphere\n"
    answers = find_answers(read_cells(text.encode(), "module"), QUESTIONS)
    assert told(answers["1.1b"]) == ["1.1b Proof\nby the trace", "x = 1"]


@pytest.mark.parametrize(
    ("cells", "empty"),
    [
        ([markdown(QUESTION, item="1.1b", role="question")], True),
        ([markdown("*Your proof.*", item="1.1b", role="answer")], True),
        ([markdown("by the trace", item="1.1b", role="answer")], False),
        ([markdown(QUESTION + "\n\nby the trace", item="1.1b", role="question")], False),
        ([markdown("*Your proof.*", item="1.1b"), code("x = 1")], True),
        ([markdown("*Your proof.*", item="1.1b"), code("p", [picture()])], False),
        ([markdown("*Your proof.*", item="1.1b"), code('"""so by the trace it is"""')], False),
        ([], True),
    ],
)
def test_is_empty(cells: list[dict[str, object]], *, empty: bool) -> None:
    """Words of the student or a picture are an answer, question and placeholder are none."""
    assert found(*cells)["1.1b"].is_empty({normalised(QUESTION)}) is empty


def test_find_answers_of_the_class() -> None:
    """Every answer of a made-up class is found where it is."""
    for number in range(5):
        answers = find_answers(read_cells(hand_in(number), "notebook"), QUESTIONS)
        assert answers["1.1b"].way is Way.MARK
        assert [cell.number for cell in answers["2.1c"].cells] == [8, 9]


def test_labels_of_every_item() -> None:
    """Each item of the assignment is read from its plainest heading, and no other one is."""
    for item in ITEMS:
        anchors = list(Labels(ITEMS).anchors(f"### {item} A title"))
        assert [anchor.items for anchor in anchors] == [(item,)]


@pytest.mark.parametrize("line", ["# 4.1 x", "2.2a", "11.1b x", "1.1bc", "# 42", "see 1.1b", "4 x"])
def test_labels_of_no_item(line: str) -> None:
    """Numbers that only look like an item's are none."""
    assert not [anchor for anchor in Labels(ITEMS).anchors(line) if anchor.items]


def test_assignment_knows_its_items() -> None:
    """Points by hand are the criteria's sum, and an item that nobody judges is none."""
    assert ASSIGNMENT.item("1.2b").worth == 2
    assert sum(item.worth for item in ASSIGNMENT.by_hand) == 35
    with pytest.raises(UnknownError):
        ASSIGNMENT.item("1.1a")


def test_find_answers_of_nobody() -> None:
    """No questions, no answers."""
    assert find_answers((), ()) == {}
    assert find_answers((), [Question("1", "t", "1", (), by_hand=True)])["1"].way is Way.NOWHERE
