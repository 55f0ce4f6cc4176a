"""Text that was made to stop the review server: read in linear time, shown within limits."""

import threading
import time

import pytest

from grader.review.answers import MAX_PIECES, Question, find_answers
from grader.review.desk import Desk
from grader.review.labels import Labels
from grader.review.mathscan import find_formulas
from grader.review.notebook import MAX_TEXT, read_cells
from grader.review.show import markup_for, show_cells
from grader.review.similar import differences, normalised
from grader.store import open_store
from tests.review.hand_ins import code, hand_in, make_run, markdown, notebook, png
from tests.review.server import served

pytestmark = pytest.mark.timeout(100)
ITEMS = ("1.1a", "1.1b", "1.3a", "2.1b", "4")
LONG = 200_000
TEXTS = {
    "heading and spaces": "# a" + " " * LONG + "x",
    "hashes": "#" * LONG,
    "bold": "**" + "a " * (LONG // 2) + "**x",
    "bold marks": "** " * (LONG // 3) + "x",
    "quotes": "> " * (LONG // 2),
    "marks": " * _ " * (LONG // 5),
    "items": "1.1b, " * (LONG // 6),
    "items and spaces": ("1.1" + " " * 300 + "(b)" + " " * 300 + "c") * (LONG // 600),
    "lines of numbers": "1\n" * (LONG // 2),
    "headings of numbers": "# 1\n" * (LONG // 4),
    "dollars and braces": "${" * (LONG // 2),
    "dollars in braces": ("${" * 28 + "$$" * 700) * (LONG // 1500),
    "displays": "$$a$$\n" * (LONG // 6),
    "environments": r"\begin{array}a\end{array}" * (LONG // 25),
    "open environments": r"\begin{array}" * (LONG // 13),
    "runs of backticks": "".join("`" * length + " " for length in range(1, 600)),
    "fences": "".join("`" * length + "\n" for length in range(3, 600)),
    "placeholders": "your" * (LONG // 4),
    "no words": "!" * LONG + "your",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_labels_formulas_and_likeness_take_linear_time(text: str) -> None:
    """200,000 characters take seconds of the processor at most."""
    began = time.process_time()
    list(Labels(ITEMS).anchors(text))
    list(find_formulas(text))
    normalised(text)
    assert time.process_time() - began < 5


NOTEBOOKS = {
    "labels": ["1.1b my unitary proof\n\n" * 10] * 2000,
    "headings": ["# 1\n" * 50] * 900,
    "items in turn": ["1.1b x\n\n2.1b y\n\n" * 100] * 200,
    "words of the question": ["unitaryxFrobenius " + "word " * 250] * 2000,
}


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("texts", NOTEBOOKS.values(), ids=NOTEBOOKS.keys())
def test_answers_are_found_in_linear_time(texts: list[str], plain: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Thousands of labels and texts take seconds of the processor at most."""
    cells = read_cells(notebook(list(map(markdown, texts))), "notebook")
    questions = [
        Question(item, f"Norms under {item}", item, ("unitary", "Frobenius"), by_hand=True)
        for item in (*ITEMS, "3.1a", "3.1b", "3.2", "5.1", "5.2", "6.1", "6.2")
    ]
    began = time.process_time()
    found = find_answers(cells, questions, plain=plain)
    assert time.process_time() - began < 5
    assert set(found) == {question.item for question in questions}


CODE = {
    "prose after prose": ["# aa bb cc dd ee ff gg hh\nx\n" * 50] * 2000,
    "labels": ['"""1.1b x"""\nx=1\n' * 90] * 1500,
    "quotes that never end": ["%magic\n" + '"""\n' * 49_999],
    "marks": ["# " + "<a" * 90_000, "# " + "(" * 180_000, '"""' + "\\" * 180_000 + '"""'],
}


@pytest.mark.parametrize("sources", CODE.values(), ids=CODE.keys())
def test_code_cells_are_read_in_linear_time(sources: list[str]) -> None:
    """Prose is looked for in code within seconds of the processor, too."""
    cells = read_cells(notebook(list(map(code, sources))), "notebook")
    questions = [Question(item, "Norms", item, ("unitary",), by_hand=True) for item in ITEMS]
    began = time.process_time()
    find_answers(cells, questions)
    assert time.process_time() - began < 5


def test_cells_beyond_the_last_piece_are_still_there() -> None:
    """They belong to the answer before them."""
    cells = read_cells(notebook([markdown("1.1b x\n\n" * (MAX_PIECES + 10))] * 2), "notebook")
    answer = find_answers(cells, [Question("1.1b", "", "1.1b", (), by_hand=True)])["1.1b"]
    assert f"of {MAX_PIECES + 1};" in answer.note


MODULES = {
    "combining characters": "# 1.1b\nx = a" + "\u0301\u0316" * 60_000,
    "too long to be parsed": "# 1.1b\n" + "x = [1, 2]; y = 'a'\n" * 200_000,
    "strings in one line": "# 1.1b\nx = 1\n" + "'é';" * 60_000,
    "blank lines": "# 1.1b\n" + "\n" * 15_000_000,
}


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("text", MODULES.values(), ids=MODULES.keys())
def test_modules_are_read_in_linear_time(text: str, plain: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """What the loader would not parse is not parsed here; it is shown by its lines."""
    began = time.process_time()
    cells = read_cells(text.encode(), "module", plain=plain)
    assert time.process_time() - began < 5
    assert (cells[0].kind, cells[0].source) == ("text", "1.1b")


def test_a_plain_module_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments are text all the same; strings are shown as the code that they are."""
    monkeypatch.setattr("grader.review.module.parse", None)
    kinds = [cell.kind for cell in read_cells(b"# 1.1b\nx = 1\n'text'", "module", plain=True)]
    assert kinds == ["text", "code"]


def test_differences_of_repeated_words_take_little_time() -> None:
    """Every word of one text occurs a thousand times in the other."""
    began = time.process_time()
    assert differences("a b " * 1000, "b a a " * 700)
    assert time.process_time() - began < 2


def test_labels_are_still_found_in_long_lines() -> None:
    """Only the start of a line is looked at, and an indented or closed heading is one."""
    text = "\n\n".join(
        ["  ## 1.1a   Norms ##", "**1.1b:**", "1.3 (a) " + "x " * 5000, "2.1b\n----", "     # 4"]
    )
    found = [anchor.items for anchor in Labels(ITEMS).anchors(text)]
    assert found == [("1.1a",), ("1.1b",), ("1.3a",), ("2.1b",), ("4",)]


def test_a_submission_is_cut_where_it_is_too_long() -> None:
    """All cells together hold no more text than a person would ever read."""
    cells = read_cells(notebook([markdown("a" * 150_000) for _ in range(40)]), "notebook")
    assert len(cells) == 40
    assert sum(len(cell.source) for cell in cells) < MAX_TEXT + 40 * 100
    assert "cut here" in cells[-1].source


def test_a_picture_that_is_named_often_is_shown_so_often_as_there_is_room() -> None:
    """Two thousand times the same large picture would fill the memory."""
    cell = markdown("![](attachment:a)" * 1700)
    cell["attachments"] = {"a": {"image/png": png(7, 500, noise=True)}}
    cells = read_cells(notebook([cell]), "notebook")
    assert len("".join(show_cells(cells, markup_for(cells)))) < 45 << 20


def test_lone_surrogates_and_endless_numbers_are_shown() -> None:
    """Neither can be encoded or converted; the answer is shown all the same."""
    endless = "<table><tr><td colspan='" + "9" * 5000 + "'>cell</table>"
    macro = r"$\newcommand{\a}[" + "9" * 5000 + "]{x}$"
    raw = notebook([markdown(f"### 1.1b\nSURROGATE {endless} {macro}")])
    cells = read_cells(raw.replace(b"SURROGATE", rb"\ud800"), "notebook")
    html = "".join(show_cells(cells, markup_for(cells)))
    assert html.encode()
    assert "cell</td>" in html


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A run of one honest submission and two hostile ones."""
    # The first froze the server; each of the others takes a second or two.
    spaces, brackets = "### 1.1b Proof\n\n# a" + " " * 6000 + "x", "![" * 14_500
    frozen = notebook([markdown(spaces), *[markdown(brackets)] * 10])
    wide = notebook([markdown("a & b " * 30_000), *[markdown("& " * 90_000) for _ in range(300)]])
    run = tmp_path_factory.mktemp("run")
    make_run(run, [hand_in(0), frozen, wide]).close()
    return Desk(open_store(run), share=0.0)


def test_the_whole_of_a_large_submission_comes_in_pages(large: Desk) -> None:
    """301 large cells: a page is not large, and the next one begins where it ends."""
    with served(large) as page, page.client() as browser:
        browser.get(page.door)
        first = browser.get(_whole(large, 2), timeout=60)
        assert first.status_code == 200
        assert len(first.content) < 5 << 20
        start = int(first.headers["x-next-start"])
        assert first.text.count('class="whole-cell') == start < 301
        last = browser.get(_whole(large, 2), params={"start": 300}, timeout=60)
        assert last.text.startswith('<div class="whole-cell"><b>301</b>')
        assert "x-next-start" not in last.headers


def test_the_server_answers_while_it_renders(large: Desk) -> None:
    """Somebody else's page does not wait for a hostile submission."""
    with served(large) as page, page.client() as browser:
        browser.get(page.door)
        rendering = threading.Thread(
            target=lambda: browser.get(_whole(large, 1), timeout=60), daemon=True
        )
        rendering.start()
        answered = 0
        while rendering.is_alive():
            assert browser.get("/").status_code == 200
            answered += rendering.is_alive()
        assert answered > 0


def test_what_takes_too_long_is_shown_as_it_was_written(
    large: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader sees the text, and a note why it is not rendered."""
    large.entries()
    monkeypatch.setattr("grader.review.readings.CPU_SECONDS", 1)
    shown = large.readings.whole(large.entries()["student-001"], "1.1b").html
    assert "takes too long: it is shown as it was written" in shown
    assert "![![" in shown


def _whole(desk: Desk, number: int) -> str:
    desk.entries()
    return f"/api/items/1.1b/answers/{desk.key(f'student-{number:03}')}/whole"
