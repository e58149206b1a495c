"""Texts of several statements, parameters, and names of columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.cli.sql.printing import unique
from databricks_alerts.cli.sql.statements import UnfinishedError, is_finished, split

PIECES = [
    "SELECT 1", "SELECT ';'", "SELECT `a;b` FROM t", "SELECT 1 -- ; no end\n", "/* ; */ SELECT 2",
    "SELECT 'it''s; fine'", 'SELECT "x;y"', "UPDATE t SET a = ';' WHERE b = 1",
    "BEGIN DECLARE x INT; SET x = 1; IF x = 1 THEN SELECT 1; END IF; END",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5), st.booleans())
def test_statements_that_are_joined_come_apart_again(pieces: list[str], closed: bool) -> None:
    text = ";\n".join(pieces) + (";" if closed else "")
    found = split(text)
    assert len(found) == len(pieces)
    for statement, piece in zip(found, pieces, strict=True):
        assert statement.sql.strip() in piece or piece.strip().startswith(statement.sql.strip())
        # It begins on the line that is told.
        line = text.splitlines()[statement.line - 1]
        assert statement.sql.splitlines()[0] in line
    assert is_finished(text) == closed


@pytest.mark.parametrize("text", ["SELECT 'a", "SELECT `a", "SELECT 'a; SELECT 1"])
def test_an_open_quote_is_told(text: str) -> None:
    with pytest.raises(UnfinishedError):
        split(text)
    assert not is_finished(text + ";")


@pytest.mark.parametrize("text", ["", "  \n", "-- nothing", ";;", "/* */;"])
def test_a_text_without_a_statement_has_none(text: str) -> None:
    assert split(text) == []


@given(st.lists(st.sampled_from(["a", "b", "a_2", "a_3", ""]), max_size=8))
def test_no_two_columns_have_one_name(columns: list[str]) -> None:
    names = unique(columns)
    assert len(set(names)) == len(names) == len(columns)
    for column, name in zip(columns, names, strict=True):
        assert name == column or name.startswith(f"{column}_")
        if columns.count(column) == 1:
            assert name == column
