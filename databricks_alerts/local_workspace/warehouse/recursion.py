"""WITH RECURSIVE, which Sail lacks: level after level is run here, until one is empty.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-cte (limits too)
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from sqlglot import exp
from sqlglot.errors import SqlglotError

from databricks_alerts.local_workspace.warehouse.dialect import verbatim
from databricks_alerts.local_workspace.warehouse.errors import SqlError, unsupported
from databricks_alerts.local_workspace.warehouse.names import quote
from databricks_alerts.local_workspace.warehouse.sessions import SparkSession

MOST_LEVELS = 100
MOST_ROWS = 1_000_000
_BEGUN = "__begun"


def with_rows(sql: str, session: SparkSession) -> str:
    """The query with the rows of each recursion in its place; they are lent for this statement.

    What is no recursion that is known here stays, for the engine to refuse. Raises SqlError.
    """
    return _settled(sql, session)


def with_one_level(sql: str) -> str:
    """The query with each recursion one level deep: types and names without rows, for EXPLAIN."""
    return _settled(sql, None)


def _settled(sql: str, session: SparkSession | None) -> str:
    if "recursive" not in sql.lower():
        return sql
    try:
        tree = verbatim.parse(sql)
    except (SqlglotError, RecursionError):
        return sql  # the engine says so
    if tree is None:
        return sql
    # Inner ones first: an outer one reads what they make.
    found = [scope for scope in tree.find_all(exp.With, bfs=False) if scope.recursive]
    for scope in reversed(found):
        unknown = False
        for cte in scope.expressions:
            parts = _parts(cte)
            if parts is None:
                unknown = unknown or _reads(cte.this, cte.alias)
            elif session is None:
                cte.set("this", _one_level(cte, *parts))
            else:
                levels = _Levels(session, _visible(scope, cte), cte, *parts)
                cte.set("this", _read(levels.rows(), session))
        scope.set("recursive", unknown)
    return verbatim.written(tree) if found else sql


def _parts(cte: exp.CTE) -> tuple[exp.Expr, exp.Expr] | None:
    """Where a recursion begins, and its step; None for what is none, or another kind of one."""
    body = cte.this.unnest()
    if not isinstance(body, exp.Union) or body.args.get("distinct") or body.args.get("with_"):
        return None
    anchor, step = body.this, body.expression
    if _reads(anchor, cte.alias) or not _reads(step, cte.alias):
        return None
    return anchor, step


def _reads(node: exp.Expr, name: str) -> bool:
    tables = node.find_all(exp.Table)
    return any(not table.db and table.name.lower() == name.lower() for table in tables)


def _visible(scope: exp.With, cte: exp.CTE) -> list[exp.CTE]:
    """The queries named before a CTE that it may read, outer ones first."""
    found: list[exp.CTE] = scope.expressions[: scope.expressions.index(cte)]
    node: exp.Expr | None = scope.parent
    while node is not None and node.parent is not None:
        above = node.parent
        if isinstance(above, exp.With):
            found = above.expressions[: above.expressions.index(node)] + found
            node = above.parent
            continue
        held = above.args.get("with_")
        if isinstance(held, exp.With):
            found = held.expressions + found
        node = above
    return found


def _one_level(cte: exp.CTE, anchor: exp.Expr, step: exp.Expr) -> exp.Expr:
    # Another name: Sail finds none that a query has of itself.
    begun, step = f"{cte.alias}{_BEGUN}", step.copy()
    for table in list(step.find_all(exp.Table)):
        if not table.db and table.name.lower() == cte.alias.lower():
            renamed = exp.to_table(quote(begun), dialect="databricks")
            kept = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
            renamed.set("alias", kept)
            table.replace(renamed)
    text = (
        f"WITH {_named(cte, begun)} AS ({_sql(anchor)}) "
        f"SELECT * FROM {quote(begun)} UNION ALL {_sql(step)}"
    )
    made = verbatim.parse(text)
    assert made is not None
    return made


class _Levels:
    """Runs one recursion; the anchor's columns and types are those of all levels."""

    def __init__(
        self,
        session: SparkSession,
        before: Iterable[exp.CTE],
        cte: exp.CTE,
        anchor: exp.Expr,
        step: exp.Expr,
    ) -> None:
        self._session, self._cte, self._anchor, self._step = session, cte, anchor, step
        self._before = [f"{_named(item)} AS ({_sql(item.this)})" for item in before]

    def rows(self) -> pa.Table:
        """All its rows."""
        level = self._run(self._before, f"SELECT * FROM ({_sql(self._anchor)})")
        schema, levels, count = level.schema, [level], level.num_rows
        while level.num_rows:
            if len(levels) > MOST_LEVELS:
                raise _limit("RECURSION_LEVEL_LIMIT_EXCEEDED", f"{MOST_LEVELS} levels")
            named = f"{_named(self._cte)} AS ({_sql(_read(level, self._session))})"
            level = self._as(schema, self._run([*self._before, named], _sql(self._step)))
            levels.append(level)
            count += level.num_rows
            if count > MOST_ROWS:
                raise _limit("RECURSION_ROW_LIMIT_EXCEEDED", f"{MOST_ROWS:,} rows")
        return pa.concat_tables(levels)

    def _run(self, named: list[str], query: str) -> pa.Table:
        return self._session.run(f"WITH {', '.join(named)} {query}" if named else query)

    def _as(self, schema: pa.Schema, level: pa.Table) -> pa.Table:
        if level.num_columns != len(schema):
            raise SqlError(
                "NUM_COLUMNS_MISMATCH",
                f"UNION can only be performed on inputs with the same number of columns, but the "
                f"first input has {len(schema)} columns and the second has {level.num_columns}.",
                "42826",
            )
        try:
            return level.rename_columns(schema.names).cast(schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            what = f"A recursion whose step has other types than where it begins ({error})"
            raise unsupported(what) from error


def _limit(condition: str, what: str) -> SqlError:
    return SqlError(
        condition,
        f"Recursion of the common table expression went beyond {what}; check that its step ends, "
        "or bound it by a condition.",
        "54038",
    )


def _read(rows: pa.Table, session: SparkSession) -> exp.Expr:
    """A query that reads rows, which the statement that runs is lent."""
    made = verbatim.parse(f"SELECT * FROM {quote(session.lend(rows))}")
    assert made is not None
    return made


def _named(cte: exp.CTE, name: str = "") -> str:
    """The name of a CTE, or another, with those of its columns where they are given."""
    columns = [quote(column.name) for column in cte.args["alias"].columns]
    return quote(name or cte.alias) + (f"({', '.join(columns)})" if columns else "")


def _sql(node: exp.Expr) -> str:
    return verbatim.written(node)
