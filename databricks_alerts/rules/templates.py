"""Query templates: names become quoted identifiers, a stack's variables literals of their type.

`${catalog}` and `${gold_schema}` may stand bare or in backticks; either way exactly one pair of
backticks results, so that a name with spaces, quotes or semicolons stays a name. A variable that
stands bare becomes a literal of its own type; in backticks its text becomes a name. Inside string
literals and comments the plain text is put in, escaped for what it stands in, and never ends it.
Whatever else looks like a placeholder is a finding, because Spark would eat `${…}` silently (its
own variable substitution) and `{{…}}` never parses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from databricks_alerts.evaluation import closed
from databricks_alerts.evaluation.lexical import Kind, pieces
from databricks_alerts.rules.settings import Settings
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.sql.literals import Value, in_literal, literal, text_of

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}|\{\{.*?\}\}", re.DOTALL)
_IN_MESSAGES = re.compile(r"(\\?)\$\{([A-Za-z_]\w*)\}")
# Right before a string's quote these change what a backslash in it means.
_PREFIXES = ("r", "R")
# In a comment these would end it, carry it on or be taken for a variable of Spark's.
_TELLING_IN_COMMENTS = re.compile(r"[\n\r\\]|\*/|/\*|\$\{")


@dataclass(frozen=True)
class Unknown:
    """A placeholder that cannot be filled: its text, line (from 1) and position (from 0).

    `problem` says why, where its value is known but cannot stand there.
    """

    text: str
    line: int
    position: int
    problem: str = ""

    @property
    def name(self) -> str:
        """What stands between the braces."""
        return self.text[2:].rstrip("}").strip()


class _UnwritableError(Exception):
    """A value that cannot be written in the place where its placeholder stands."""


def render_query(template: str, settings: Settings) -> tuple[str, list[Unknown]]:
    """A rule's query for a stack, closed so that an alert can wrap it, and what is unknown."""
    query, unknown = render(template, settings.names, settings.variables)
    return closed(query), unknown


def render(
    template: str, names: Mapping[str, str], variables: Mapping[str, Value] | None = None
) -> tuple[str, list[Unknown]]:
    """The query with its placeholders filled, and those that cannot be.

    `names` are plain names of catalogs and the like, `variables` values; quoting is done here.
    """

    def written(name: str, form: str) -> str | None:
        if name in names:
            return _name(names[name], form)
        if variables and name in variables:
            return _value(variables[name], form)
        return None

    return _filled(template, _PLACEHOLDER, written)


def render_values(
    template: str, placeholder: re.Pattern[str], values: Mapping[str, Value]
) -> tuple[str, list[Unknown]]:
    """The query with values written as `render` writes variables; all else in it stays.

    `placeholder` matches what stands for one, its first group the value's name.
    """

    def written(name: str, form: str) -> str | None:
        return _value(values[name], form) if name in values else None

    return _filled(template, placeholder, written)


def _filled(
    template: str, placeholder: re.Pattern[str], written: Callable[[str, str], str | None]
) -> tuple[str, list[Unknown]]:
    """The template with what `written` says for a name in a form, and what it has nothing for."""
    unknown: list[Unknown] = []

    def fill(text: str, start: int, form: str) -> str:
        def put(found: re.Match[str]) -> str:
            problem = ""
            joined = form == "bare" and text[found.start() - 1 : found.start()] in _PREFIXES
            try:
                filled = written((found[1] or "").strip(), "joined" if joined else form)
            except _UnwritableError as error:
                filled, problem = None, str(error)
            if filled is None:
                # Comments are for people: what nothing fills stays as it is, but not for Spark.
                if form == "comment":
                    return found[0].replace("${", "$ {")
                unknown.append(_at(template, start + found.start(), found[0], problem))
                return found[0]
            return filled

        return placeholder.sub(put, text)

    parts = []
    for piece in pieces(template):
        text = template[piece.start : piece.end]
        parts.append(fill(text, piece.start, _form(text, piece.kind)))
    return "".join(parts), unknown


def render_message(template: str, settings: Settings) -> tuple[str, list[Unknown]]:
    r"""A notification template with names and variables as plain text, and what is unknown.

    `${{ALERT_NAME}}` is a dollar sign before a variable of Databricks', `\${HOME}` stands for
    `${HOME}` itself.
    """
    unknown: list[Unknown] = []

    def put(found: re.Match[str]) -> str:
        name = found[2]
        if found[1]:
            return found[0][1:]
        if name in settings.names:
            return settings.names[name]
        if name in settings.variables:
            return text_of(settings.variables[name])
        unknown.append(_at(template, found.start(), found[0], ""))
        return found[0]

    return _IN_MESSAGES.sub(put, template), unknown


def placeholders_of_message(template: str) -> set[str]:
    """The names that a notification template's placeholders have."""
    return {found[2] for found in _IN_MESSAGES.finditer(template) if not found[1]}


def placeholders(template: str) -> set[str]:
    """The names that a template's placeholders have, wherever these stand."""
    return {found[1].strip() for found in _PLACEHOLDER.finditer(template) if found[1] is not None}


def _form(text: str, kind: Kind) -> str:
    """In which form a placeholder in a piece of the template is to be written.

    `bare`, `comment`, or the quote around it, with an r before it where no escape counts.
    """
    match kind:
        case "code":
            return "bare"
        case "string":
            return text[:2].lower() if text[0] in "rR" else text[0]
        case "name":
            return "`"
    return "comment"


def _name(name: str, form: str) -> str:
    if form in ("bare", "joined"):
        return quote(name)
    return name.replace("`", "``") if form == "`" else _text(name, form)


def _value(value: Value, form: str) -> str:
    if form == "joined" and isinstance(value, str):
        raise _UnwritableError(
            "it would be a raw literal with the r right before it; a space keeps them apart"
        )
    if form in ("bare", "joined"):
        return literal(value)
    if form != "`":
        return _text(text_of(value), form)
    if not isinstance(value, str) or not value:
        raise _UnwritableError(f"its value {value!r} is no name, and a name stands in backticks")
    if "${" in value:
        raise _UnwritableError("its value has ${, which no name in backticks can have")
    return value.replace("`", "``")


def _text(text: str, form: str) -> str:
    """The text inside a literal or a comment."""
    if form == "comment":
        return _TELLING_IN_COMMENTS.sub(" ", text)
    if form[0] != "r":
        return in_literal(text, quote=form)
    if form[1] in text or "${" in text:
        raise _UnwritableError(f"its value has {form[1]} or ${{, which no raw literal can have")
    return text


def _at(template: str, index: int, text: str, problem: str) -> Unknown:
    before = template[:index]
    line, position = before.count("\n") + 1, index - (before.rfind("\n") + 1)
    return Unknown(text, line, position, problem)
