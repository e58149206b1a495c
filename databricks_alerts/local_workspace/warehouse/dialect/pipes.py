"""Pipes (`FROM t |> WHERE …`) and FROM first, which sqlglot reads as SELECTs.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-pipeline
"""

from __future__ import annotations

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting


def rewrite(query: Rewriting) -> bool:
    """The statement as its tree writes it."""
    return "|>" in query.sql or query.sql[:5].upper().strip() == "FROM"
