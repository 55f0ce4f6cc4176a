"""Bold, script, Fraktur and other letters as characters of Unicode, which every browser shows."""

import unicodedata
from functools import cache

NAMES = {
    "bold": "BOLD",
    "italic": "ITALIC",
    "bold-italic": "BOLD ITALIC",
    "script": "SCRIPT",
    "bold-script": "BOLD SCRIPT",
    "fraktur": "FRAKTUR",
    "bold-fraktur": "BOLD FRAKTUR",
    "double-struck": "DOUBLE-STRUCK",
    "sans-serif": "SANS-SERIF",
    "bold-sans-serif": "SANS-SERIF BOLD",
    "sans-serif-italic": "SANS-SERIF ITALIC",
    "monospace": "MONOSPACE",
}
"""MathML's name of a style -> the word for it in names of Unicode."""
OLDER = {"FRAKTUR": "BLACK-LETTER"}
"""Letters that Unicode had before its mathematical alphabets have names of their own."""


def in_style(text: str, style: str) -> str:
    """The text with each letter and digit in the style; what has no such form stays."""
    return "".join(_letter(character, style) for character in text)


@cache
def _letter(character: str, style: str) -> str:
    word = NAMES.get(style)
    name = unicodedata.name(character, "")
    if word is None or not character.isalnum():
        return character
    plain = name.replace("LATIN ", "").replace("GREEK ", "").replace(" LETTER", "")
    for tried in (f"MATHEMATICAL {word} {plain}", f"{OLDER.get(word, word)} {plain}"):
        try:
            return unicodedata.lookup(tried)
        except KeyError:
            continue
    if style == "italic" and character == "h":
        # The one italic letter that Unicode has under another name.
        return "\N{PLANCK CONSTANT}"
    return character
