"""`alerts sql` as people and scripts use it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from unittest import mock

import pytest
from project import Project

from databricks_alerts.cli.connecting import connecting


@pytest.fixture
def rules(bare_project: Project) -> Project:
    assert bare_project.alerts("init", "-s", "test").status == 0
    table = "CREATE TABLE few (alert_id STRING, alert_name STRING, threshold_value_double DOUBLE)"
    assert run(bare_project, table) == "OK\n"
    answer = run(
        bare_project,
        "INSERT INTO few (alert_id, alert_name, threshold_value_double) "
        "VALUES ('A', 'one', 1.5), ('B', '', NULL)",
    )
    assert answer == "2 rows changed\n"
    return bare_project


def run(project: Project, *arguments: str, status: int = 0) -> str:
    answer = project.alerts("sql", "-s", "test", *arguments)
    assert answer.status == status, answer.text
    return answer.out if status == 0 else answer.text


def test_a_statement_runs_where_the_stack_is(rules: Project) -> None:
    query = "SELECT alert_id, alert_name AS name, threshold_value_double AS t FROM few ORDER BY 1"
    assert json.loads(run(rules, "--json", query)) == [
        {"alert_id": "A", "name": "one", "t": 1.5},
        {"alert_id": "B", "name": "", "t": None},
    ]
    text = run(rules, "--csv", query)
    assert text == 'alert_id,name,t\r\nA,one,1.5\r\nB,"",\r\n'
    assert list(csv.reader(io.StringIO(text)))[1] == ["A", "one", "1.5"]
    shown = run(rules, query).split()
    assert shown == ["alert_id", "name", "t", "A", "one", "1.5", "B", "NULL"]
    changed = "UPDATE few SET alert_name = 'x' WHERE alert_id = 'A'"
    assert run(rules, changed) == "1 row changed\n"
    assert run(rules, "CREATE TABLE made (a INT)") == "OK\n"


def test_parameters_are_bound_with_their_types(rules: Project) -> None:
    query = "SELECT :id AS id, :n + 1 AS n, :d AS d, :b AS b"
    values = ["-p", "id=x'; DROP TABLE t; --", "-p", "n:INT=41", "-p", "d:DATE=2026-01-31"]
    (row,) = json.loads(run(rules, "--json", *values, "-p", "b:boolean=TRUE", query))
    assert row == {"id": "x'; DROP TABLE t; --", "n": 42, "d": "2026-01-31", "b": True}
    assert "UNBOUND_SQL_PARAMETER" in run(rules, "SELECT :none", status=1)
    for wrong in ("x", "x:NOPE=1", "x:INT=one"):
        assert f"-p {wrong}" in run(rules, "-p", wrong, "SELECT 1", status=2)


def test_a_file_runs_in_order_and_an_error_names_its_line(rules: Project, tmp_path: Path) -> None:
    file = tmp_path / "many.sql"
    file.write_text("-- begin;\nSELECT 'a;b' AS `x;y`; /* ; */\nSELECT 2 AS n;\n\nSELECT nope;\n")
    answer = rules.alerts("sql", "-s", "test", "--json", "-f", str(file))
    assert answer.status == 1
    decoder, found, rest = json.JSONDecoder(), [], answer.out
    while rest.strip():
        document, end = decoder.raw_decode(rest.lstrip())
        found.append(document)
        rest = rest.lstrip()[end:]
    assert found == [[{"x;y": "a;b"}], [{"n": 2}]]
    assert f"{file}:5: [UNRESOLVED_COLUMN" in answer.err.replace("\n", "")
    assert "cannot be read" in run(rules, "-f", str(tmp_path / "none.sql"), status=2)
    file.write_text("SELECT 'open")
    assert "is still open" in run(rules, "-f", str(file), status=2)
    with mock.patch("sys.stdin", io.StringIO("SELECT 3 AS n")):
        assert json.loads(run(rules, "--json", "-f", "-")) == [{"n": 3}]


def test_every_type_is_exact_in_json(rules: Project) -> None:
    query = (
        "SELECT CAST(1.10 AS DECIMAL(38,2)) AS dec, 9007199254740993 AS big, double('NaN') AS nan, "
        "map('k', array(1, NULL)) AS m, named_struct('p', date'2026-01-01') AS s, 1 AS a, 2 AS a"
    )
    text = run(rules, "--json", query)
    assert '"dec": 1.10' in text
    assert json.loads(text) == [
        {
            "dec": 1.1,
            "big": 9007199254740993,
            "nan": "NaN",
            "m": {"k": [1, None]},
            "s": {"p": "2026-01-01"},
            "a": 1,
            "a_2": 2,
        }
    ]


def test_a_table_says_when_there_is_more(rules: Project) -> None:
    answer = rules.alerts("sql", "-s", "test", "--limit", "2", "SELECT id FROM range(5)")
    assert answer.out.split() == ["id", "0", "1"]
    assert "the first 2 rows; --limit 0 prints all" in answer.text
    assert "give a statement or --file" in run(rules, "-f", "x", "SELECT 1", status=2)
    assert "--json or --csv" in run(rules, "--json", "--csv", "SELECT 1", status=2)


def test_a_schema_that_is_not_there_yet_can_be_made(bare_project: Project) -> None:
    answer = bare_project.alerts("sql", "-s", "test", "SELECT 1 AS n")
    assert answer.status == 0, answer.text
    assert f"schema {bare_project.schema} is not there yet" in answer.text
    assert run(bare_project, f"CREATE SCHEMA main.{bare_project.schema}") == "OK\n"


def test_the_ways_to_connect_that_are_printed_work(rules: Project) -> None:
    text = connecting(rules.workspace)
    line = next(line for line in text.splitlines() if "sql.connect(" in line)
    code = " ".join(text[text.index(line) :].split("DBeaver")[0].split())
    from databricks import sql

    with (
        eval(code, {"sql": sql, "TOKEN": rules.workspace.token}) as connection,  # what is printed
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1")
        assert cursor.fetchall()[0][0] == 1
    from databricks.sdk import WorkspaceClient

    call = next(line.strip() for line in text.splitlines() if "WorkspaceClient(" in line)
    assert eval(call, {"WorkspaceClient": WorkspaceClient}).current_user.me().user_name
