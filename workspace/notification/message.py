"""The words of a notification: Databricks' variables in mustache templates.

In HTML what a variable brings is escaped ({{{…}}} is not an exception here: a value of a row must
not become markup); in plain text nothing is. A template that does not parse is told in the message,
which then has the usual words.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workspace.evaluation.models import Evaluation
from workspace.store import Document

_SIGNS = {
    "EQUAL": "=",
    "NOT_EQUAL": "!=",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": ">=",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "<=",
    "IS_NULL": "is null",
    "IS_NOT_NULL": "is not null",
}
_LONGEST = 4000


@dataclass(frozen=True)
class Message:
    """What subscribers read; `problem` says why a template was not used."""

    subject: str
    text: str
    html: str
    url: str
    problem: str | None = None


def compose(alert: Document, evaluation: Evaluation, host: str) -> Message:
    """The message of an evaluation, by the alert's templates or the usual words."""
    url = f"{host}/alerts/{alert['id']}"
    values = variables(alert, evaluation, url)
    usual = f"[{evaluation.state}] {alert['display_name']}"
    words = (
        f"{alert['display_name']} is {evaluation.state}: {evaluation.column} = "
        f"{values['QUERY_RESULT_VALUE']} (condition: {values['ALERT_CONDITION']} "
        f"{values['ALERT_THRESHOLD']})"
    )
    subject, first = _rendered(alert.get("custom_summary") or "", values, escape=False)
    body, second = _rendered(alert.get("custom_description") or "", values, escape=False)
    marked, _ = _rendered(alert.get("custom_description") or "", values, escape=True)
    return Message(
        subject=" ".join((subject or usual).split())[:300],
        text=(body or words)[:_LONGEST],
        html=(marked or f"<p>{html.escape(words)}</p>")[: _LONGEST * 4],
        url=url,
        problem=first or second,
    )


def variables(alert: Document, evaluation: Evaluation, url: str) -> dict[str, Any]:
    """Databricks' template variables (docs.databricks.com, "Alert notification templates")."""
    return {
        "ALERT_NAME": alert["display_name"],
        "ALERT_STATUS": evaluation.state,
        "ALERT_CONDITION": _SIGNS.get(evaluation.operator, evaluation.operator),
        "ALERT_THRESHOLD": _text(evaluation.threshold),
        "ALERT_COLUMN": evaluation.column,
        "ALERT_URL": url,
        "QUERY_NAME": alert["display_name"],
        "QUERY_TEXT": alert["query_text"],
        "QUERY_URL": url,
        "QUERY_RESULT_VALUE": _text(evaluation.value),
        "QUERY_RESULT_ROWS": [dict(row) for row in evaluation.rows],
        "QUERY_RESULT_COLS": [{"name": name} for name in evaluation.columns],
        "QUERY_RESULT_TABLE": _table(evaluation),
    }


def _rendered(template: str, values: Mapping[str, Any], *, escape: bool) -> tuple[str, str | None]:
    """The text and why there is none."""
    if not template:
        return "", None
    import pystache
    from pystache.parser import ParsingError

    known = dict(values)
    if escape:
        # The table is markup of our own; everything else is escaped by the renderer.
        template = template.replace("{{QUERY_RESULT_TABLE}}", "{{{QUERY_RESULT_TABLE}}}")
    else:
        known["QUERY_RESULT_TABLE"] = _plain_table(values)
    renderer = pystache.Renderer(
        escape=html.escape if escape else str, missing_tags="ignore", string_encoding="utf-8"
    )
    try:
        return str(renderer.render(_safe(template, escape=escape), known)), None
    except (ParsingError, ValueError, TypeError) as error:
        return "", f"the template cannot be rendered: {error}"


def _safe(template: str, *, escape: bool) -> str:
    """Without the unescaped form for any variable but our table."""
    if not escape:
        return template
    kept = "{{{QUERY_RESULT_TABLE}}}"
    parts = template.split(kept)
    return kept.join(
        part.replace("{{{", "{{").replace("}}}", "}}").replace("{{&", "{{") for part in parts
    )


def _table(evaluation: Evaluation) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in evaluation.columns)
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(_text(row.get(name)))}</td>" for name in evaluation.columns)
        + "</tr>"
        for row in evaluation.rows
    )
    return f"<table><tr>{head}</tr>{rows}</table>"


def _plain_table(values: Mapping[str, Any]) -> str:
    names = [item["name"] for item in values["QUERY_RESULT_COLS"]]
    lines = [" | ".join(names)]
    lines += [
        " | ".join(_text(row.get(name)) for name in names) for row in values["QUERY_RESULT_ROWS"]
    ]
    return "\n".join(lines)


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
