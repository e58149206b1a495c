"""What a query reads, and when a rule counts as unchanged."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from databricks_alerts.validation.fingerprint import Schemas, tables_in, unopened
from databricks_alerts.validation.references import tables_of

T = ("a", "b", "t")
V = ("a", "b", "v")


def tables(query: str) -> object:
    tree = sqlglot.parse_one(query, read="databricks")
    assert isinstance(tree, exp.Expression)
    return tables_of(tree)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT * FROM a.b.t", {T}),
        ("SELECT * FROM `A`.B.`t`", {T}),
        ("WITH t AS (SELECT 1 FROM a.b.v) SELECT * FROM t JOIN a.b.t AS u ON true", {T, V}),
        ("SELECT (SELECT max(x) FROM a.b.t) WHERE EXISTS (SELECT 1 FROM a.b.v)", {T, V}),
        ("SELECT explode(tags) FROM a.b.t LATERAL VIEW explode(x) y AS z", {T}),
        ("SELECT some_builtin(1) FROM a.b.t UNION ALL SELECT 1 FROM a.b.v", {T, V}),
        ("SELECT 1", set()),
    ],
)
def test_tables_are_told_where_they_are_certain(query: str, names: set[object]) -> None:
    assert tables(query) == names


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM b.t",
        "SELECT * FROM t",
        "SELECT * FROM delta.`/a/path`",
        "SELECT * FROM a.b.t VERSION AS OF 3",
        "SELECT a.b.function(1) FROM a.b.t",
        "SELECT b.function(1) FROM a.b.t",
        "SELECT * FROM a.b.tvf(1)",
        "SELECT * FROM read_files('/a')",
        "SELECT * FROM identifier('a.b.t')",
    ],
)
def test_what_is_not_certain_is_not_told(query: str) -> None:
    assert tables(query) is None


def test_what_does_not_parse_is_not_told() -> None:
    assert tables_in("SELECT FROM WHERE") is None


def test_views_are_opened_until_only_tables_are_left() -> None:
    views = {V: "SELECT * FROM a.b.w", ("a", "b", "w"): "SELECT * FROM a.b.t"}
    columns = {V: (("x", "INT"),), ("a", "b", "w"): (("x", "INT"),)}
    assert unopened([V], Schemas(columns, views)) == {T}
    assert unopened([V], Schemas(columns | {T: (("x", "INT"),)}, views)) == set()


def test_views_that_read_each_other_end() -> None:
    views = {V: "SELECT * FROM a.b.t", T: "SELECT * FROM a.b.v"}
    assert unopened([V], Schemas({}, views)) == {V, T}
