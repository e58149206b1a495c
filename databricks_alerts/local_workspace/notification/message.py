"""The words of a notification: Databricks' variables in mustache templates, as HTML or Markdown.

A template's own markup is kept; what a variable brings is always text ({{{…}}} is no exception: a
value of a row must not become markup). A template that does not parse is told in the message, which
then has the usual words.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from databricks_alerts.evaluation import OPERATORS, text_of
from databricks_alerts.evaluation.mustache import COLUMNS, ROWS, TABLE
from databricks_alerts.local_workspace.evaluation.models import Evaluation
from databricks_alerts.local_workspace.notification.markup import (
    escaped_markdown,
    html_from_markdown,
    text_from_html,
)
from databricks_alerts.local_workspace.store import Document

_LONGEST = 4000


@dataclass(frozen=True)
class Message:
    """What subscribers read, in every form that a receiver may want.

    `body` is the template rendered in its own format, HTML or Markdown; `problem` says why a
    template was not used.
    """

    subject: str
    text: str
    html: str
    markdown: str
    body: str
    url: str
    problem: str | None = None


def compose(alert: Document, evaluation: Evaluation, host: str) -> Message:
    """The message of an evaluation, by the alert's templates or the usual words."""
    url = f"{host}/alerts/{alert['id']}"
    values = variables(alert, evaluation, url)
    subject, first = _rendered(alert.get("custom_summary") or "", values, str)
    usual = f'Alert "{alert["display_name"]}" changed status to {evaluation.state}'
    body, second = _body(alert, values)
    words = (
        f"{alert['display_name']} is {evaluation.state}: {evaluation.column} = "
        f"{values['QUERY_RESULT_VALUE']} (condition: {values['ALERT_CONDITION']} "
        f"{values['ALERT_THRESHOLD']})"
    )
    found = body or _Body(words, f"<p>{html.escape(words)}</p>", escaped_markdown(words), words)
    return Message(
        subject=" ".join((subject or usual).split())[:300],
        text=found.text[:_LONGEST],
        html=found.html[: _LONGEST * 4],
        markdown=found.markdown[:_LONGEST],
        body=found.own[: _LONGEST * 4],
        url=url,
        problem=first or second,
    )


def variables(alert: Document, evaluation: Evaluation, url: str) -> dict[str, Any]:
    """What every template can name, but QUERY_RESULT_TABLE, which each format writes its own way.

    docs.databricks.com, "Create alert notification templates"; under an aggregation the result is
    the aggregated row.
    """
    return {
        "ALERT_NAME": alert["display_name"],
        "ALERT_STATUS": evaluation.state,
        "ALERT_CONDITION": OPERATORS.get(evaluation.operator, evaluation.operator),
        "ALERT_THRESHOLD": text_of(evaluation.threshold),
        "ALERT_COLUMN": evaluation.column,
        "ALERT_URL": url,
        "QUERY_NAME": alert["display_name"],
        "QUERY_URL": url,
        "QUERY_RESULT_VALUE": text_of(evaluation.value),
        ROWS: [dict(row) for row in evaluation.rows],
        COLUMNS: [{"name": name} for name in evaluation.columns],
    }


@dataclass(frozen=True)
class _Body:
    """A rendered description: plain, as HTML, as Markdown, and in the template's own format."""

    text: str
    html: str
    markdown: str
    own: str


def _body(alert: Document, values: Mapping[str, Any]) -> tuple[_Body | None, str | None]:
    """The description by the alert's template, and why there is none."""
    template = alert.get("custom_description") or ""
    if alert.get("custom_template_format") == "MARKDOWN":
        own, problem = _rendered(template, values, escaped_markdown, _markdown_table(values))
        if not own:
            return None, problem
        markup = html_from_markdown(own)
        return _Body(text_from_html(markup), markup, own, own), problem
    own, problem = _rendered(template, values, html.escape, _html_table(values))
    if not own:
        return None, problem
    text = text_from_html(own)
    return _Body(text, own, escaped_markdown(text), own), problem


def _rendered(
    template: str, values: Mapping[str, Any], escape: Callable[[str], str], table: str = ""
) -> tuple[str, str | None]:
    """The text and why there is none. `table` is markup of our own and is not escaped."""
    if not template:
        return "", None
    import pystache
    from pystache.parser import ParsingError

    class Renderer(pystache.Renderer):  # type: ignore[misc]
        def str_coerce(self, val: Any) -> str:
            """As SQL and JSON have it: null, true, false."""
            return text_of(val)

    renderer = Renderer(escape=escape, missing_tags="ignore", string_encoding="utf-8")
    # The table is the one value that brings markup: a mark stands for it until all is escaped.
    mark = "\ufdd0"  # no character: nothing that a query answers can hold it
    known = {**values, TABLE: mark}
    try:
        text = str(renderer.render(_escaping(template), known))
    except (ParsingError, ValueError, TypeError) as error:
        return "", f"the template cannot be rendered: {error}"
    return text.replace(mark, table), None


def _escaping(template: str) -> str:
    """Without mustache's two forms that do not escape."""
    return template.replace("{{{", "{{").replace("}}}", "}}").replace("{{&", "{{")


def _html_table(values: Mapping[str, Any]) -> str:
    names, rows = _cells(values)
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _markdown_table(values: Mapping[str, Any]) -> str:
    names, rows = _cells(values)
    lines = [names, ["---"] * len(names), *rows]
    cells = [
        [cell if line is lines[1] else escaped_markdown(" ".join(cell.split())) for cell in line]
        for line in lines
    ]
    return "\n" + "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def _cells(values: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Names of the columns, and the rows as texts."""
    names = [item["name"] for item in values[COLUMNS]]
    return names, [[text_of(row.get(name)) for name in names] for row in values[ROWS]]
