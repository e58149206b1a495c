"""Notification templates: Databricks' mustache variables, and what is wrong with a template.

Source: docs.databricks.com, "Create alert notification templates". QUERY_NAME and QUERY_URL come
from legacy alerts; they are still told of, so templates that use them are not faulted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ROWS, COLUMNS, TABLE = "QUERY_RESULT_ROWS", "QUERY_RESULT_COLS", "QUERY_RESULT_TABLE"
VARIABLES = (
    "ALERT_NAME",
    "ALERT_STATUS",
    "ALERT_CONDITION",
    "ALERT_THRESHOLD",
    "ALERT_COLUMN",
    "ALERT_URL",
    "QUERY_NAME",
    "QUERY_URL",
    "QUERY_RESULT_VALUE",
    ROWS,
    COLUMNS,
    TABLE,
)
_COLUMN_FIELDS = ("name", "type", "display_name", "friendly_name")
_TAG = re.compile(r"\{\{(?:\{(?P<raw>.*?)\}\}\}|(?P<sigil>[#^/>=!&]?)(?P<name>.*?)\}\})", re.DOTALL)
_OPEN_TAG = re.compile(r"\{\{[{#^/&]?\s*[A-Za-z_][\w.]*")


@dataclass(frozen=True)
class Problem:
    """What is wrong, what to do, and where: line from 1, position from 0."""

    what: str
    remedy: str
    line: int
    position: int


@dataclass(frozen=True)
class _Tag:
    sigil: str
    name: str
    start: int


def check_template(template: str, columns: Sequence[str] | None) -> list[Problem]:
    """Everything wrong with a template, in order.

    `columns` are those that the result will have; None where they are not known: then no column is
    missed. Under an aggregation they are the aggregated ones alone.
    """
    found: list[tuple[int, str, str]] = []
    open_sections: list[_Tag] = []
    for tag in _tags(template):
        found += _check_tag(tag, open_sections, columns)
        if tag.sigil in ("#", "^"):
            open_sections.append(tag)
        elif tag.sigil == "/" and tag.name in [item.name for item in open_sections]:
            while open_sections.pop().name != tag.name:
                pass
    found += [_unclosed(tag) for tag in open_sections]
    found += _unfinished(template)
    return [
        Problem(what, remedy, *_place(template, start)) for start, what, remedy in sorted(found)
    ]


def _tags(template: str) -> Iterator[_Tag]:
    for found in _TAG.finditer(template):
        raw = found["raw"]
        sigil = "{" if raw is not None else found["sigil"]
        name = (raw if raw is not None else found["name"]).strip()
        if sigil != "!":
            yield _Tag(sigil, name, found.start())


def _check_tag(
    tag: _Tag, open_sections: list[_Tag], columns: Sequence[str] | None
) -> list[tuple[int, str, str]]:
    if tag.sigil == ">":
        what = f"{{{{>{tag.name}}}}} is a partial, which alerts do not have"
        return [(tag.start, what, "write its text into the template")]
    if tag.sigil == "=":
        what = "the template changes mustache's delimiters"
        return [(tag.start, what, "keep {{ and }}")]
    names = [item.name for item in open_sections]
    if tag.sigil == "/":
        return _check_close(tag, open_sections)
    if not tag.name:
        return [(tag.start, "{{}} names nothing", f"name one of {', '.join(VARIABLES)}")]
    if tag.name == "." or tag.name in VARIABLES:
        return []
    return _unknown(tag, names, columns)


def _check_close(tag: _Tag, open_sections: list[_Tag]) -> list[tuple[int, str, str]]:
    written = f"{{{{/{tag.name}}}}}"
    if tag.name not in [item.name for item in open_sections]:
        return [(tag.start, f"{written} closes a section that is not open", "take it out")]
    if open_sections[-1].name != tag.name:
        inner = open_sections[-1].name
        return [
            (
                tag.start,
                f"{written} stands before {{{{/{inner}}}}}, which was opened later",
                f"close {inner} first",
            )
        ]
    return []


def _unknown(
    tag: _Tag, sections: list[str], columns: Sequence[str] | None
) -> list[tuple[int, str, str]]:
    if ROWS in sections:
        if columns is None or tag.name in columns:
            return []
        return [
            (
                tag.start,
                f"the result has no column {tag.name}{_nearest(tag.name, (*columns, *VARIABLES))}",
                f"use one of its columns: {', '.join(columns)}",
            )
        ]
    if COLUMNS in sections and tag.name in _COLUMN_FIELDS:
        return []
    if tag.name.split(".")[0] in (ROWS, COLUMNS):
        return []  # a path into the rows: whether it leads somewhere is not ours to tell
    written = f"{{{{{tag.name}}}}}"
    if columns is not None and tag.name in columns:
        remedy = f"put it between {{{{#{ROWS}}}}} and {{{{/{ROWS}}}}}"
        return [(tag.start, f"{written} is a column, which only the result's rows have", remedy)]
    what = f"{written} is not a variable of alerts{_nearest(tag.name, VARIABLES)}"
    return [(tag.start, what, f"use one of {', '.join(VARIABLES)}")]


def _unclosed(tag: _Tag) -> tuple[int, str, str]:
    what = f"the section {{{{{tag.sigil}{tag.name}}}}} is not closed"
    return tag.start, what, f"close it with {{{{/{tag.name}}}}}"


def _unfinished(template: str) -> list[tuple[int, str, str]]:
    """A name behind an opening `{{` without its `}}`; braces alone are text."""
    end = 0
    for tag in _TAG.finditer(template):
        end = tag.end()
    found = _OPEN_TAG.search(template, end)
    return [(found.start(), f"{found[0]} is not closed", "close it with }}")] if found else []


def _nearest(name: str, known: Sequence[str]) -> str:
    spellings = {item.upper(): item for item in known}
    near = difflib.get_close_matches(name.upper(), spellings, 1)
    return f"; did you mean {spellings[near[0]]}?" if near else ""


def _place(template: str, index: int) -> tuple[int, int]:
    before = template[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1)
