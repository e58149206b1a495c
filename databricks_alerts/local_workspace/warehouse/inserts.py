"""INSERT as Databricks takes it: columns may be left out, and are then NULL."""

from __future__ import annotations

from sqlglot.tokenizer_core import TokenType

from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.conditions import Statement, unresolved_column
from databricks_alerts.local_workspace.warehouse.names import quote, resolve
from databricks_alerts.local_workspace.warehouse.sessions import SparkSession
from databricks_alerts.local_workspace.warehouse.tables import delta_columns
from databricks_alerts.local_workspace.warehouse.text import Text


def complete_insert(text: Text, session: SparkSession, catalog: Catalog) -> str:
    """INSERT with a column list, filled up with NULL for the columns it leaves out.

    Databricks does that by itself; Sail wants every column.
    """
    index = 2 + (1 if len(text.words) > 2 and text.words[2] == "TABLE" else 0)
    parts, index = text.name_at(index)
    listed, source = _listed(text, index, session)
    if not listed:
        return text.sql
    name = resolve(parts, session.catalog, session.schema)
    table = catalog.find(name)
    if table is None or table.kind == "VIEW":
        return text.sql
    columns = delta_columns(table, session)
    for column in listed:
        if column not in columns:
            raise unresolved_column(column, Statement(text.sql, lambda _: columns))
    if not set(columns) - set(listed):
        return text.sql
    chosen = ", ".join(
        f"s.{quote(column)}" if column in listed else f"CAST(NULL AS {kind}) AS {quote(column)}"
        for column, kind in columns.items()
    )
    aliases = ", ".join(map(quote, listed))
    return f"INSERT INTO {name.quoted} SELECT {chosen} FROM ({source}) AS s({aliases})"


def _listed(text: Text, index: int, session: SparkSession) -> tuple[list[str], str]:
    """The columns that an INSERT names, by a list or BY NAME, and the text of its rows."""
    tokens = text.tokens
    if [token.text.upper() for token in tokens[index : index + 2]] == ["BY", "NAME"]:
        source = text.after(index + 2)
        return [field.name.lower() for field in session.analyze(source).fields], source
    if index >= len(tokens) or tokens[index].token_type is not TokenType.L_PAREN:
        return [], ""
    closing = next(
        (i for i in range(index, len(tokens)) if tokens[i].token_type is TokenType.R_PAREN), None
    )
    if closing is None or tokens[index + 1].token_type in (TokenType.SELECT, TokenType.WITH):
        return [], ""
    named = [item for item in tokens[index + 1 : closing] if item.token_type is not TokenType.COMMA]
    return [item.text.lower() for item in named], text.sql[tokens[closing].end + 1 :]
