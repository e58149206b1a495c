"""Between HTML, Markdown and plain text: what each receiver can show of a template. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

_LINES = {"p", "br", "div", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"}
_HIDDEN = {"script", "style", "head", "title"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&])")
_SLACK = {"strong_open": "*", "strong_close": "*", "em_open": "_", "em_close": "_"} | {
    "s_open": "~",
    "s_close": "~",
    "heading_open": "*",
    "heading_close": "*\n",
    "paragraph_close": "\n",
    "list_item_open": "• ",
    "softbreak": "\n",
    "hardbreak": "\n",
    "hr": "---\n",
    "th_close": " | ",
    "td_close": " | ",
    "tr_close": "\n",
}


def text_from_html(markup: str) -> str:
    """The words of HTML, a line a block, cells of a table with ` | ` between them."""
    reader = _Words()
    reader.feed(markup)
    reader.close()
    lines = "".join(reader.found).split("\n")
    kept = [line.strip().removesuffix(" |") for line in lines]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def html_from_markdown(text: str) -> str:
    """Markdown as HTML; HTML inside of it stays text."""
    return str(_reader().render(text))


def escaped_markdown(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def mrkdwn_from_markdown(text: str) -> str:
    """Markdown in Slack's own dialect (docs.slack.dev, "Formatting message text")."""
    return re.sub(r"\n{3,}", "\n\n", "".join(map(_slack, _reader().parse(text)))).strip()


def escaped_mrkdwn(text: str) -> str:
    """A text without Slack's three control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _reader() -> MarkdownIt:
    options = {"html": False, "linkify": False, "typographer": False}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def _slack(token: Token) -> str:
    if token.type == "inline":
        return "".join(map(_slack, token.children or []))
    if token.type == "link_open":
        # Slack ends a link's address at `|` and `>`.
        return f"<{escaped_mrkdwn(str(token.attrGet('href') or '')).replace('|', '%7C')}|"
    if token.type == "link_close":
        return ">"
    if token.type == "code_inline":
        return f"`{escaped_mrkdwn(token.content)}`"
    if token.type in ("fence", "code_block"):
        return f"```\n{escaped_mrkdwn(token.content)}```\n"
    if token.type in _SLACK:
        return _SLACK[token.type]
    return escaped_mrkdwn(token.content)


class _Words(HTMLParser):
    """Gathers text; `found` are its pieces."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag in _LINES:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(self._hidden - (tag in _HIDDEN), 0)
        if tag in _LINES:
            self._break()
        if tag in ("td", "th"):
            self.found.append(" | ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)

    def _break(self) -> None:
        if self.found and not self.found[-1].endswith("\n"):
            self.found.append("\n")
