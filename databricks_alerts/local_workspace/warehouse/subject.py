"""What a statement about another statement is about."""

from __future__ import annotations

from databricks_alerts.local_workspace.warehouse.text import Text

MODES = ("EXTENDED", "FORMATTED", "CODEGEN", "COST")


def subject_of(text: Text) -> str:
    """The statement that an EXPLAIN, or a DESCRIBE of a query, is about; else the statement."""
    if text.words[0] == "EXPLAIN":
        return query_of(text)
    described = text.words[0] in ("DESCRIBE", "DESC")
    if described and text.words[1:2] in (["QUERY"], ["SELECT"], ["WITH"]):
        return text.after(2 if text.words[1] == "QUERY" else 1)
    return text.sql


def query_of(text: Text) -> str:
    """What an EXPLAIN explains; empty if nothing follows."""
    return text.after(2 if len(text.words) > 1 and text.words[1] in MODES else 1)
