"""alert_history from the system table: incremental, idempotent, and what it lacks is told."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path

import pytest
from project import Project
from test_doctor import act_as
from waiting import until

from databricks_alerts.local_workspace import client

_NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
_COLUMNS = (
    "evaluation_id STRING, alert_id STRING, evaluated_at TIMESTAMP, state STRING, "
    "value STRUCT<bool_value: BOOLEAN, double_value: DOUBLE, string_value: STRING>, "
    "notification_status STRING"
)


def sync(project: Project) -> int:
    answer = project.alerts("history", "sync", "-s", "test", "--json")
    assert answer.status == 0, answer.text
    added = json.loads(answer.out)["added"]
    assert isinstance(added, int)
    return added


def version(project: Project) -> object:
    return project.sql("DESCRIBE HISTORY alert_history LIMIT 1")[0][0]


def with_source(project: Project, columns: str = _COLUMNS) -> None:
    """A granted view's stand-in: a table of other names, for two rules that seem deployed."""
    project.keep_rules("COST-001", "COST-002")
    project.sql("UPDATE alert_configurations SET databricks_alert_id = concat('id-', alert_id)")
    project.sql(f"CREATE TABLE evaluations ({columns})")
    project.set_config("history", f"{{source: main.{project.schema}.evaluations}}")


def put(project: Project, rows: list[tuple[str, str, dt.datetime]]) -> None:
    values = ", ".join(
        f"('{key}', 'id-{rule}', TIMESTAMP '{at:%Y-%m-%d %H:%M:%S}', 'ok', "
        "named_struct('bool_value', CAST(NULL AS BOOLEAN), 'double_value', 3.0D, "
        "'string_value', CAST(NULL AS STRING)), 'SENT')"
        for key, rule, at in rows
    )
    project.sql(f"INSERT INTO evaluations VALUES {values}")


def test_any_order_of_rows_and_syncs_comes_to_each_evaluation_once(project: Project) -> None:
    """Invariant: what the source has had within the overlap is there, once, whoever ran how often.

    Rows arrive late, twice, and of rules that are none of ours.
    """
    with_source(project)
    chance = random.Random(20261128)
    expected: dict[str, str] = {}
    for round_ in range(4):
        rows = []
        for number in range(chance.randint(1, 6)):
            rule = chance.choice(["COST-001", "COST-002", "FOREIGN"])
            # Within the overlap of a day behind whatever is the newest by then.
            at = _NOW - dt.timedelta(hours=chance.uniform(0, 20))
            key = f"e{round_}-{number}"
            rows += [(key, rule, at)] * chance.choice([1, 1, 2])
            if rule != "FOREIGN":
                expected[key] = rule
        put(project, rows)
        new = len(expected) - len(known(project))
        assert sync(project) == new
        assert known(project) == expected
        before = version(project)
        assert sync(project) == 0
        assert version(project) == before, "a second run wrote something"


def known(project: Project) -> dict[str, str]:
    rows = project.sql("SELECT evaluation_id, alert_id FROM alert_history")
    found = {str(key): str(rule) for key, rule in rows}
    assert len(found) == len(rows), "an evaluation stands there twice"
    return found


def test_a_rule_that_is_new_has_its_past_fetched_beside_one_that_is_known(
    project: Project,
) -> None:
    with_source(project)
    put(project, [("new", "COST-001", _NOW)])
    assert sync(project) == 1
    put(project, [("past", "COST-002", _NOW - dt.timedelta(days=40))])
    put(project, [("too old", "COST-002", _NOW - dt.timedelta(days=400))])
    assert sync(project) == 1
    assert set(known(project)) == {"new", "past"}
    [row] = project.sql(
        "SELECT evaluation_status, query_result_value_double, query_result_value_string, "
        "notification_sent, severity IS NOT NULL, evaluation_date = CAST(evaluation_timestamp AS "
        "DATE) FROM alert_history WHERE evaluation_id = 'new'"
    )
    assert row == ("OK", 3.0, "3", True, True, True)


def test_an_evaluation_of_an_alert_that_two_rules_name_is_one_row(project: Project) -> None:
    with_source(project)
    project.sql("UPDATE alert_configurations SET databricks_alert_id = 'id-COST-001'")
    put(project, [("one", "COST-001", _NOW)])
    assert sync(project) == 1
    assert known(project) == {"one": "COST-001"}
    assert sync(project) == 0


def test_columns_that_are_not_there_are_named(project: Project) -> None:
    with_source(project)
    put(project, [("one", "COST-001", _NOW)])
    answer = project.alerts("history", "sync", "-s", "test")
    assert "no column duration_ms or" in answer.text
    assert "so query_duration_ms stays empty" in answer.text
    assert "value or" not in answer.text
    project.sql("DROP TABLE evaluations")
    project.sql("CREATE TABLE evaluations (alert_id STRING, state STRING)")
    answer = project.alerts("history", "sync", "-s", "test")
    assert answer.status == 1
    assert "lacks a column that alert_history needs: evaluation_id or" in answer.text
    assert "evaluated_at" in answer.text
    project.sql("DROP TABLE evaluations")
    answer = project.alerts("history", "sync", "-s", "test")
    assert answer.status == 1
    assert "databricks-alerts:history.source" in answer.text
    # It is due again, and a deployment is no worse for it.
    project.sql("DELETE FROM alert_history")
    done = project.deploy()
    assert done.status == 0, done.text
    assert "warning: alert_history was not brought up to date" in done.text
    gate = project.alerts("gate", "-s", "test", "--engine", "embedded")
    assert "alert_history is empty, so cost and the policies" in gate.text
    assert "is not there" in gate.text


def test_the_workspaces_own_rows_and_the_syncs_are_the_same(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    [(alert,)] = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    made = [client.run_alert(project.workspace, str(alert))["id"] for _ in range(2)]
    until(lambda: set(made) <= set(known(project)))
    assert sync(project) == 0
    columns = (
        "evaluation_id, alert_id, evaluation_status, previous_status, query_result_value_double, "
        "query_result_value_string, threshold_value_double, query_duration_ms, notification_sent"
    )
    by_workspace = project.sql(f"SELECT {columns} FROM alert_history ORDER BY evaluation_id")
    project.sql("DELETE FROM alert_history")
    assert sync(project) == 2
    assert by_workspace == project.sql(f"SELECT {columns} FROM alert_history ORDER BY 1")
    shown = project.alerts("history", "COST-001", "-s", "test")
    assert shown.status == 0
    assert "2 evaluations:" in shown.out
    found = json.loads(project.alerts("history", "COST-001", "-s", "test", "--json").out)
    assert [item["state"] for item in found] == [str(row[2]) for row in by_workspace]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("history", "COST-0O1"), "did you mean COST-0"),
        (("history", "COST-001", "--since", "soon"), "--since soon: 'soon' is no length of time"),
        (("history", "show"), "Missing argument"),
    ],
)
def test_what_cannot_be_shown_is_told(
    project: Project, arguments: tuple[str, ...], said: str
) -> None:
    answer = project.alerts(*arguments, "-s", "test")
    assert answer.status == 2
    assert said in answer.text


def test_the_doctor_names_the_grant(project: Project, tmp_path: Path) -> None:
    project.keep_rules("COST-001")
    name = f"blind-{project.schema}@local.test"
    made = client.add_user(project.workspace, name)
    for grant in ("USE CATALOG ON CATALOG main", f"USE SCHEMA ON SCHEMA main.{project.schema}"):
        project.sql(f"GRANT {grant} TO `{name}`")
    act_as(project, tmp_path, made["token"])
    answer = project.alerts("doctor", "-s", "test", "--json")
    [check] = [item for item in json.loads(answer.out) if item["name"] == "history"]
    assert check["status"] == "missing"
    assert check["remedy"].startswith("GRANT "), check
    project.set_config("history", "{every: never}")
    answer = project.alerts("doctor", "-s", "test", "--json")
    [check] = [item for item in json.loads(answer.out) if item["name"] == "history"]
    assert check["status"] == "ok"
