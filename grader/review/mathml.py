"""A formula as MathML that every current browser shows, made of allowed elements alone.

latex2mathml converts; what comes out is rebuilt here element by element, so that nothing of a
stranger's formula reaches the page but letters. What the converter writes in the MathML of old
(alignment, bold letters, line breaks) is said in the part that browsers know: MathML Core and CSS.
"""

import html
import re
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from grader.review.dialect import FIRST_MARK, Mark, translate
from grader.review.signs import (
    LIMIT_NAMES,
    SUMS,
    accented,
    function,
    is_name,
    kind_of,
    marked,
    merged,
    primed,
    respace,
    restyle,
    told_limits,
)
from grader.review.tex import Macros, UnconvertibleError, expand
from grader.review.texwords import LENIENT

MAX_ELEMENTS = 12_000
"""Of one formula."""
MAX_TREE_DEPTH = 120
MAX_LENGTH = 20.0
"""Of a space or a size, in em."""
KEPT = {
    "math": ("display",),
    "mrow": (),
    "mi": ("mathvariant",),
    "mn": (),
    "mo": ("stretchy", "fence", "form", "movablelimits", "lspace", "rspace", "minsize", "maxsize"),
    "mtext": ("class",),
    "mspace": ("width",),
    "msup": (),
    "msub": (),
    "msubsup": (),
    "munder": ("accentunder",),
    "mover": ("accent",),
    "munderover": (),
    "mfrac": ("linethickness",),
    "msqrt": ("class",),
    "mroot": (),
    "mtable": ("displaystyle", "class"),
    "mtr": ("class",),
    "mtd": ("class",),
    "mstyle": ("displaystyle", "scriptlevel", "mathcolor"),
    "mphantom": (),
}
"""Element -> the attributes that it may keep; no other element is ever written."""
VALUES = {
    "display": re.compile(r"inline|block"),
    "mathvariant": re.compile(r"normal"),
    "form": re.compile(r"prefix|infix|postfix"),
    "linethickness": re.compile(r"0"),
    "scriptlevel": re.compile(r"[0-3]"),
    "mathcolor": re.compile(r"[A-Za-z]{3,20}|#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?"),
    "class": re.compile(r"[a-z ]{1,60}"),
}
TRUTH = re.compile(r"true|false")
LENGTH = re.compile(r"-?\d{0,4}\.?\d{1,4}(?:em|ex|pt|px|cm|mm|in)")
LENGTHS = frozenset({"width", "lspace", "rspace", "minsize", "maxsize"})
SPACES = {"negativethinmathspace": "-0.167em", "negativemediummathspace": "-0.222em"}
SCRIPTS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
FLAT = frozenset({"mrow", "mi", "mn", "mo"})
"""Elements that are no higher than a line."""


def formula(source: str, *, display: bool, macros: Macros | None = None) -> str:
    r"""A formula of LaTeX as a `<math>` element.

    Args:
        source: Without the dollars around it.
        display: Whether it stands on a line of its own.
        macros: That the notebook has defined.

    Raises:
        UnconvertibleError: it can't be shown as a formula; the text says why.
    """
    words, _ = expand(source, {**LENIENT, **(macros or {})})
    translated = translate(words)
    if not translated.latex.strip():
        return ""
    try:
        tree = convert_to_element(translated.latex, display="block" if display else "inline")
    # The converter meets strange input with errors of every class, IndexError among them.
    except Exception as exc:
        raise UnconvertibleError(_reason(exc)) from exc
    return _Builder(translated.marks).math(tree, display=display)


def _reason(exc: Exception) -> str:
    name = type(exc).__name__.removesuffix("Error")
    return {
        "ExtraLeftOrMissingRight": r"\left and \right don't match",
        "DoubleSuperscripts": "two superscripts on one base",
        "DoubleSubscripts": "two subscripts on one base",
        "NoAvailableTokens": "an argument is missing",
        "MissingSuperScriptOrSubscript": "a script is missing",
        "Recursion": "it is nested too deeply",
    }.get(name, "the converter can't read it")


class _Builder:
    """Rebuilds a tree of the converter's out of allowed elements."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self._marks = marks
        self._count = 0

    def math(self, tree: Element, *, display: bool) -> str:
        made = Element("math", {"display": "block" if display else "inline"})
        made.extend(self._children(tree, 0))
        return _written(made)

    def _children(self, tree: Element, depth: int) -> list[Element]:
        made: list[Element] = []
        for child in tree:
            made.extend(self._element(child, depth + 1))
        return merged(made) if tree.tag in {"mrow", "mtd", "math", "mstyle", "msqrt"} else made

    def _element(self, old: Element, depth: int) -> Iterable[Element]:
        self._count += 1
        if self._count > MAX_ELEMENTS or depth > MAX_TREE_DEPTH:
            raise UnconvertibleError("it is too large to be shown")
        tag = str(old.tag)
        text = html.unescape(old.text or "")
        if tag == "mspace" and not old.get("width"):
            return []
        if tag in {"mi", "mo", "mn", "mtext"}:
            return [self._leaf(tag, old, text, depth)]
        if tag == "menclose":
            return [self._framed(old, depth)]
        if tag == "mpadded":
            tag = "mrow"
        if tag not in KEPT:
            raise UnconvertibleError(f"element {tag[:40]!r} is not shown")
        new = Element(tag, dict(old.attrib))
        new.extend(self._children(old, depth))
        return [self._adjusted(new, old)]

    def _adjusted(self, new: Element, old: Element) -> Element:
        """An element as browsers want it."""
        tag = str(new.tag)
        if tag == "msqrt" and all(part.tag in FLAT for part in new.iter() if part is not new):
            new.set("class", "short")
        if tag == "mtable":
            _ruled(new, old)
        if tag in SCRIPTS and len(new):
            self._with_limits(new)
        elif tag in {"munder", "mover", "munderover"} and len(new):
            told_limits(new)
            accented(new)
        beside = primed(new)
        return new if beside is None else beside

    def _framed(self, old: Element, depth: int) -> Element:
        """A box or a strike, which CSS draws around a table of one cell."""
        struck = "strike" in old.get("notation", "")
        cell, row = Element("mtd"), Element("mtr")
        table = Element("mtable", {"class": "struck" if struck else "boxed"})
        cell.extend(self._children(old, depth))
        row.append(cell)
        table.append(row)
        return table

    def _leaf(self, tag: str, old: Element, text: str, depth: int) -> Element:
        if len(old) or (tag == "mo" and not text):
            # An operator made of a group: what is in it counts. An empty one is the unseen half of
            # a pair of fences, and would still take space.
            row = Element("mrow")
            row.extend(self._children(old, depth))
            return row
        if len(text) == 1 and 0 <= ord(text) - FIRST_MARK < len(self._marks):
            return marked(self._marks[ord(text) - FIRST_MARK])
        if tag != "mtext" and "\\" in text:
            raise UnconvertibleError(f"{text[:40]} is unknown")
        if tag == "mi" and text == "&":
            raise UnconvertibleError("& stands where no columns are")
        if tag in {"mi", "mo"} and is_name(text):
            limits = old.get("movablelimits") == "true" or text in LIMIT_NAMES
            return function(text, limits=limits)
        new = Element(tag, dict(old.attrib))
        new.text = "\u2217" if text == "*" else text
        if tag in {"mi", "mo"} and len(text) == 1:
            new.tag = kind_of(text, tag)
        if tag != "mtext":
            restyle(new, old.get("mathvariant", ""))
        if new.tag == "mo" and not old.get("form"):
            respace(new, typed=tag == "mi")
        return new

    def _with_limits(self, scripts: Element) -> None:
        base = scripts[0]
        if base.tag == "mrow" and len(base) == 1:
            base = base[0]
        if base.tag == "mo" and ((base.text or "") in SUMS or base.get("movablelimits") == "true"):
            scripts.tag = SCRIPTS[str(scripts.tag)]
            base.set("movablelimits", "true")


def _ruled(table: Element, old: Element) -> None:
    """Alignment and rules of a table as classes, which CSS knows."""
    columns = old.get("columnlines", "").split()
    rows = old.get("rowlines", "").split()
    classes = ["aligned"] if old.get("displaystyle") == "true" else []
    table.attrib.pop("class", None)
    if classes:
        table.set("class", " ".join(classes))
    for number, line in enumerate(table):
        if number < len(rows) and rows[number] != "none":
            line.set("class", "ruled")
        for column, cell in enumerate(line):
            told = [cell.get("columnalign", "")]
            if column < len(columns) and columns[column] != "none":
                told.append("ruled")
            cell.set("class", " ".join(filter(None, told)))


def _written(element: Element) -> str:
    tag = str(element.tag)
    attributes = "".join(
        f' {name}="{html.escape(value)}"' for name, value in _allowed(tag, element)
    )
    inside = html.escape(element.text or "", quote=False) if not len(element) else ""
    inside += "".join(_written(child) for child in element)
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _allowed(tag: str, element: Element) -> Iterable[tuple[str, str]]:
    for name in KEPT[tag]:
        value = element.get(name, "")
        if name in LENGTHS:
            value = SPACES.get(value, value)
            if (
                LENGTH.fullmatch(value)
                and abs(float(value.rstrip("abcdeghijklmnopqrstuvwxyz"))) <= MAX_LENGTH
            ):
                yield name, value
        elif VALUES.get(name, TRUTH).fullmatch(value):
            yield name, value
