"""`alerts backtest` and `alerts suggest` on a workspace: as if each moment had been evaluated."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from project import Project
from waiting import until

_FIRST = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
_SPAN = ("--from", "2026-03-02T00:00Z", "--to", "2026-03-04T00:00Z")
_HOUR = dt.timedelta(hours=1)
# An event each hour; every sixth is large, and two hours have none.
_VALUES = [
    None if hour in (7, 20) else 100.0 + hour if hour % 6 == 5 else 3.0 for hour in range(48)
]
_WINDOW = "FROM ${catalog}.${gold_schema}.events WHERE at > {now} - INTERVAL 1 HOUR AND at <= {now}"


def with_rule(project: Project, query: str, **columns: object) -> None:
    """COST-001 with this query, hourly, on the events."""
    project.keep_rules("COST-001", "COST-002")
    rows = ", ".join(
        f"(TIMESTAMP '{_FIRST + hour * _HOUR:%Y-%m-%d %H:%M:%S}', {value})"
        for hour, value in enumerate(_VALUES)
        if value is not None
    )
    project.sql(
        f"CREATE TABLE events AS SELECT at, CAST(v AS DOUBLE) AS v FROM VALUES {rows} AS e(at, v)"
    )
    set_rule(project, query, **columns)


def set_rule(project: Project, query: str, **columns: object) -> None:
    values = {
        "alert_query_template": query,
        "threshold_column": "v",
        "threshold_operator": ">",
        "threshold_value_double": 50,
        "threshold_value_type": "DOUBLE",
        "aggregation_type": None,
        "schedule_cron": "0 0 * * * ?",
        "schedule_timezone": "Europe/Berlin",
        "empty_result_state": "OK",
    } | columns
    written = ", ".join(
        f"{name} = {'NULL' if value is None else repr(value)}" for name, value in values.items()
    )
    project.sql(f"UPDATE alert_configurations SET {written} WHERE alert_id = 'COST-001'")


def found(project: Project, *arguments: str) -> dict[str, Any]:
    answer = project.alerts(*arguments, "-s", "test", "--json")
    assert answer.status == 0, answer.text
    document: dict[str, Any] = json.loads(answer.out)
    return document


def states(document: dict[str, Any], index: int = 0) -> list[str]:
    return [item["states"][index] for item in document["series"]]


def test_a_backtest_is_what_each_moment_would_have_found(project: Project) -> None:
    """First row, aggregation and emptiness, each evaluated by hand at the same moments."""
    with_rule(project, "SELECT v " + _WINDOW.replace("{now}", "current_timestamp()"))
    at = _FIRST.isoformat()
    document = found(project, "backtest", "COST-001", *_SPAN, "--threshold", "102,200")
    assert [item["value"] for item in document["series"]] == _VALUES
    assert document["series"][0]["at"] == at
    for index, threshold in enumerate((50, 102, 200)):
        by_hand = [
            "TRIGGERED" if value is not None and value > threshold else "OK" for value in _VALUES
        ]
        assert states(document, index) == by_hand
        line = document["thresholds"][index]
        assert line["threshold"] == threshold
        assert (line["firings"], line["longest_seconds"]) == (
            by_hand.count("TRIGGERED"),
            3600.0 * ("TRIGGERED" in by_hand),
        )
        assert line["share_triggered"] == pytest.approx(by_hand.count("TRIGGERED") / 48)
    assert document["tables_as_now"] == [f"main.{project.schema}.events"]
    # An aggregation always has a row; a sum over none is NULL, and so OK.
    set_rule(
        project,
        "SELECT v " + _WINDOW.replace("{now}", "now()"),
        aggregation_type="SUM",
        empty_result_state="TRIGGERED",
    )
    assert states(found(project, "backtest", "COST-001", *_SPAN)) == states(document)
    # By the first row, the state of an empty result is the rule's.
    set_rule(
        project,
        "SELECT v " + _WINDOW.replace("{now}", "getdate()"),
        empty_result_state="TRIGGERED",
    )
    empty = states(found(project, "backtest", "COST-001", *_SPAN))
    assert [hour for hour in range(48) if empty[hour] != states(document)[hour]] == [7, 20]


def test_days_are_the_warehouses_and_errors_are_errors(project: Project) -> None:
    with_rule(
        project,
        "SELECT v / (hour(current_timestamp()) - 5) AS v, current_date() AS day "
        + _WINDOW.replace("{now}", "current_timestamp"),
    )
    document = found(project, "backtest", "COST-001", *_SPAN)
    assert [hour for hour, state in enumerate(states(document)) if state == "ERROR"] == [5, 29]
    assert "DIVIDE_BY_ZERO" in document["series"][5]["error"]
    assert document["thresholds"][0]["errors"] == 2
    set_rule(
        project,
        "SELECT datediff(current_date(), DATE '2026-03-01') AS v",
        threshold_operator=">=",
        threshold_value_double=2,
    )
    document = found(project, "backtest", "COST-001", *_SPAN)
    assert [item["value"] for item in document["series"]] == [1] * 24 + [2] * 24
    assert document["thresholds"][0]["firings"] == 1


def test_a_proposal_has_its_backtest_beside_it(project: Project) -> None:
    with_rule(project, "SELECT v " + _WINDOW.replace("{now}", "current_timestamp()"))
    document = found(project, "suggest", "COST-001", *_SPAN, "--fires-per-week", "7")
    own, proposed = document["thresholds"]
    assert (own["firings"], proposed["firings"]) == (8, 2)
    assert 135 <= document["proposed"] < 141
    assert document["proposed"] == proposed["threshold"]
    people = project.alerts("suggest", "COST-001", *_SPAN, "-s", "test")
    assert "proposed: v > " in people.text
    assert "threshold" in people.text


def test_the_deployed_alert_is_compared_with(project: Project) -> None:
    with_rule(project, "SELECT v " + _WINDOW.replace("{now}", "current_timestamp()"))
    answer = project.alerts("backtest", "COST-001", *_SPAN, "--against", "deployed", "-s", "test")
    assert answer.status == 2
    assert "COST-001 is not deployed" in answer.text
    assert project.deploy().status == 0
    project.sql(
        "UPDATE alert_configurations SET threshold_value_double = 120 WHERE alert_id = 'COST-001'"
    )
    document = found(project, "backtest", "COST-001", *_SPAN, "--against", "deployed")
    told = [(item["what"], item["threshold"], item["firings"]) for item in document["thresholds"]]
    assert told == [("deployed", 50.0, 8), ("rule", 120.0, 5)]


def test_tables_are_read_as_they_were_where_that_is_kept(project: Project) -> None:
    """A row that came late is seen without --as-of, and not with it."""
    with_rule(project, "SELECT count(*) AS v FROM ${catalog}.${gold_schema}.events")
    [first] = commits(project)
    begin = first.replace(microsecond=0) + dt.timedelta(seconds=1)
    until(lambda: dt.datetime.now(dt.UTC) > begin + dt.timedelta(seconds=2))
    project.sql("INSERT INTO events VALUES (TIMESTAMP '2026-03-02 00:00:00', 1.0)")
    second = commits(project)[-1]
    until(lambda: dt.datetime.now(dt.UTC) > second + dt.timedelta(seconds=2))
    arguments = ("backtest", "COST-001", "--from", begin.isoformat(), "--every", "1s")
    document = found(project, *arguments, "--as-of")
    rows = len([value for value in _VALUES if value is not None])
    for item in document["series"]:
        late = dt.datetime.fromisoformat(item["at"]) >= second
        assert item["value"] == rows + late, item
    assert {item["value"] for item in document["series"]} == {rows, rows + 1}
    assert document["tables_as_of"] == [f"main.{project.schema}.events"]
    # Before its first version a table is read as it is, and that is told.
    answer = project.alerts("backtest", "COST-001", "--from", "2h", "--as-of", "-s", "test")
    assert "from when on it has versions" in answer.text
    answer = project.alerts(*arguments, "-s", "test")
    assert answer.status == 2
    assert "does not ask the clock" in answer.text


def commits(project: Project) -> list[dt.datetime]:
    rows = project.sql("DESCRIBE HISTORY events")
    return sorted(row[1] for row in rows if isinstance(row[1], dt.datetime))


@pytest.mark.parametrize(
    ("query", "arguments", "said"),
    [
        ("SELECT rand() AS v", (), "COST-001 cannot be put back in time: rand() answers by chance"),
        (
            "SELECT v FROM ${catalog}.${gold_schema}.fresh WHERE at < now()",
            (),
            "fresh, which asks current_date() itself",
        ),
        ("SELECT 1 AS v WHERE now() > now()", ("--threshold", "1,x"), "--threshold: 'x' is not a"),
        ("SELECT 1 AS v, now()", ("--from", "soon"), "--from soon is neither a time"),
        ("SELECT 1 AS v, now()", ("--to", "2999-01-01"), "--to 2999-01-01 lies in the future"),
        ("SELECT 1 AS v, now()", ("--from", "1h", "--to", "2h"), "--from 1h"),
        ("SELECT 1 AS v, now()", ("--every", "often"), "--every often: 'often' is no length"),
        ("SELECT 1 AS v, now()", ("--from", "9d", "--most", "10"), "--most 10 evaluations. Allow"),
        ("SELECT ${nothing} AS v, now()", (), "${nothing} in alert_query_template has no value"),
        ("SELECT nope AS v, now()", ("--from", "2h"), "UNRESOLVED_COLUMN"),
    ],
)
def test_what_cannot_be_done_is_told(
    project: Project, query: str, arguments: tuple[str, ...], said: str
) -> None:
    with_rule(project, query)
    project.sql("CREATE VIEW fresh AS SELECT * FROM events WHERE at < current_date()")
    answer = project.alerts("backtest", "COST-001", *arguments, "-s", "test")
    assert answer.status in (1, 2)
    assert said in answer.text
    assert "Traceback" not in answer.text


def test_a_rule_that_is_not_there_or_takes_no_threshold(project: Project) -> None:
    with_rule(
        project,
        "SELECT CAST(NULL AS DOUBLE) AS v, now()",
        threshold_operator="IS NULL",
        threshold_value_double=None,
    )
    answer = project.alerts("backtest", "COST-0O1", "-s", "test")
    assert (answer.status, "did you mean COST-00" in answer.text) == (2, True)
    answer = project.alerts("suggest", "COST-001", "-s", "test")
    assert (answer.status, "does not compare by size" in answer.text) == (2, True)
    answer = project.alerts("backtest", "COST-001", "--threshold", "1", "-s", "test")
    assert (answer.status, "takes no threshold" in answer.text) == (2, True)
