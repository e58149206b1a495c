"""Places in an engine's message about a rewritten statement, told of the statement as written."""

from __future__ import annotations

import re

_AT = re.compile(r"(line )(\d+)(,? pos )(\d+)")
_WORD = re.compile(r"[^\W\d]\w*")


def placed(message: str, sent: str, original: str) -> str:
    """A message about the rewritten query with places in the one that was asked.

    A word is found by how many of its kind follow it, since the filter stands in front; a place
    that has no counterpart is left out.
    """

    def moved(found: re.Match[str]) -> str:
        offset = _offset(sent, int(found[2]), int(found[4]))
        word = _WORD.match(sent, offset)
        place = _counterpart(word[0], sent[offset:], original) if word else None
        if place is None:
            return "an unknown place"
        before = original[:place]
        column = len(before) - (before.rfind("\n") + 1)
        return f"{found[1]}{before.count(chr(10)) + 1}{found[3]}{column}"

    return _AT.sub(moved, message)


def _offset(text: str, line: int, position: int) -> int:
    return sum(len(item) + 1 for item in text.split("\n")[: line - 1]) + position


def _counterpart(word: str, rest: str, original: str) -> int | None:
    """Where in `original` the word stands that as many of its kind follow as in `rest`."""
    kind = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    following = len(kind.findall(rest))
    places = [found.start() for found in kind.finditer(original)]
    # The filter repeats the columns: what stands there more often is one of the first here.
    return places[-min(following, len(places))] if places else None
