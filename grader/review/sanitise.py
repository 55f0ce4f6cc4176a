"""A stranger's HTML made harmless: allowed elements and attributes alone, nothing that acts.

Two steps. nh3 parses as a browser does and keeps what is on the list. Its output, well-formed and
fully quoted, is then written again: pictures come from the notebook itself or are named, links say
where they lead, formulas are put in where they belong, which is in text alone.
"""

import html
from collections.abc import Callable, Mapping
from html.parser import HTMLParser

import nh3

from grader.review.pictures import Picture, picture_from_address

TAGS = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd"}
    | {"del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3"}
    | {"h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s"}
    | {"samp", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td"}
    | {"tfoot", "th", "thead", "tr", "tt", "u", "ul", "var"}
)
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "a": frozenset({"href"}),
    "img": frozenset({"src", "alt"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan"}),
    "ol": frozenset({"start"}),
}
REMOVED_WHOLE = frozenset(
    {"script", "style", "iframe", "object", "embed", "svg", "math", "template", "noscript", "title"}
    | {"textarea", "select", "xmp", "noembed", "noframes", "plaintext", "audio", "video", "canvas"}
)
"""Elements that go with all that is in them."""
VOID = frozenset({"br", "hr", "img", "col"})
HEADING_SHIFT = 2
"""The page's own headings come first."""
MAX_HEADING = 6
WEB = ("https://", "http://", "mailto:")
NUMERIC = frozenset({"colspan", "rowspan", "start"})
MAX_SPAN = 100
MAX_PICTURES = 40 << 20
"""Characters of the pictures in one text; one picture may be named a thousand times."""


def clean_html(
    untrusted: str,
    *,
    attachments: Mapping[str, Picture] | None = None,
    fill: Callable[[str], str] = html.escape,
    restore: Callable[[str], str] = str,
) -> str:
    """HTML that can be put on the page.

    Args:
        untrusted: Any text.
        attachments: Pictures of the cell by name, for `attachment:NAME`.
        fill: Makes safe HTML of a text between tags; escapes it where nothing else is said.
        restore: Makes of an attribute's value what was written; it is escaped after that.

    Returns:
        Well-formed HTML of allowed elements. It holds no script, style, form, frame, identifier or
        class of the stranger's, and no address that a browser would fetch by itself.
    """
    kept = nh3.clean(
        untrusted,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        clean_content_tags=set(REMOVED_WHOLE),
        url_schemes={"http", "https", "mailto", "data", "attachment"},
        link_rel=None,
    )
    writer = _Writer(attachments or {}, fill, restore)
    writer.feed(kept)
    writer.close()
    return writer.html()


class _Writer(HTMLParser):
    """Writes well-formed HTML again, with pictures, links and formulas as the page wants them."""

    def __init__(
        self,
        attachments: Mapping[str, Picture],
        fill: Callable[[str], str],
        restore: Callable[[str], str],
    ) -> None:
        super().__init__(convert_charrefs=True)
        self._restore = restore
        self._attachments = attachments
        self._fill = fill
        self._parts: list[str] = []
        self._open: list[str] = []
        self._room = MAX_PICTURES

    def html(self) -> str:
        closing = "".join(f"</{tag}>" for tag in reversed(self._open))
        return "".join(self._parts) + closing

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: self._restore(value or "") for name, value in attrs}
        if tag == "img":
            self._parts.append(self._image(given))
            return
        if tag == "a":
            self._parts.append(_link(given.get("href", "")))
        else:
            told = "".join(
                f' {name}="{int(value[:4])}"'
                for name, value in given.items()
                if name in NUMERIC and value[:4].isdecimal() and int(value[:4]) <= MAX_SPAN
            )
            self._parts.append(f"<{_renamed(tag)}{told}>")
        if tag not in VOID:
            self._open.append(_renamed(tag))

    def handle_endtag(self, tag: str) -> None:
        tag = _renamed(tag)
        if tag in self._open:
            while self._open:
                last = self._open.pop()
                self._parts.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        self._parts.append(self._fill(data))

    def _image(self, given: Mapping[str, str]) -> str:
        address, words = given.get("src", ""), given.get("alt", "")
        if address.startswith("attachment:"):
            picture = self._attachments.get(address.removeprefix("attachment:"))
        else:
            picture = picture_from_address(address)
        if picture is not None and len(picture.address) <= self._room:
            self._room -= len(picture.address)
            return shown_picture(picture, words)
        return absent_picture(address, words)


def shown_picture(picture: Picture, words: str) -> str:
    """A picture of the notebook's own."""
    alt = html.escape(words or "a picture in the answer")
    return f'<img src="{html.escape(picture.address)}" alt="{alt}" loading="lazy" decoding="async">'


def absent_picture(address: str, words: str) -> str:
    """A picture that is elsewhere: named, never fetched."""
    where = address if len(address) <= 200 and not address.startswith("data:") else ""  # noqa: PLR2004 - a line or two
    told = f" <code>{html.escape(where)}</code>" if where else ""
    kind = "unreadable picture" if address.startswith("data:") else "linked picture, not fetched"
    named = f": {html.escape(words)}" if words else ""
    return f'<span class="absent">{kind}{told}{named}</span>'


def _link(address: str) -> str:
    if not address.lower().startswith(WEB):
        return "<a>"
    told = html.escape(address)
    return f'<a href="{told}" title="{told}" target="_blank" rel="noopener noreferrer nofollow">'


def _renamed(tag: str) -> str:
    if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():  # noqa: PLR2004 - h1 to h6
        return f"h{min(int(tag[1]) + HEADING_SHIFT, MAX_HEADING)}"
    return {"center": "div", "font": "span", "tt": "code", "strike": "s"}.get(tag, tag)
