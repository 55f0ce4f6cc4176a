"""Markdown with LaTeX as safe HTML. Needs no network, runs no script, and ends in bounded time."""

import html
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from markdown_it import MarkdownIt

from grader.review.mathml import formula
from grader.review.mathscan import Formula, find_formulas
from grader.review.pictures import Picture
from grader.review.sanitise import clean_html
from grader.review.tex import Macros, UnconvertibleError, definitions

MAX_MARKDOWN = 30_000
"""Characters of one text that are read as Markdown; a longer one is shown as it is."""
FORMULA_SECONDS = 2.0
"""For the formulas of one text; what comes later is shown as source."""
OPEN, CLOSE = "\ue000", "\ue001"
"""Around the number of a formula while Markdown is at work; both are removed from what comes in."""
HELD = re.compile(f"{OPEN}(\\d{{1,5}}){CLOSE}")
PRIVATE = str.maketrans({OPEN: "\ufffd", CLOSE: "\ufffd"})


class Markup:
    """Renders the Markdown of one notebook, with the macros that it defines."""

    def __init__(self, macros: Macros | None = None) -> None:
        self._macros = macros or {}
        self._markdown = MarkdownIt("commonmark", {"html": True, "maxNesting": 30}).enable(
            ["table", "strikethrough"]
        )
        # Addresses are judged where the HTML is cleaned, attachments among them.
        self._markdown.validateLink = _any_link  # type: ignore[method-assign]

    def render(self, text: str, attachments: Mapping[str, Picture] | None = None) -> str:
        """Markdown as safe HTML."""
        text = text.translate(PRIVATE)
        if len(text) > MAX_MARKDOWN:
            return self.render_plain(text)
        formulas = list(find_formulas(text))
        held, position = [], 0
        for number, found in enumerate(formulas):
            held += [text[position : found.start], f"{OPEN}{number}{CLOSE}"]
            position = found.end
        held.append(text[position:])

        def restored(words: str) -> str:
            return HELD.sub(lambda found: _written(text, formulas, found), words)

        rendered = self._rendered("".join(held), restored)
        until = time.monotonic() + FORMULA_SECONDS

        def fill(words: str) -> str:
            parts = HELD.split(words)
            parts[::2] = [html.escape(part, quote=False) for part in parts[::2]]
            for place in range(1, len(parts), 2):
                found = _numbered(formulas, parts[place])
                parts[place] = self.formula(found.source, found.display, until) if found else ""
            return "".join(parts)

        return clean_html(rendered, attachments=attachments, fill=fill, restore=restored)

    def render_plain(self, text: str) -> str:
        """A text that is no Markdown, lines kept, with its formulas."""
        text = text.translate(PRIVATE)
        parts, position = [], 0
        until = time.monotonic() + FORMULA_SECONDS
        for found in find_formulas(text) if len(text) <= MAX_MARKDOWN else ():
            parts.append(html.escape(text[position : found.start], quote=False))
            parts.append(self.formula(found.source, found.display, until))
            position = found.end
        parts.append(html.escape(text[position:], quote=False))
        return f'<div class="plain">{"".join(parts)}</div>'

    def formula(self, source: str, display: bool, until: float | None = None) -> str:  # noqa: FBT001 - a pair as in Formula
        """A formula as MathML, or its marked source where it can't be shown as one."""
        if until is not None and time.monotonic() > until:
            return _marked(source, "the formulas before it took too long", display=display)
        try:
            return formula(source, display=display, macros=self._macros)
        except UnconvertibleError as exc:
            return _marked(source, str(exc), display=display)

    def _rendered(self, held: str, restored: Callable[[str], str]) -> str:
        """Markdown's HTML; in code, formulas stand as they were written."""
        environment: dict[str, object] = {}
        tokens = self._markdown.parse(held, environment)
        waiting = list(tokens)
        while waiting:
            token = waiting.pop()
            waiting += token.children or ()
            if token.type in {"code_inline", "code_block", "fence"}:
                token.content = restored(token.content)
                token.info = ""
        rendered: str = self._markdown.renderer.render(tokens, self._markdown.options, environment)
        return rendered


def notebook_macros(texts: Iterable[str]) -> Macros:
    """The macros that the Markdown of a notebook defines: they hold in all of its cells."""
    return definitions(found.source for text in texts for found in find_formulas(text))


def _marked(source: str, reason: str, *, display: bool) -> str:
    """The source of a formula that can't be shown as one, with the reason."""
    kind = "display" if display else "inline"
    told = html.escape(f"shown as it was written: {reason}")
    return f'<code class="tex {kind}" title="{told}">{html.escape(source.strip())}</code>'


def _written(text: str, formulas: Sequence[Formula], found: re.Match[str]) -> str:
    held = _numbered(formulas, found[1])
    return text[held.start : held.end] if held else ""


def _numbered(formulas: Sequence[Formula], number: str) -> Formula | None:
    # An entity such as `&#xE000;` can forge a mark: it stands for a formula of the text, or none.
    return formulas[int(number)] if int(number) < len(formulas) else None


def _any_link(url: str) -> bool:
    return bool(url)
