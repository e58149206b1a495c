"""Text from outside made harmless for each kind of report."""

from __future__ import annotations

import re
import unicodedata

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>])")
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
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace("@", "&#64;")


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    body = plain(text)
    runs = [len(run) for run in re.findall(r"`+", body)]
    fence = "`" * max(3, max(runs, default=0) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def xml(text: str) -> str:
    """Text that an XML document can hold."""
    return _NOT_XML.sub("", plain(text))
