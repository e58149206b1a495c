"""Query templates: `${catalog}` and `${gold_schema}` become quoted identifiers.

A placeholder may stand bare or in backticks; either way exactly one pair of backticks results, so
that a name with spaces, quotes or semicolons stays a name. Inside string literals and comments
nothing can be an identifier: the plain name is put in, escaped for the literal it stands in, and
never ends it. Whatever else looks like a placeholder is a finding, because Spark would eat
`${…}` silently (its own variable substitution) and `{{…}}` never parses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from databricks_alerts.evaluation import closed
from databricks_alerts.rules.settings import Settings
from databricks_alerts.sql.identifiers import quote

# A literal, a quoted name, a comment, or a placeholder between them.
_PIECE = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
  | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<quoted>`(?:[^`]|``)*`)
  | (?P<placeholder>\$\{[^}]*\}|\{\{.*?\}\})
    """,
    re.VERBOSE | re.DOTALL,
)
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}|\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True)
class Unknown:
    """A placeholder that nothing fills: its text, line (from 1) and position (from 0)."""

    text: str
    line: int
    position: int


def render_query(template: str, settings: Settings) -> tuple[str, list[Unknown]]:
    """A rule's query for a stack, closed so that an alert can wrap it, and what is unknown."""
    values = {"catalog": settings.catalog, "gold_schema": settings.gold_schema}
    query, unknown = render(template, values)
    return closed(query), unknown


def render(template: str, values: Mapping[str, str]) -> tuple[str, list[Unknown]]:
    """The query with placeholders filled from `values`, and those that cannot be.

    `values` are plain names; quoting is done here.
    """
    unknown: list[Unknown] = []

    def fill(text: str, start: int, form: str) -> str:
        def put(found: re.Match[str]) -> str:
            name = (found[1] or "").strip()
            if name in values:
                return _formed(values[name], form)
            unknown.append(_at(template, start + found.start(), found[0]))
            return found[0]

        return _PLACEHOLDER.sub(put, text)

    def piece(found: re.Match[str]) -> str:
        text, start = found[0], found.start()
        if found["comment"]:
            return _PLACEHOLDER.sub(lambda item: _in_comment(item, values), text)
        if found["string"]:
            return fill(text, start, text[0])
        if found["quoted"]:
            return fill(text, start, "`")
        return fill(text, start, "bare")

    return _PIECE.sub(piece, template), unknown


def _formed(name: str, form: str) -> str:
    if form == "bare":
        return quote(name)
    if form == "`":
        return name.replace("`", "``")
    return name.replace("\\", "\\\\").replace(form, f"\\{form}")


def _in_comment(found: re.Match[str], values: Mapping[str, str]) -> str:
    """Comments are for people: a known name is put in on one line, the rest stays as it is."""
    name = found[1].strip() if found[1] is not None else ""
    if name not in values:
        return found[0].replace("${", "$ {")
    return re.sub(r"[\n\r]|\*/", " ", values[name])


def _at(template: str, index: int, text: str) -> Unknown:
    before = template[:index]
    return Unknown(text, before.count("\n") + 1, index - (before.rfind("\n") + 1))
