"""Statements as tokens: parameters, time travel, one statement at a time."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.local_workspace.warehouse import SqlError, parameters, prechecks
from databricks_alerts.local_workspace.warehouse.names import Typed, literal, literal_of
from databricks_alerts.local_workspace.warehouse.text import bound, read, replace_calls, travelled


@pytest.mark.parametrize(
    ("sql", "arguments", "expected"),
    [
        ("SELECT :a, ':a', `:a` -- :a", {"a": 1}, "SELECT 1, ':a', `:a` -- :a"),
        ("SELECT a::int, j:field, CAST(x AS STRUCT<y:INT>)", {}, None),
        ("SELECT 1 - :n", {"n": -5}, "SELECT 1 - (-5)"),
        ("SELECT ?, ?", ["x", None], "SELECT 'x', NULL"),
        ("SELECT f(:a,:b)", {"a": True, "b": "it's"}, "SELECT f(true,'it\\'s')"),
    ],
)
def test_only_markers_are_replaced(sql: str, arguments: Any, expected: str | None) -> None:
    assert bound(read(sql), arguments) == (expected or sql)


@pytest.mark.parametrize("sql", ["SELECT :a", "SELECT ?", "SELECT f(:a)", "SELECT 1 WHERE x=:a"])
def test_a_marker_without_a_value_is_refused(sql: str) -> None:
    with pytest.raises(SqlError, match="UNBOUND_SQL_PARAMETER"):
        bound(read(sql), None)


@given(st.text())
def test_a_string_cannot_leave_its_literal(text: str) -> None:
    inner = literal(text)[1:-1]
    assert inner.replace("\\\\", "").replace("\\'", "").count("'") == 0
    assert not inner.replace("\\\\", "").endswith("\\")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.25"), "CAST('1.25' AS DECIMAL(3,2))"),
        (Decimal("0.001"), "CAST('0.001' AS DECIMAL(3,3))"),
        (1.5, "CAST('1.5' AS DOUBLE)"),
        ([1, 2], "array(1, 2)"),
        (Typed("x"), "x"),
    ],
)
def test_a_value_becomes_a_literal_of_its_type(value: Any, expected: str) -> None:
    assert literal_of(value) == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("BIGINT", "5", Typed("CAST('5' AS BIGINT)")),
        ("DECIMAL(10,2)", "5.1", Typed("CAST('5.1' AS DECIMAL(10,2))")),
        ("INT", "5", 5),
        ("STRING", "5", "5"),
        ("BOOLEAN", "TRUE", True),
        ("VOID", None, None),
    ],
)
def test_a_parameter_has_the_type_it_names(kind: str, text: str | None, expected: Any) -> None:
    assert parameters.value(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "text"), [("INT", "x"), ("DECIMAL(1) AS x", "1"), ("NOSUCH", "1"), ("DATE", "soon")]
)
def test_a_parameter_that_is_not_of_its_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(SqlError):
        parameters.value(kind, text)


def test_a_version_behind_an_at_sign_is_time_travel() -> None:
    assert travelled(read("SELECT * FROM a.b@v12 x")) == "SELECT * FROM a.b VERSION AS OF 12 x"
    untouched = "SELECT 'a@v1', `a@v1`"
    assert travelled(read(untouched)) == untouched


def test_calls_of_the_user_become_the_user() -> None:
    text = read("SELECT current_user(), 'current_user()', t.current_user()")
    expected = "SELECT 'ada' AS `current_user()`, 'current_user()', t.current_user()"
    assert replace_calls(text, {"current_user": "'ada'"}) == expected


@pytest.mark.parametrize("sql", ["SELECT ';'", "SELECT 1;", "SELECT 1; -- done", "SELECT 1 ;;"])
def test_one_statement_may_end_with_a_semicolon(sql: str) -> None:
    prechecks.require_one_statement(read(sql))


def test_a_second_statement_is_refused_where_it_begins() -> None:
    with pytest.raises(SqlError, match="extra input 'DELETE'") as caught:
        prechecks.require_one_statement(read("SELECT 1;\nDELETE FROM t"))
    assert "(line 2, pos 0)" in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "duplicated"),
    [
        ("WITH a AS (SELECT 1), b AS (SELECT (2)) SELECT 1", False),
        ("WITH a AS (SELECT 1), b(x) AS (SELECT 2), A AS (SELECT 3) SELECT 1", True),
        ("WITH a AS (WITH a AS (SELECT 1) SELECT * FROM a) SELECT * FROM a", False),
        ("SELECT * FROM (WITH a AS (SELECT 1), a AS (SELECT 2) SELECT 1)", True),
    ],
)
def test_a_name_stands_once_in_a_with(sql: str, duplicated: bool) -> None:
    if not duplicated:
        prechecks.require_unique_ctes(read(sql))
        return
    with pytest.raises(SqlError, match="DUPLICATED_CTE_NAMES"):
        prechecks.require_unique_ctes(read(sql))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(sql: str) -> None:
    """No text makes anything but an SqlError."""
    with suppress(SqlError):
        text = read(sql)
        bound(text, None)
        prechecks.require_one_statement(text)
        prechecks.require_unique_ctes(text)
