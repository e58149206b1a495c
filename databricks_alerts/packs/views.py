"""A pack's `views.sql`: the tables that its rules read, as views over Databricks' system tables.

One `CREATE VIEW IF NOT EXISTS` a view, in the stack's catalog and schema. `alerts init` makes those
that are missing; what is there, table or view, is never touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from databricks_alerts.errors import ConfigurationError, WarehouseError
from databricks_alerts.packs.ports import GoldSchema
from databricks_alerts.rules.templates import render
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.sql.warehouse import SqlWarehouse

FILE = "views.sql"


@dataclass(frozen=True)
class View:
    """A view's name in the gold schema, and the statement that makes it."""

    name: str
    sql: str


@dataclass(frozen=True)
class MadeViews:
    """Names of the views that were made, and why others could not be, by name."""

    made: tuple[str, ...]
    failed: dict[str, str]


def read_views(folder: Path, settings: GoldSchema) -> list[View]:
    """The views of the pack in `folder`, none if it has no `views.sql`.

    Raises ConfigurationError for a statement that makes no view in the stack's gold schema.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    template = path.read_text(encoding="utf-8")
    values = {"catalog": settings.catalog, "gold_schema": settings.gold_schema}
    text, unknown = render(template, values)
    if unknown:
        first = unknown[0]
        raise ConfigurationError(
            f"{path}:{first.line}:{first.position + 1}: the placeholder {first.text} is not known; "
            "use ${catalog} and ${gold_schema} only"
        )
    return [_view(path, text, start, end, settings) for start, end in _statements(path, text)]


def make_missing_views(
    warehouse: SqlWarehouse, settings: GoldSchema, views: list[View]
) -> MadeViews:
    """Make the views whose names are not taken, several at a time.

    One that cannot be made, such as over a system schema that is not enabled, stops no other.
    """
    rows = warehouse.query(
        f"SELECT table_name FROM {quote(settings.catalog)}.information_schema.tables "
        "WHERE table_schema = :schema",
        {"schema": settings.gold_schema.lower()},
    )
    there = {str(row["table_name"]).lower() for row in rows}
    missing = [view for view in views if view.name.lower() not in there]

    def make(view: View) -> str:
        try:
            warehouse.execute(view.sql)
        except WarehouseError as error:
            return str(error)
        return ""

    answers = dict(zip(missing, warehouse.map(make, missing), strict=True))
    return MadeViews(
        made=tuple(view.name for view, problem in answers.items() if not problem),
        failed={view.name: problem for view, problem in answers.items() if problem},
    )


def _statements(path: Path, text: str) -> Iterator[tuple[int, int]]:
    """Where each statement begins and ends; semicolons stand between them."""
    try:
        tokens = Databricks.Tokenizer().tokenize(text)
    except SqlglotError as error:
        raise ConfigurationError(f"{path}: a quote or a comment is not closed: {error}") from error
    start: int | None = None
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            if start is not None:
                yield start, token.start
            start = None
        elif start is None:
            start = token.start
    if start is not None:
        yield start, len(text)


def _view(path: Path, text: str, start: int, end: int, settings: GoldSchema) -> View:
    sql = text[start:end].strip()
    place = f"{path}:{text.count(chr(10), 0, start) + 1}"
    try:
        tree = sqlglot.parse_one(sql, read="databricks")
    except SqlglotError as error:
        raise ConfigurationError(f"{place}: the statement does not parse: {error}") from error
    target = tree.this if isinstance(tree, exp.Create) and tree.kind == "VIEW" else None
    target = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(target, exp.Table) or not tree.args.get("exists"):
        raise ConfigurationError(f"{place}: write CREATE VIEW IF NOT EXISTS; nothing else is run")
    if (target.catalog, target.db) != (settings.catalog, settings.gold_schema):
        raise ConfigurationError(
            f"{place}: name the view ${{catalog}}.${{gold_schema}}.{target.name}"
        )
    return View(target.name, sql)
