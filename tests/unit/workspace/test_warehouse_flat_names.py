"""Three-level names on a server with two levels, and the way back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.local_workspace.warehouse.flat_names import FlatNames
from databricks_alerts.local_workspace.warehouse.names import TableName, quote
from databricks_alerts.local_workspace.warehouse.table_references import fully_named, references

NAMES = FlatNames("one workspace")


def _database(catalog: str, schema: str) -> str:
    return f"`{NAMES.database(catalog, schema)}`"


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT * FROM a.b.c JOIN d ON 1 = 1", ["a.b.c", "d"]),
        ("WITH d AS (SELECT * FROM d) SELECT * FROM d", ["d"]),
        ("WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b, c", ["c"]),
        ("WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT * FROM r) SELECT * FROM r", []),
        ("SELECT * FROM range(3)", []),
        ("SELECT b.c.x, c.x, x.y.z FROM a.b.c", ["b.c", "a.b.c"]),
        ("MERGE INTO t USING s.u AS u ON t.a = u.a WHEN MATCHED THEN DELETE", ["t", "s.u"]),
        ("SELECT date_add(x) FROM t", ["t"]),
        (
            "MERGE WITH SCHEMA EVOLUTION INTO a.b.t USING u ON 1 = 1 WHEN MATCHED THEN DELETE",
            ["a.b.t", "u"],
        ),
        ("SELECT /*+ BROADCAST(c) */ 1 FROM a.b.c", ["a.b.c"]),
        ("SELECT * FROM ${catalog}.b.c", []),
        ("SELECT FROM WHERE", []),
    ],
)
def test_tables_are_found_where_they_are_named(sql: str, named: list[str]) -> None:
    assert [".".join(item.parts) for item in references(sql)] == named
    for item in references(sql):
        assert sql[item.start : item.end].replace("`", "") == ".".join(item.parts)


def test_a_statement_is_sent_in_the_servers_names_and_nothing_else_changes() -> None:
    sent = NAMES.sent("SELECT  t.a, 'gold.t' -- gold.t\nFROM gold.t AS t", "main", "x", frozenset())
    expected = f"SELECT  t.a, 'gold.t' -- gold.t\nFROM {_database('main', 'gold')}.`t` AS t"
    assert sent.sql == expected


def test_a_name_that_the_server_cannot_have_is_exchanged_and_kept_as_alias() -> None:
    sent = NAMES.sent("SELECT `we ird`.a FROM `we ird`", "main", "gold", frozenset())
    assert re.search(r"`t_[0-9a-f]{16}` AS `we ird`$", sent.sql)
    timed = NAMES.sent("SELECT a FROM `we ird` VERSION AS OF 1", "main", "gold", frozenset())
    assert re.search(r"`t_[0-9a-f]{16}` VERSION AS OF 1$", timed.sql)


def test_two_workspaces_and_two_schemas_never_meet() -> None:
    pairs = [("a", "b_c"), ("a_b", "c"), ("ab", "c")]
    names = {FlatNames(key).database(*pair) for key in ("1", "2") for pair in pairs}
    assert len(names) == 6


def test_a_message_gets_the_statements_names_and_positions_back() -> None:
    sql = "EXPLAIN SELECT nope\nFROM main.gold.t, u WHERE nope = 1"
    sent = NAMES.sent(sql, "main", "silver", frozenset())
    place = sent.sql.split("\n")[1].index("nope")
    message = (
        f"cannot find {_database('main', 'gold')}.`t` nor {_database('main', 'silver')}.`u` "
        f"nor spark_catalog.{NAMES.database('other', 'one')}.x; line 2 pos {place}"
    )
    restored = sent.restored(message)
    position = sql.split("\n")[1].index("nope")
    assert restored == (
        f"cannot find `main`.`gold`.`t` nor `u` nor `other`.`one`.x; line 2 pos {position}"
    )


_WORD = st.text("abcxyz_é -`", min_size=1, max_size=8).filter(lambda word: word.strip())


@given(st.lists(st.lists(_WORD, min_size=1, max_size=3), min_size=1, max_size=4), st.data())
def test_every_place_behind_a_name_is_found_again(
    tables: list[list[str]], data: st.DataObject
) -> None:
    spelled = [".".join(quote(part) for part in parts) for parts in tables]
    sql = "SELECT 1 FROM " + ", ".join(f"{name} AS a{i}" for i, name in enumerate(spelled))
    sent = NAMES.sent(sql, "main", "gold", frozenset())
    assert len(sent.edits) == len(tables)
    alias = f" AS a{data.draw(st.integers(0, len(tables) - 1))}"
    message = f"bad alias; line 1 pos {sent.sql.index(alias)}"
    assert sent.restored(message) == f"bad alias; line 1 pos {sql.index(alias)}"


def test_a_view_is_kept_with_full_names() -> None:
    text = fully_named("SELECT t.a FROM t JOIN silver.u", "main", "gold")
    assert text == "SELECT t.a FROM `main`.`gold`.`t` JOIN `main`.`silver`.`u`"


def test_a_table_has_one_name_for_the_server() -> None:
    assert NAMES.table(TableName("main", "gold", "t")) == f"{_database('main', 'gold')}.`t`"
