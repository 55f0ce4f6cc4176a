"""Cells on the page: text, code, and what the code has shown."""

from typing import Any

import pytest

from grader.review import show
from grader.review.notebook import read_cells
from grader.review.show import markup_for, show_cells
from tests.review.hand_ins import code, markdown, notebook, picture, png


def shown(*cells: dict[str, Any]) -> str:
    read = read_cells(notebook(cells), "notebook")
    return "".join(show_cells(read, markup_for(read)))


def output(**data: Any) -> dict[str, Any]:
    held = {name.replace("_", "/", 1): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": held}


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_show_a_plot() -> None:
    """A plot is shown, its code folded and coloured."""
    html = shown(code("plt.plot(x)", [picture(7)]))
    assert f'src="data:image/png;base64,{png(7)}"' in html
    assert "<details><summary>" in html
    assert '<span class="py-' in html


def test_show_a_vector_plot() -> None:
    """An SVG is shown as an image, where a browser runs none of its scripts."""
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    html = shown(code("plot()", [output(**{"image_svg+xml": svg, "text_plain": "Figure"})]))
    assert "<svg" not in html
    assert "<script" not in html
    assert 'src="data:image/svg+xml;base64,' in html


def test_show_printed_text() -> None:
    """Colours of a terminal and earlier states of a progress bar are gone, tags are text."""
    html = shown(code("f()", [printed("\x1b[31mred\x1b[0m <b>\n 10%|#\r100%|##########\r\n")]))
    assert "red &lt;b&gt;\n100%|##########" in html
    assert "10%|#\r" not in html
    assert "\x1b" not in html


def test_show_much_printed_text() -> None:
    """Long outputs are folded after their first lines, and endless ones are cut."""
    html = shown(code("f()", [printed("".join(f"line {n}\n" for n in range(100_000)))]))
    assert "more lines</summary>" in html
    assert len(html) < 200_000


def test_show_an_error() -> None:
    """An error shows its name, the traceback is folded."""
    error = {
        "output_type": "error",
        "ename": "NameError",
        "evalue": "name '<x>' is not defined",
        "traceback": ["\x1b[0;31mNameError\x1b[0m Traceback", "<ipython-input>"],
    }
    html = shown(code("x", [error]))
    assert "NameError: name &#x27;&lt;x&gt;&#x27; is not defined" in html
    assert "<summary>Traceback</summary>" in html


@pytest.mark.parametrize(
    ("data", "there"),
    [
        ({"text_html": "<table><tr><td>1</td></tr></table><script>x</script>"}, "<td>1</td>"),
        ({"text_latex": "$\\frac{a}{b}$", "text_plain": "a/b"}, "<mfrac>"),
        ({"text_markdown": "**b**"}, "<strong>b</strong>"),
        ({"application_javascript": "alert(1)"}, "not shown: application/javascript"),
        ({"text_plain": "array([1, 2])"}, "array([1, 2])"),
        ({"image_png": "no picture", "text_plain": "<Figure>"}, "&lt;Figure&gt;"),
    ],
    ids=["html", "latex", "markdown", "javascript", "plain", "broken picture"],
)
def test_show_outputs_of_other_kinds(data: dict[str, str], there: str) -> None:
    """The richest form that is harmless is shown."""
    html = shown(code("x", [output(**data)]))
    assert there in html
    assert "<script" not in html


def test_show_macros_of_another_cell() -> None:
    """A macro that one cell defines holds in the others."""
    html = shown(markdown("$\\newcommand{\\nrm}[1]{\\|#1\\|}$"), markdown("$\\nrm{x}$"))
    assert "tex inline" not in html
    assert "‖" in html


def test_show_keeps_the_source() -> None:
    """The source of a text is one key away, as text."""
    html = shown(markdown("**a** <script>"))
    assert '<pre class="source" hidden>**a** &lt;script&gt;</pre>' in html


def test_show_gives_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where cells take too long, the rest is shown as it was written."""
    monkeypatch.setattr(show, "SECONDS", -1.0)
    html = shown(markdown("**a** <b>"))
    assert "took too long" in html
    assert "**a** &lt;b&gt;" in html
