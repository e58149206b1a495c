"""What a rule's validity hangs on, as one number: unchanged, a valid rule is still valid.

The rendered query, what the checks of threshold and message look at, and the columns of every
table that the query reads, views opened up to their tables. A rule for which that cannot be told
has none, and is always sent to the warehouse.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from databricks_alerts.rules.rows import Rule
from databricks_alerts.validation.messages import message_templates
from databricks_alerts.validation.references import TableName, tables_of

# Raise it whenever validation checks more than before.
_VERSION = 3


@dataclass(frozen=True)
class Schemas:
    """Columns (name, type; in order) of tables, and the queries of those that are views."""

    columns: Mapping[TableName, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    views: Mapping[TableName, str] = field(default_factory=dict)


def tables_in(query: str) -> frozenset[TableName] | None:
    """The tables that a rendered query reads, None where that cannot be told."""
    try:
        tree = sqlglot.parse_one(query, read="databricks")
    except (SqlglotError, RecursionError):
        return None
    return tables_of(tree) if isinstance(tree, exp.Expression) else None


def unopened(tables: Iterable[TableName], schemas: Schemas) -> set[TableName]:
    """Tables under the views among `tables` whose columns are not known yet."""
    return {table for table in _closure(tables, schemas)[0] if table not in schemas.columns}


def fingerprint(
    rule: Rule, query: str, tables: frozenset[TableName] | None, schemas: Schemas
) -> str:
    """SHA-256 of all that matters; empty where it is not known whole."""
    if tables is None:
        return ""
    every, certain = _closure(tables, schemas)
    if not certain or any(table not in schemas.columns for table in every):
        return ""
    known = [
        _VERSION,
        query,
        rule.threshold_column,
        rule.threshold_operator,
        rule.threshold_value_type,
        rule.aggregation_type,
        rule.threshold_value_string,
        rule.threshold_value_column,
        rule.threshold_value_aggregation,
        rule.alert_parameters,
        message_templates(rule),
        [[table, schemas.columns[table], schemas.views.get(table, "")] for table in sorted(every)],
    ]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


def _closure(tables: Iterable[TableName], schemas: Schemas) -> tuple[set[TableName], bool]:
    """The tables and all that their views read; and whether every view could be read."""
    found: set[TableName] = set()
    waiting = list(tables)
    certain = True
    while waiting:
        table = waiting.pop()
        if table in found:
            continue
        found.add(table)
        if table in schemas.views:
            inner = tables_in(schemas.views[table])
            certain = certain and inner is not None
            waiting += inner or ()
    return found, certain
