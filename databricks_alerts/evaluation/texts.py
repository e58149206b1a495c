"""Which texts the warehouse can cast to a type (docs.databricks.com, `cast`, ANSI mode)."""

from __future__ import annotations

import datetime as dt
import re

_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE)
_DAY = r"([+-]?\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2}))?)?"
_DATE = re.compile(rf"{_DAY}(?:(?<=\d)[ T].*)?", re.DOTALL)
_CLOCK = r"\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d{0,9})?)?|\d{1,2}"
_ZONE = r"\s*(?:Z|UTC|GMT|[A-Za-z]+/[A-Za-z_/+-]+\d*|(?:UTC|GMT|UT)?[+-]\d{1,2}(?::?\d{2}){0,2})"
_TIMESTAMP = re.compile(rf"{_DAY}(?:[ T](?:{_CLOCK})(?:{_ZONE})?)?")
_BOOLEANS = {"t", "true", "y", "yes", "1", "f", "false", "n", "no", "0"}
_BIGINT = 2**63


def is_whole_number(text: str) -> bool:
    """Whether the text casts to BIGINT, which an integer is compared with a text as."""
    found = re.fullmatch(r"[+-]?\d+", text.strip())
    return found is not None and -_BIGINT <= int(found[0]) < _BIGINT


def is_number(text: str) -> bool:
    """Whether the text casts to DOUBLE."""
    return _NUMBER.fullmatch(text.strip()) is not None


def is_boolean(text: str) -> bool:
    """Whether the text casts to BOOLEAN."""
    return text.strip().lower() in _BOOLEANS


def is_date(text: str) -> bool:
    """Whether the text casts to DATE; what follows a whole date is left out by the cast."""
    found = _DATE.fullmatch(text.strip())
    return found is not None and _is_day(found)


def is_timestamp(text: str) -> bool:
    """Whether the text casts to TIMESTAMP."""
    found = _TIMESTAMP.fullmatch(text.strip())
    return found is not None and _is_day(found)


def _is_day(found: re.Match[str]) -> bool:
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    try:
        # The calendar repeats after 400 years; Python's ends with 9999.
        dt.date(year % 400 + 2000, month, day)
    except ValueError:
        return False
    return True
