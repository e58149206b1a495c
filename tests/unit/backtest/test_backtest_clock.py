"""A query's clock is set wherever it stands, and nothing else in the query changes."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from databricks_alerts.backtest.clock import asked_by, read_clock
from databricks_alerts.errors import ConfigurationError

_BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
# In Berlin it is the next day already.
_MOMENT = dt.datetime(2026, 3, 4, 23, 5, 6, tzinfo=dt.UTC)
_DAY = "CAST('2026-03-05' AS DATE)"
_INSTANT = "CAST('2026-03-04T23:05:06Z' AS TIMESTAMP)"
_FUNCTIONS = {
    "current_date()": _DAY,
    "current_date": _DAY,
    "CURRENT_DATE( )": _DAY,
    "curdate()": _DAY,
    "current_timestamp()": _INSTANT,
    "Current_Timestamp": _INSTANT,
    "now()": _INSTANT,
    "now ()": _INSTANT,
    "getdate()": _INSTANT,
    "localtimestamp()": "CAST('2026-03-05T00:05:06' AS TIMESTAMP_NTZ)",
    "unix_timestamp()": f"unix_timestamp({_INSTANT})",
    "unix_timestamp(now())": f"unix_timestamp({_INSTANT})",
}
# Where an expression can stand.
_POSITIONS = (
    "SELECT {} AS x FROM t",
    "SELECT {}::string FROM t",
    "SELECT 1, {}",
    "SELECT sum(v) AS total FROM t WHERE d >= {} - INTERVAL 7 DAYS AND d < {}",
    "SELECT v FROM t WHERE d BETWEEN {} - 1 AND {} ORDER BY v LIMIT 1",
    "SELECT CASE WHEN {} > d THEN 1 ELSE 0 END FROM t",
    "SELECT count_if(d = {}) FILTER (WHERE d < {}) FROM t",
    "SELECT sum(v) OVER (PARTITION BY k ORDER BY {}) FROM t",
    "SELECT datediff({}, d), extract(DAY FROM {}), date_trunc('MONTH', {}) FROM t",
    "WITH c AS (SELECT {} AS today) SELECT v FROM t JOIN c ON t.d = c.today AND t.d < {}",
    "SELECT v FROM (SELECT v FROM t WHERE d = {}) UNION ALL SELECT v FROM t WHERE d > {}",
    "SELECT v FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.d = {}) GROUP BY v HAVING max(d) < {}",
    "SELECT filter(a, x -> x > {}), array({})[0], struct({} AS y).y FROM t",
    "SELECT v FROM t WHERE d IN ({}, {}) QUALIFY row_number() OVER (ORDER BY {}) = 1",
    "SELECT *\n-- {} in a comment, no'w()\nFROM t /* {} */ WHERE note = '{}' AND d < {}",
    "SELECT `größe` FROM `täbelle` WHERE note <> 'ü €😀' AND d < {}",
    "SELECT raw:now, raw:a.current_date FROM t WHERE d < {}",
    "SELECT v FROM t TIMESTAMP AS OF {} WHERE :current_date < {}",
)


def _in_code(position: str, text: str) -> str:
    """The position filled, but for what is in comments and strings."""
    for told in ("-- {} in", "/* {} */", "'{}'"):
        position = position.replace(told, told.replace("{}", "now()"))
    return position.replace("{}", text)


@pytest.mark.parametrize("position", _POSITIONS)
@pytest.mark.parametrize("function", _FUNCTIONS)
def test_every_function_is_set_in_every_position(position: str, function: str) -> None:
    query = _in_code(position, function)
    expected = _in_code(position, _FUNCTIONS[function])
    assert read_clock(query, _BERLIN, "Q").at(_MOMENT) == expected
    assert asked_by(expected) == []


@pytest.mark.parametrize("position", _POSITIONS)
def test_a_query_without_a_clock_is_unchanged(position: str) -> None:
    query = _in_code(position, "DATE '2026-01-01'")
    clock = read_clock(query, _BERLIN, "Q")
    assert clock.places == ()
    assert clock.at(_MOMENT) == query


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*_FUNCTIONS, "x.d", "1", "'now()'", "`now`"]), min_size=1, max_size=6
    ),
    st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC)),
)
def test_the_tree_is_the_one_with_the_clock_nodes_replaced(
    items: list[str], moment: dt.datetime
) -> None:
    """Invariant: outside of the clock's nodes, the tree of any moment is the query's own."""
    query = f"SELECT {', '.join(items)} FROM t AS x WHERE d > {items[0]}"

    def hole(node: exp.Expr) -> exp.Expr:
        clock = isinstance(node, exp.CurrentDate | exp.CurrentTimestamp | exp.Localtimestamp)
        written = isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal)
        return exp.Placeholder() if clock or written else node

    made = read_clock(query, dt.UTC, "Q").at(moment)
    before, after = (sqlglot.parse_one(text, dialect="databricks") for text in (query, made))
    assert before.transform(hole) == after.transform(hole)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT current_time()", r"current_time\(\) cannot be set: .*use current_timestamp"),
        ("SELECT current_date(3)", r"current_date\(\) is called with arguments"),
        ("SELECT `now`()", "in backticks cannot be set; write it without"),
        ("SELECT DATE 'today'", "DATE 'today' asks the clock in a literal; write current_date"),
        ("SELECT TIMESTAMP 'now'", "asks the clock in a literal"),
        ("SELECT ai_query('m', v) FROM t WHERE d < now()", r"ai_query\(\) asks somebody else"),
        ("SELECT rand() FROM t WHERE d < now()", r"rand\(\) answers by chance"),
        ("SELECT v FROM t TABLESAMPLE (5 ROWS) WHERE d < now()", "TABLESAMPLE answers by chance"),
        ("SELECT 1 current_date", "it also has a name like current_date"),
        (
            "WITH c AS (SELECT curdate() AS current_date) SELECT current_date FROM c",
            "call the column something else",
        ),
        ("SELECT 'open", "does not tokenize"),
        ("SELECT FROM WHERE now() ((", "sqlglot does not parse it"),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(query: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_clock(query, dt.UTC, "COST-001")
    assert str(caught.value).startswith("COST-001")


def test_names_that_are_no_calls_stay() -> None:
    query = "SELECT c.current_date, c.now, a.b.now(1), now AS getdate FROM c"
    assert read_clock(query, dt.UTC, "Q").at(_MOMENT) == query
    assert asked_by(query) == []


def test_what_a_view_asks_is_named() -> None:
    query = "SELECT rand(), DATE 'today', unix_timestamp(v) FROM t WHERE d < current_date"
    assert asked_by(query) == ["current_date()", "rand()", "DATE 'today'"]
