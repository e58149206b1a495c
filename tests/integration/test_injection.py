"""Names, ids, tags and texts that look like SQL, mustache or worse: kept, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest
from databricks.sdk import WorkspaceClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project import Project, make_project

from databricks_alerts.local_workspace.process import Running
from databricks_alerts.sql.warehouse import SqlWarehouse, open_warehouse
from databricks_alerts.workspace_view.connection import sdk_config

NASTY = (
    "'; DROP TABLE alert_configurations; --",
    '"quoted" and \\ backslash \\\' both',
    "`backticks` and ``more``",
    "/* comment */ -- line",
    "${catalog} ${nothing} {{ALERT_STATUS}} {{{{",
    "emoji 🚨🔥 and ünïcödé \u202e right to left",
    ":name ? %s {0} $1",
    "two\nlines\tand a tab",
    "<script>alert(1)</script> &amp;",
    "x" * 10_000,
)
_MARKED = st.lists(
    st.sampled_from(["'", '"', "`", ";", "--", "/*", "\\", "${", "}", "{{", ":a", "?", "é", "🚨"])
    | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6),
    min_size=1,
    max_size=12,
).map("".join)


NAMED = {"alert_id": "s.s.id", "alert_name": "s.s.text", "tags": "map(s.s.text, s.s.text)"}
EVERYWHERE = NAMED | {
    "alert_description": "s.s.text",
    "owner": "s.s.text",
    "created_by": "s.s.text",
    "use_custom_template": "true",
    # In a message a backslash keeps `${…}` from being a variable of the stack's.
    "custom_subject_template": "s.s.message",
    "custom_body_template": "s.s.message",
}


def _warehouse(project: Project) -> SqlWarehouse:
    profile = {
        "databricks:profile": "local",
        "databricks:configFile": str(project.workspace.config_file),
    }
    config = sdk_config(profile, project.directory)
    return open_warehouse(config, project.workspace.warehouse_id, 1)


def _copies(
    warehouse: SqlWarehouse, project: Project, own: dict[str, str], texts: list[str]
) -> None:
    """One rule a text beside COST-001, whose columns are its own but for those that `own` names."""
    warehouse.query(_sql(project, "DELETE FROM %s WHERE alert_id <> 'COST-001'"))
    columns = [str(row["col_name"]) for row in warehouse.query(_sql(project, "DESCRIBE TABLE %s"))]
    chosen = ", ".join(f"{own.get(column, f'r.{column}')} AS {column}" for column in columns)
    rows = [
        {"id": f"{number}: {text}", "text": text, "message": text.replace("${", r"\${")}
        for number, text in enumerate(texts)
    ]
    warehouse.query(
        _sql(
            project,
            f"INSERT INTO %s SELECT {chosen} FROM %s AS r CROSS JOIN (SELECT explode(from_json("
            ":rows, 'array<struct<id: string, text: string, message: string>>')) AS s) AS s "
            "WHERE r.alert_id = 'COST-001'",
        ),
        {"rows": json.dumps(rows)},
    )


def _sql(project: Project, text: str) -> str:
    return text.replace("%s", f"main.{project.schema}.alert_configurations")


def test_every_text_arrives_as_it_stands(project: Project) -> None:
    project.keep_rules("COST-001")
    with _warehouse(project) as warehouse:
        _copies(warehouse, project, EVERYWHERE, list(NASTY))
        warehouse.query(_sql(project, "DELETE FROM %s WHERE alert_id = 'COST-001'"))
    answer = project.deploy()
    assert answer.status == 0, answer.text
    client = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    home = f"/Workspace/Shared/{project.schema}"
    alerts = [alert for alert in client.alerts_v2.list_alerts() if alert.parent_path == home]
    assert {alert.display_name for alert in alerts} == {f"[WARNING] {text}" for text in NASTY}
    assert {alert.custom_summary for alert in alerts} == set(NASTY)
    rows = project.sql(
        "SELECT alert_id, last_sync_status, last_sync_error FROM alert_configurations"
    )
    assert {row[1:] for row in rows} == {("SUCCESS", None)}
    assert len(rows) == len(NASTY)

    answer = project.preview("--json")
    assert [step["op"] for step in json.loads(answer.out)["steps"] if step["op"] != "same"] == []
    report = project.directory / "gate.html"
    assert project.alerts("gate", "-s", "test", f"--format=html={report}").status == 0
    assert "<script>alert(1)" not in report.read_text()


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(_MARKED, min_size=1, max_size=6, unique=True))
def test_what_is_generated_is_read_as_it_was_written(project: Project, texts: list[str]) -> None:
    from databricks_alerts.rules.settings import Settings
    from databricks_alerts.snapshot import read_snapshot
    from databricks_alerts.validation import validate

    made = Settings(
        catalog="main",
        gold_schema=project.schema,
        warehouse_id=project.workspace.warehouse_id,
        parent_path="/Workspace/Shared/x",
    )
    with _warehouse(project) as warehouse:
        _copies(warehouse, project, NAMED, texts)
        snapshot = read_snapshot(warehouse, made)
        report = validate(snapshot, made, warehouse)
        kept = warehouse.query(_sql(project, "SELECT count(*) AS n FROM %s"))[0]["n"]
    names = {rule.alert_name for rule in snapshot.rules} - {"Daily Cost Spike"}
    blank = {text for text in texts if not text.strip()}
    assert names - blank == set(texts) - blank
    assert kept == len(texts) + 1
    assert {finding.check for finding in report.findings} <= {"row"}


@pytest.mark.parametrize("schema", ["odd `name`", "x'; DROP SCHEMA main.default; --", "émoji 🚨"])
def test_a_schema_may_be_named_like_anything(
    tmp_path: Path, local_workspace: Running, schema: str
) -> None:
    project = make_project(tmp_path / "p", local_workspace)
    text = project.settings_file.read_text(encoding="utf-8")
    named = json.dumps(f"{schema} {project.schema}", ensure_ascii=False)
    project.settings_file.write_text(
        text.replace(f"goldSchema: {project.schema}", f"goldSchema: {named}"), encoding="utf-8"
    )
    assert project.alerts("init", "-s", "test").status == 0
    with mock.patch("databricks_alerts.cli.commands.seed.is_sandbox", return_value=True):
        answer = project.alerts("seed", "health_monitor", "-s", "test")
    assert answer.status == 0, answer.text
    answer = project.alerts("validate", "-s", "test")
    assert (answer.status, answer.text) == (0, "29 rules are valid"), answer.text
