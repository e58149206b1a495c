"""Text from outside made harmless for each kind of report."""

from __future__ import annotations

import html
import re
import unicodedata

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>])")
# What begins a mention or a link to an issue; not the sign of a character reference.
_TELLING = re.compile(r"@|(?<!&)#")
# What XML 1.0 cannot hold at all.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST = 300


def plain(text: str) -> str:
    """Without control characters, escape sequences and direction marks; lines stay."""
    return "".join(
        char
        for char in text.replace("\r\n", "\n")
        if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )


def short(text: str, most: int = LONGEST) -> str:
    """One line of at most `most` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def markdown(text: str, most: int = LONGEST) -> str:
    """One line in which nothing is markup, a mention, a link or a table's end."""
    escaped = _MARKDOWN.sub(r"\\\1", short(text, most))
    return _silent(escaped.replace("&", "&amp;").replace("<", "&lt;"))


def inside_html(text: str, most: int = LONGEST) -> str:
    """One line for an HTML element in Markdown, where a backslash would be shown."""
    return _silent(html.escape(short(text, most)))


def _silent(text: str) -> str:
    """With a zero-width space where GitHub and GitLab would tell a person or link an issue.

    They look at the rendered text, so that an escaped sign mentions just as well.
    """
    return _TELLING.sub(r"\g<0>&#8203;", text)


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    body = plain(text)
    runs = [len(run) for run in re.findall(r"`+", body)]
    fence = "`" * max(3, max(runs, default=0) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def xml(text: str) -> str:
    """Text that an XML document can hold."""
    return _NOT_XML.sub("", plain(text))
