"""Letters, names and signs of a formula: which they are, and how they are set."""

import unicodedata
from itertools import pairwise
from xml.etree.ElementTree import Element

from grader.review.dialect import Mark
from grader.review.letters import in_style

SIZES = {"big": "1.2em", "Big": "1.623em", "bigg": "2.047em", "Bigg": "2.470em"}
SUMS = frozenset("∑∏∐\u22c3\u22c2⨁⨂⨆")
LIMIT_NAMES = frozenset({"max", "min", "sup", "inf", "lim"})
FENCES = frozenset("()[]{}|‖⟨⟩⌊⌋⌈⌉")
BARS = frozenset("|‖")
PRIMES = frozenset("\u2032″‴⁗")
SIGNS = frozenset("+-\u2212±∓")
CLOSING = frozenset(")]}⟩⌋⌉|‖!\u2032")
ORDINARY = frozenset("∞∅∎\u22a4⊺…⋯⋮⋱\u2032″‴⁗†‡")
"""Signs that are no operators, whatever the converter and Unicode's categories say."""
ACCENTS = {"―": "\u203e", "^": "^", "~": "~", "¯": "\u203e", "˙": "˙", "¨": "¨", "⃗": "→", "→": "→"}
"""Signs over a letter -> the one that browsers stretch."""


UPRIGHT = frozenset("ΓΔΘΛΞΠΣΥΦΨΩ")


def is_name(text: str) -> bool:
    """Whether it is a function's name: more than one letter, thin spaces among them."""
    return len(text) > 1 and text.replace("\u2009", "").replace("\u2006", "").isalpha()


def restyle(leaf: Element, variant: str) -> None:
    """A letter in its style as a character of its own; a capital of Greek is upright, as in TeX."""
    text = leaf.text or ""
    if not variant and leaf.tag == "mi" and text in UPRIGHT:
        leaf.set("mathvariant", "normal")
    if variant and variant != "normal":
        leaf.text = in_style(text, variant)
        if leaf.text != text:
            leaf.attrib.pop("mathvariant", None)


def kind_of(sign: str, tag: str) -> str:
    """Whether one character is an operator, also where it was typed and not written in LaTeX."""
    if sign in ORDINARY:
        return "mi"
    category = unicodedata.category(sign)
    return "mo" if category == "Sm" or category.startswith("P") else tag


def respace(sign: Element, *, typed: bool) -> None:
    r"""A bar that opens and closes gets no space, and no bracket grows but by `\left`."""
    text = sign.text or ""
    if text in BARS or (typed and text in FENCES):
        sign.attrib.setdefault("stretchy", "false")
    if text in BARS:
        sign.attrib |= {"lspace": "0em", "rspace": "0em"}


def told_limits(scripts: Element) -> None:
    r"""`\limits` holds in a line of text too."""
    base = scripts[0]
    if base.tag == "mo" and ((base.text or "") in SUMS or (base.text or "").isalpha()):
        base.set("movablelimits", "true" if (base.text or "") in SUMS else "false")


def accented(scripts: Element) -> None:
    """A hat or a bar sits on its letter, in the form that browsers stretch."""
    over = scripts[-1]
    if scripts.tag == "mover" and over.tag == "mo" and (over.text or "") in ACCENTS:
        over.text = ACCENTS[over.text or ""]
        scripts.set("accent", "true")


def marked(mark: Mark) -> Element:
    """What a mark in the formula stands for."""
    if mark.kind == "name":
        return function(mark.text, limits=mark.limits)
    if mark.kind == "delimiter":
        size = SIZES[mark.style]
        made = Element("mo", {"stretchy": "true", "fence": "true"})
        made.attrib |= {"minsize": size, "maxsize": size, "lspace": "0em", "rspace": "0em"}
    else:
        made = Element("mtext", {"class": mark.style} if mark.style else {})
    # Spaces at an end would be dropped.
    made.text = mark.text.replace(" ", "\u00a0") if mark.kind == "text" else mark.text
    return made


def function(name: str, *, limits: bool) -> Element:
    """A function's name: upright, a thin space after it."""
    made = Element("mo", {"lspace": "0em", "rspace": "0.167em", "form": "prefix"})
    if limits:
        made.set("movablelimits", "true")
    made.text = name
    return made


def merged(row: list[Element]) -> list[Element]:
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
        if element.tag == "mo" and (element.text or "") in SIGNS and _opens(last):
            element.set("form", "prefix")
        made.append(element)
    for left, right in pairwise(made):
        for fence, table in ((left, right), (right, left)):
            if table.tag == "mtable" and fence.tag == "mo" and (fence.text or "") in FENCES:
                fence.set("stretchy", "true")
    return made


def _opens(last: Element | None) -> bool:
    """Whether a sign after this element is that of a number, and no operation."""
    return last is not None and last.tag == "mo" and (last.text or "") not in CLOSING


def primed(scripts: Element) -> Element | None:
    """A base with primes as its only superscript, the primes beside it; None for anything else.

    Fonts draw a prime where it belongs, high: as a script it would be higher still.
    """
    if scripts.tag != "msup" or len(scripts) < 2:  # noqa: PLR2004 - base and script
        return None
    primes = "".join(scripts[1].itertext())
    if not primes or not set(primes) <= PRIMES:
        return None
    prime = Element("mo", {"lspace": "0em", "rspace": "0em"})
    prime.text = primes
    row = Element("mrow")
    row.extend([scripts[0], prime])
    return row


def _first_text(element: Element) -> str:
    while len(element):
        element = element[0]
    return element.text or ""
