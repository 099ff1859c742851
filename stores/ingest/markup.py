"""Turn HTML into the text that a reader sees: no tags, attributes, styles or scripts, entities as characters."""

from __future__ import annotations

import re
from html import unescape

_TAGS = (
    "a|abbr|address|article|aside|b|big|blockquote|body|br|button|center|cite|code|dd|del|details|div|dl|dt|em|figcaption|figure|font|footer|"
    "form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|label|li|link|main|mark|meta|nav|noscript|object|ol|p|pre|q|s|script|section|small|"
    "source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|tfoot|th|thead|title|tr|u|ul|video"
)
_MARKUP = re.compile(rf"</?(?:{_TAGS})(?=[\s/>])[^<>]*>|<!--.*?-->|<!\[CDATA\[", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_BLOCKS = ["address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
           "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"]  # fmt: skip
_UNSEEN = ["script", "style", "noscript", "template", "head", "iframe", "object", "svg", "video", "button", "input"]
MAX_ESCAPED = 3
"""Markup may be escaped as text, once or twice, on its way through other programs."""


def plain_text(text: str) -> str:
    """Return ``text`` without markup; text that holds none is returned as it is."""
    for _ in range(MAX_ESCAPED):
        if "<" in text and _MARKUP.search(text):
            text = _seen(text)
        elif "&" in text and _ENTITY.search(text):
            text = unescape(text).replace("\u00a0", " ")
        else:
            break
    return text


def _seen(html: str) -> str:
    from bs4 import BeautifulSoup, Comment
    from bs4.element import CData

    soup = BeautifulSoup(html.replace("\r", ""), "html.parser")
    for hidden in soup(_UNSEEN):
        hidden.decompose()
    for note in soup.find_all(string=lambda s: isinstance(s, Comment) and not isinstance(s, CData)):
        note.extract()
    for text in soup.find_all(string=True):
        if not isinstance(text, CData):
            text.replace_with(re.sub(r"\s+", " ", str(text)))
    for block in soup.find_all(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().split("\n"))
    return "\n".join(line for line in lines if line)
