"""Markdown of strangers as HTML on the grader's page."""

import base64
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.review.markup import Markup
from grader.review.mathml import KEPT
from grader.review.pictures import Picture, picture_from, picture_from_address
from grader.review.sanitise import TAGS, clean_html
from tests.review.hand_ins import ATTACK, png
from tests.review.tags import Tags

PAGE_TAGS = TAGS | set(KEPT) | {"span", "div", "code", "s"}
PAGE_ATTRIBUTES = {"href", "title", "target", "rel", "src", "alt", "loading", "decoding", "class"}
PAGE_ATTRIBUTES |= {"colspan", "rowspan", "start"} | {
    name for names in KEPT.values() for name in names
}


def harmless(shown: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every element of what is shown, each of which must be harmless."""
    for tag, attributes in Tags(shown).found:
        assert tag in PAGE_TAGS, tag
        assert set(attributes) <= PAGE_ATTRIBUTES, attributes
        assert attributes.get("src", "data:image/").startswith("data:image/")
        assert attributes.get("href", "https://").startswith(("https://", "http://", "mailto:"))
        yield tag, attributes


def test_render_markdown_and_formulas() -> None:
    """Emphasis, lists and formulas of every kind that a notebook knows are shown."""
    shown = Markup().render(
        "**Proof.** By $x_1^*$ and $y_2^*$:\n\n$$a_1 \\\\ b_2$$\n\n- one \\(c\\)\n"
        "- two \\\\[d\\\\]\n\n\\begin{align}e &= f\\end{align}\n"
    )
    assert "<strong>Proof.</strong>" in shown
    assert shown.count("<math") == 6
    assert shown.count('display="block"') == 3
    assert "<em>" not in shown


def test_render_formula_in_a_table() -> None:
    """A bar in a formula is no border of a table."""
    shown = Markup().render("| norm | value |\n|---|---|\n| $|x|$ | $\\|x\\|$ |")
    assert shown.count("<td>") == 2
    assert shown.count("<math") == 2


def test_render_leaves_code_alone() -> None:
    """Dollars in code are dollars."""
    shown = Markup().render("`$a$` and\n\n```bash\necho $HOME $PATH\n```\n\n    indented $b$\n")
    assert "<math" not in shown
    assert "<code>$a$</code>" in shown
    assert "echo $HOME $PATH" in shown
    assert "indented $b$" in shown


def test_render_money() -> None:
    """A dollar that is never closed, or closed in another paragraph, is a dollar."""
    shown = Markup().render("It costs \\$5, or 6$ here.\n\nAnother 7$.")
    assert "<math" not in shown
    assert "$5, or 6$ here." in shown


def test_render_marks_what_it_cannot_convert() -> None:
    """The source stands where the formula would, with the reason."""
    shown = Markup().render("Before $\\foo{x} < 1$ after")
    assert 'class="tex inline"' in shown
    assert "\\foo is unknown" in shown
    assert "\\foo{x} &lt; 1</code> after" in shown


def test_render_formula_in_words_of_a_picture() -> None:
    """In an attribute a formula stays text: put in as markup it would end the attribute."""
    shown = Markup().render('![$x" onerror="alert(1)$](https://a.test/p.png "$y" onload="z$")')
    assert [tag for tag, _ in harmless(shown)] == ["p", "span", "code"]
    assert "$x&quot; onerror=&quot;alert(1)$" in shown


def test_render_forged_marks() -> None:
    """Nobody can write the marks that stand for formulas while Markdown is at work."""
    shown = Markup().render("a \ue0000\ue001 &#xE000;0&#xE001; &#xE000;99999&#xE001; $x$")
    assert shown.count("<math") <= 2
    assert "\ue000" not in shown


def test_render_attack() -> None:
    """Scripts, handlers, frames, forms, styles and dangerous addresses are gone, words stay."""
    shown = Markup().render(ATTACK)
    elements = list(harmless(shown))
    assert "over the page" in shown
    assert not {"script", "svg", "iframe", "form", "input", "style", "base", "meta"} & {
        tag for tag, _ in elements
    }
    assert "onerror" not in "".join(name for _, attributes in elements for name in attributes)


@pytest.mark.parametrize(
    "attack",
    [
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href=" javascript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src onerror=1">',
        "<svg><p><style><g title='</style><img src onerror=alert(1)>'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<b <script>alert(1)</script>0",
        "<<script>script>alert(1)<</script>/script>",
        '<div style="background:url(https://a.test)">x</div>',
        '<p id="judgement" class="side" name="body">x</p>',
        "<a href=//a.test/x>x</a>",
        "<a href=/item/1.1b>x</a>",
        '<img srcset="https://a.test/a.png 2x" src="https://a.test/b.png">',
        "<video src=https://a.test poster=https://a.test></video><audio src=x>",
        "$\\href{javascript:alert(1)}{\\text{<img src=x onerror=alert(1)>}}$",
    ],
)
def test_render_attacks_one_by_one(attack: str) -> None:
    """Each way in that is known stays shut."""
    for tag, attributes in harmless(Markup().render(attack)):
        assert tag != "img" or attributes["src"].startswith("data:image/")
        assert "id" not in attributes
        assert "style" not in attributes


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "<",
                    ">",
                    '"',
                    "'",
                    "/",
                    "=",
                    " ",
                    "\n",
                    "$",
                    "\\",
                    "`",
                    "[",
                    "](",
                    ")",
                    "!",
                    "<!--",
                ),
                *("script", "img", "src", "onerror", "href", "javascript:", "svg", "math", "style"),
                *(
                    "&lt;",
                    "&#60;",
                    "\\text{",
                    "}",
                    "{",
                    "data:image/png;base64,",
                    "\ue000",
                    "0",
                    "x",
                ),
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_render_anything(text: str) -> None:
    """Whatever is written, what is shown is harmless."""
    assert list(harmless(Markup().render(text))) is not None


def test_clean_html_of_a_data_frame() -> None:
    """A table of pandas keeps its cells and loses its style."""
    shown = clean_html(
        "<div><style scoped>.x{}</style><table border=1 class=dataframe><tr><th colspan=2>n</th>"
        "<td>1.5</td></tr></table></div>"
    )
    assert "scoped" not in shown
    assert '<th colspan="2">n</th>' in shown
    assert "class" not in shown


def test_pictures_of_the_notebook_are_shown() -> None:
    """Attachments and pictures in the text itself are shown, linked ones are named."""
    picture = picture_from("image/png", png())
    assert picture is not None
    shown = Markup().render(
        f"![plot](attachment:a.png) ![inline](data:image/png;base64,{png(9)}) "
        "![far](https://a.test/b.png) ![gone](attachment:c.png)",
        {"a.png": picture},
    )
    sources = [attributes["src"] for tag, attributes in harmless(shown) if tag == "img"]
    assert sources == [picture.address, f"data:image/png;base64,{png(9)}"]
    assert "linked picture, not fetched <code>https://a.test/b.png</code>: far" in shown
    assert "attachment:c.png" in shown


@pytest.mark.parametrize(
    ("mime", "encoded"),
    [
        ("image/png", base64.b64encode(b"<svg onload=alert(1)>").decode()),
        ("text/html", base64.b64encode(b"<script>").decode()),
        ("image/png", "not base64!"),
        ("image/svg+xml", "<html>"),
        ("image/png", ""),
    ],
    ids=["no png", "html", "no base64", "no svg", "nothing"],
)
def test_picture_from_what_is_none(mime: str, encoded: str) -> None:
    """A picture is what begins like one of the kinds that are shown."""
    assert picture_from(mime, encoded) is None


def test_picture_from_address_of_another_kind() -> None:
    """An address holds a picture, or none."""
    assert picture_from_address("data:text/html;base64,PHNjcmlwdD4=") is None
    assert picture_from_address("https://a.test/a.png") is None
    svg = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode()
    assert isinstance(picture_from_address(f"data:image/svg+xml;base64,{svg}"), Picture)


@pytest.mark.parametrize(
    "text",
    [
        "$" * 29_000,
        "`a``b```c" * 3000,
        "\\begin{align}" * 2200,
        "[" * 29_000,
        "<div>" * 5900,
        "![" * 14_000,
        "*a_ " * 7000,
        "\\[" * 14_000,
        "$x^2$ " * 4900,
        "<!--" * 7000,
        "x" * 500_000,
    ],
    ids=[
        "dollars",
        "ticks",
        "begin",
        "brackets",
        "divs",
        "images",
        "stars",
        "open",
        "many",
        "comments",
        "long",
    ],
)
def test_render_ends_soon(text: str) -> None:
    """No text takes longer than a person waits for a page."""
    begin = time.process_time()
    assert Markup().render(text)[:1] in {"", "<"}
    assert time.process_time() - begin < 8.0


def test_render_plain_keeps_lines() -> None:
    """Comments of a module are shown as they are, formulas rendered, tags as text."""
    shown = Markup().render_plain("a  b\n<b>c</b> $x^2$")
    assert shown.startswith('<div class="plain">a  b\n&lt;b&gt;c&lt;/b&gt; <math')
