"""The dialect of one engine: statements on their way to it, and its errors on their way back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from sqlglot import exp
from sqlglot.errors import SqlglotError

from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.dialect import doubts
from databricks_alerts.local_workspace.warehouse.dialect.scopes import Columns, Lookup
from databricks_alerts.local_workspace.warehouse.dialect.translation import (
    FOR_SAIL,
    FOR_SPARK,
    translated,
)
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.names import TableName, resolve
from databricks_alerts.local_workspace.warehouse.table_references import explained

# Asks the engine for a table's columns and types, in Spark's words. Raises SqlError.
Ask = Callable[[TableName], Sequence[tuple[str, str]]]
# Tables by name: columns and their types, in Spark's words.
Lent = Mapping[str, Sequence[tuple[str, str]]]
_NONE: Lent = MappingProxyType({})
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_KEPT = 512  # translations and tables that are remembered


class Translator:
    """Databricks SQL for an engine; safe for many threads, since what it keeps is only a memory."""

    def __init__(self, catalog: Catalog, ask: Ask, *, is_sail: bool) -> None:
        self._catalog = catalog
        self._ask = ask
        self._is_sail = is_sail
        self._columns: OrderedDict[tuple[TableName, int], Columns | None] = OrderedDict()
        self._told: OrderedDict[tuple[str, str, str, int], str] = OrderedDict()

    def translated(self, sql: str, catalog: str, schema: str, lent: Lent = _NONE) -> str:
        """The statement of a session in `catalog`.`schema`. Raises SqlError for a wrong one.

        `lent` are tables that exist for this statement alone: their columns and types.
        """
        key = (sql, catalog, schema, self._catalog.version)
        told = self._told.get(key)
        if told is None:
            start = explained(sql)
            passes = FOR_SAIL if self._is_sail else FOR_SPARK
            query = translated(
                sql[start:],
                self._lookup(catalog, schema, lent),
                passes,
                refuses=self._is_sail,
                before=sql[:start],
            )
            told = sql[:start] + query.sql
            _keep(self._told, key, told)
        return told

    def settled(
        self, error: SqlError, sql: str, catalog: str, schema: str, lent: Lent = _NONE
    ) -> SqlError:
        """An engine's error about a statement, unless the engine is the one who is wrong."""
        if not self._is_sail:
            return error
        return doubts.settled(error, sql[explained(sql) :], self._lookup(catalog, schema, lent))

    def _lookup(self, catalog: str, schema: str, lent: Lent) -> Lookup:
        def columns(parts: Sequence[str]) -> Columns | None:
            if len(parts) == 1 and parts[0] in lent:
                return _typed(lent[parts[0]])
            return self._known(resolve(list(parts), catalog, schema))

        return columns

    def _known(self, name: TableName) -> Columns | None:
        key = (name, self._catalog.version)
        if key not in self._columns:
            _keep(self._columns, key, self._asked(name))
        return self._columns.get(key)

    def _asked(self, name: TableName) -> Columns | None:
        if self._catalog.find(name) is None:
            return None
        try:
            columns = self._ask(name)
        except SqlError:
            return None  # a table that cannot be read: told when the statement is run
        return _typed(columns)


def _typed(columns: Sequence[tuple[str, str]]) -> Columns:
    return {column.lower(): _type(kind) for column, kind in columns}


def _keep(memory: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    memory[key] = value
    while len(memory) > _KEPT:
        memory.popitem(last=False)


def _type(kind: str) -> exp.DataType:
    try:
        return exp.DataType.build(kind, dialect="databricks")
    except SqlglotError:
        return exp.DType.UNKNOWN.into_expr()
