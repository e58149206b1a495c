"""The doctor names what is missing for the identity in use, with what would give it."""

from __future__ import annotations

import json
from pathlib import Path

from project import Project

from databricks_alerts.local_workspace import client


def doctor(project: Project) -> tuple[int, dict[str, dict[str, str]]]:
    answer = project.alerts("doctor", "-s", "test", "--json")
    return answer.status, {item["name"]: item for item in json.loads(answer.out)}


def act_as(project: Project, tmp_path: Path, token: str) -> None:
    """Let the stack deploy as somebody else."""
    profile = tmp_path / "databrickscfg"
    profile.write_text(f"[local]\nhost = {project.workspace.url}\ntoken = {token}\n")
    text = project.settings_file.read_text()
    project.settings_file.write_text(text.replace(str(project.workspace.config_file), str(profile)))


def test_an_admin_with_everything_is_well(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    status, found = doctor(project)
    assert {name: item for name, item in found.items() if item["status"] != "ok"} == {}
    assert status == 0


def test_a_user_without_rights_is_told_each_grant(project: Project, tmp_path: Path) -> None:
    project.keep_rules("COST-001")
    name = f"nobody-{project.schema}@local.test"
    made = client.add_user(project.workspace, name)
    project.sql(f"GRANT USE SCHEMA ON SCHEMA main.{project.schema} TO `{name}`")
    project.sql(f"GRANT USE CATALOG ON CATALOG main TO `{name}`")
    project.sql(f"GRANT SELECT ON TABLE alert_configurations TO `{name}`")
    act_as(project, tmp_path, made["token"])
    status, found = doctor(project)
    assert status == 1
    assert found["credentials"]["status"] == "ok"
    assert found["destinations"]["status"] == "missing"
    table = f"`main`.`{project.schema}`."
    assert found["table alert_configurations"]["remedy"] == (
        f"GRANT MODIFY ON TABLE {table}`alert_configurations` TO `{name}`"
    )
    assert found["table alert_sync_metrics"]["remedy"] == (
        f"GRANT SELECT, MODIFY ON TABLE {table}`alert_sync_metrics` TO `{name}`"
    )


def test_each_refusal_is_answered_by_the_grant_that_it_asks_for(
    project: Project, tmp_path: Path
) -> None:
    project.keep_rules("COST-001")
    name = f"somebody-{project.schema}@local.test"
    made = client.add_user(project.workspace, name)
    admins = project.settings_file.read_text()
    act_as(project, tmp_path, made["token"])
    _, found = doctor(project)
    schema = f"`main`.`{project.schema}`"
    assert found["catalog main"]["remedy"] == f"GRANT USE CATALOG ON CATALOG `main` TO `{name}`"
    assert found[f"schema main.{project.schema}"]["remedy"] == (
        f"GRANT USE SCHEMA ON SCHEMA {schema} TO `{name}`"
    )
    statements = [item["remedy"] for item in found.values() if item["remedy"].startswith("GRANT")]
    # The catalog, the schema, six tables: all at once; and where evaluations stand.
    assert len(statements) == 9, statements
    for statement in statements:
        project.sql(statement)
    _, found = doctor(project)
    read = found[f"read main.{project.schema}.fact_usage"]
    assert "no SELECT for COST-001" in read["detail"]
    assert read["remedy"] == f"GRANT SELECT ON TABLE {schema}.`fact_usage` TO `{name}`"
    project.sql(read["remedy"])
    # Unity Catalog names what is lacking of another catalog one by one: catalog, schema, table.
    for _ in range(3):
        _, found = doctor(project)
        if found["history"]["status"] == "missing":
            project.sql(found["history"]["remedy"])
    _, found = doctor(project)
    # Only an administrator can give what is left.
    left = {key for key, item in found.items() if item["status"] != "ok"}
    assert left == {"destinations"}, found
    project.settings_file.write_text(admins)


def test_a_table_that_init_would_make_asks_for_the_right_to(
    project: Project, tmp_path: Path
) -> None:
    project.keep_rules("COST-001")
    project.sql("DROP TABLE alert_history")
    name = f"maker-{project.schema}@local.test"
    made = client.add_user(project.workspace, name)
    project.sql(f"GRANT USE CATALOG ON CATALOG main TO `{name}`")
    act_as(project, tmp_path, made["token"])
    project.sql(f"GRANT USE SCHEMA, SELECT ON SCHEMA main.{project.schema} TO `{name}`")
    _, found = doctor(project)
    assert found[f"schema main.{project.schema}"]["remedy"] == (
        f"GRANT CREATE TABLE ON SCHEMA `main`.`{project.schema}` TO `{name}`"
    )
    text = project.settings_file.read_text()
    missing = text.replace(f"goldSchema: {project.schema}", "goldSchema: not_there_yet")
    project.settings_file.write_text(missing)
    _, found = doctor(project)
    assert found["catalog main"]["remedy"] == (f"GRANT CREATE SCHEMA ON CATALOG `main` TO `{name}`")


def test_missing_tables_and_secrets_are_named(project: Project) -> None:
    project.keep_rules("COST-001")
    project.sql("DROP TABLE alert_history")
    project.sql(
        "UPDATE notification_destinations SET config_json = "
        "'{\"url\": \"{{secrets/no-scope/no-key}}\"}' WHERE destination_id = 'finops_slack'"
    )
    status, found = doctor(project)
    assert status == 1
    assert found["table alert_history"]["remedy"] == "alerts init"
    assert "READ" in found["secret no-scope/no-key"]["remedy"]


def test_wrong_credentials_end_it_early(project: Project, tmp_path: Path) -> None:
    act_as(project, tmp_path, "dapi-wrong")
    status, found = doctor(project)
    assert status == 1
    assert found["credentials"]["status"] == "missing"
    assert "warehouse" not in found
