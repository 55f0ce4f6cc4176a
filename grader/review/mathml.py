"""A formula as MathML that every current browser shows, made of allowed elements alone.

latex2mathml converts; what comes out is rebuilt here element by element, so that nothing of a
stranger's formula reaches the page but letters. What the converter writes in the MathML of old
(alignment, bold letters, line breaks) is said in the part that browsers know: MathML Core and CSS.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from grader.review.dialect import FIRST_MARK, Mark, translate
from grader.review.letters import in_style
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
    "msqrt": (),
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
SIZES = {"big": "1.2em", "Big": "1.623em", "bigg": "2.047em", "Bigg": "2.470em"}
SCRIPTS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
SUMS = frozenset("∑∏∐\u22c3\u22c2⨁⨂⨆")
LIMIT_NAMES = frozenset({"max", "min", "sup", "inf", "lim"})
FENCES = frozenset("()[]{}|‖⟨⟩⌊⌋⌈⌉")
BARS = frozenset("|‖")
ORDINARY = frozenset("∞∅∎\u22a4⊺…⋯⋮⋱\u2032″‴⁗†‡")
"""Signs that are no operators, whatever the converter and Unicode's categories say."""
ACCENTS = {"―": "\u203e", "^": "^", "~": "~", "¯": "\u203e", "˙": "˙", "¨": "¨", "⃗": "→", "→": "→"}
"""Signs over a letter -> the one that browsers stretch."""


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
        return _merged(made) if tree.tag in {"mrow", "mtd", "math", "mstyle", "msqrt"} else made

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
        if tag == "mtable":
            _ruled(new, old)
        if tag in SCRIPTS and len(new):
            self._with_limits(new)
        elif tag in {"munder", "mover", "munderover"} and len(new):
            _told_limits(new)
            _accented(new)
        return [new]

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
            return _marked(self._marks[ord(text) - FIRST_MARK])
        if tag != "mtext" and "\\" in text:
            raise UnconvertibleError(f"{text[:40]} is unknown")
        if tag == "mi" and text == "&":
            raise UnconvertibleError("& stands where no columns are")
        if tag in {"mi", "mo"} and _is_name(text):
            limits = old.get("movablelimits") == "true" or text in LIMIT_NAMES
            return _function(text, limits=limits)
        new = Element(tag, dict(old.attrib))
        new.text = "\u2217" if text == "*" else text
        if tag in {"mi", "mo"} and len(text) == 1:
            new.tag = _kind(text, tag)
        if tag != "mtext":
            _restyle(new, old.get("mathvariant", ""))
        if new.tag == "mo" and not old.get("form"):
            _respace(new, typed=tag == "mi")
        return new

    def _with_limits(self, scripts: Element) -> None:
        base = scripts[0]
        if base.tag == "mrow" and len(base) == 1:
            base = base[0]
        if base.tag == "mo" and ((base.text or "") in SUMS or base.get("movablelimits") == "true"):
            scripts.tag = SCRIPTS[str(scripts.tag)]
            base.set("movablelimits", "true")


def _is_name(text: str) -> bool:
    """Whether it is a function's name: more than one letter, thin spaces among them."""
    return len(text) > 1 and text.replace("\u2009", "").replace("\u2006", "").isalpha()


def _restyle(leaf: Element, variant: str) -> None:
    text = leaf.text or ""
    if variant and variant != "normal":
        leaf.text = in_style(text, variant)
        if leaf.text != text:
            leaf.attrib.pop("mathvariant", None)


def _kind(sign: str, tag: str) -> str:
    """Whether one character is an operator, also where it was typed and not written in LaTeX."""
    if sign in ORDINARY:
        return "mi"
    category = unicodedata.category(sign)
    return "mo" if category == "Sm" or category.startswith("P") else tag


def _respace(sign: Element, *, typed: bool) -> None:
    r"""A bar that opens and closes gets no space, and no bracket grows but by `\left`."""
    text = sign.text or ""
    if text in BARS or (typed and text in FENCES):
        sign.attrib.setdefault("stretchy", "false")
    if text in BARS:
        sign.attrib |= {"lspace": "0em", "rspace": "0em"}


def _told_limits(scripts: Element) -> None:
    r"""`\limits` holds in a line of text too."""
    base = scripts[0]
    if base.tag == "mo" and ((base.text or "") in SUMS or (base.text or "").isalpha()):
        base.set("movablelimits", "true" if (base.text or "") in SUMS else "false")


def _accented(scripts: Element) -> None:
    over = scripts[-1]
    if scripts.tag == "mover" and over.tag == "mo" and (over.text or "") in ACCENTS:
        over.text = ACCENTS[over.text or ""]
        scripts.set("accent", "true")


def _marked(mark: Mark) -> Element:
    if mark.kind == "name":
        return _function(mark.text, limits=mark.limits)
    if mark.kind == "delimiter":
        size = SIZES[mark.style]
        made = Element("mo", {"stretchy": "true", "fence": "true"})
        made.attrib |= {"minsize": size, "maxsize": size, "lspace": "0em", "rspace": "0em"}
    else:
        made = Element("mtext", {"class": mark.style} if mark.style else {})
    made.text = mark.text
    return made


def _function(name: str, *, limits: bool) -> Element:
    made = Element("mo", {"lspace": "0em", "rspace": "0.167em", "form": "prefix"})
    if limits:
        made.set("movablelimits", "true")
    made.text = name
    return made


def _merged(row: list[Element]) -> list[Element]:
    """Neighbouring upright letters as one word, and no space between a name and its bracket."""
    made: list[Element] = []
    for element in row:
        last = made[-1] if made else None
        if (
            last is not None
            and last.tag == element.tag == "mi"
            and last.get("mathvariant") == element.get("mathvariant") == "normal"
        ):
            last.text = (last.text or "") + (element.text or "")
            continue
        if (
            last is not None
            and last.get("form") == "prefix"
            and last.get("rspace") == "0.167em"
            and element.tag in {"mo", "mrow"}
            and _first_text(element) in {"(", "["}
        ):
            last.set("rspace", "0em")
        made.append(element)
    for left, right in pairwise(made):
        for fence, table in ((left, right), (right, left)):
            if table.tag == "mtable" and fence.tag == "mo" and (fence.text or "") in FENCES:
                fence.set("stretchy", "true")
    return made


def _first_text(element: Element) -> str:
    while len(element):
        element = element[0]
    return element.text or ""


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
