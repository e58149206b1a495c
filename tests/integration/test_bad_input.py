"""Bad input: each a clear error that names the thing and the remedy, and nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from project import Project, make_project

from databricks_alerts.local_workspace.process import Running


def alerts_of(project: Project) -> set[object]:
    """What stands in the project's folder of the workspace."""
    from databricks.sdk import WorkspaceClient

    client = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    home = f"/Workspace/Shared/{project.schema}"
    return {alert.id for alert in client.alerts_v2.list_alerts() if alert.parent_path == home}


def findings(project: Project) -> dict[str, list[dict[str, str]]]:
    """What `alerts validate` finds, by rule; it must exit 1."""
    answer = project.alerts("validate", "-s", "test", "--json")
    assert answer.status == 1, answer.text
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(answer.out)["findings"]:
        found.setdefault(finding["key"], []).append(finding)
    return found


def test_no_workspace_running_is_said_at_once_with_the_remedy(
    tmp_path: Path, local_workspace: Running
) -> None:
    project = make_project(tmp_path / "p", local_workspace)
    profile = tmp_path / "databrickscfg"
    profile.write_text("[local]\nhost = http://127.0.0.1:9\ntoken = dapi0\n")
    text = project.settings_file.read_text()
    project.settings_file.write_text(text.replace(str(local_workspace.config_file), str(profile)))
    answer = project.alerts("validate", "-s", "test")
    assert answer.status == 1
    assert "http://127.0.0.1:9" in answer.text
    assert "alerts workspace start" in answer.text


def test_a_wrong_token_is_said_without_showing_it(tmp_path: Path, local_workspace: Running) -> None:
    project = make_project(tmp_path / "p", local_workspace)
    profile = tmp_path / "databrickscfg"
    profile.write_text(f"[local]\nhost = {local_workspace.url}\ntoken = dapi-not-this-one\n")
    text = project.settings_file.read_text()
    project.settings_file.write_text(text.replace(str(local_workspace.config_file), str(profile)))
    answer = project.alerts("validate", "-s", "test")
    assert answer.status == 1
    assert "credentials" in answer.text
    assert "dapi-not-this-one" not in answer.text


def test_an_unknown_profile_names_profile_and_file(bare_project: Project) -> None:
    text = bare_project.settings_file.read_text()
    bare_project.settings_file.write_text(text.replace("profile: local", "profile: nobody"))
    answer = bare_project.alerts("validate", "-s", "test")
    assert answer.status == 1
    assert "nobody" in answer.text


def test_missing_tables_are_named_with_alerts_init(bare_project: Project) -> None:
    for command in ("validate", "preview", "status"):
        answer = bare_project.alerts(command, "-s", "test")
        assert answer.status == 1, answer.text
        assert bare_project.schema in answer.text
        assert "alerts init" in answer.text


def test_an_unknown_stack_names_those_that_exist(bare_project: Project) -> None:
    answer = bare_project.alerts("preview", "-s", "tset")
    assert answer.status == 2
    assert "tset" in answer.text
    assert "test" in answer.text


def test_unknown_keys_and_bad_values_of_the_configuration_come_all_at_once(
    bare_project: Project,
) -> None:
    bare_project.set_config("parallelWorker", "5")
    bare_project.set_config("onInvalid", "ignore")
    bare_project.set_config("minSuccessRate", "'2'")
    answer = bare_project.alerts("validate", "-s", "test")
    assert answer.status == 2
    assert "did you mean parallelWorkers?" in answer.text
    assert "databricks-alerts:onInvalid is 'ignore'" in answer.text
    assert "databricks-alerts:minSuccessRate is '2'" in answer.text


def test_bad_rows_are_reported_with_key_column_value_and_what_is_allowed(
    project: Project,
) -> None:
    for statement in (
        "UPDATE alert_configurations SET severity = 'LOUD' WHERE alert_id = 'COST-001'",
        "UPDATE alert_configurations SET threshold_value_double = NULL WHERE alert_id = 'COST-002'",
        "UPDATE alert_configurations SET notification_channels = array('nobody') "
        "WHERE alert_id = 'COST-003'",
        "UPDATE alert_configurations SET alert_query_template = 'SELECT * FROM ${catlog}.x' "
        "WHERE alert_id = 'COST-004'",
        "UPDATE alert_configurations SET alert_query_template = "
        "'DELETE FROM ${catalog}.${gold_schema}.fact_usage' WHERE alert_id = 'COST-005'",
        "UPDATE alert_configurations SET alert_query_template = "
        "'SELECT list_cots AS daily_cost FROM ${catalog}.${gold_schema}.fact_usage' "
        "WHERE alert_id = 'COST-007'",
        "UPDATE alert_configurations SET schedule_cron = '0 0 8 * * 1' WHERE alert_id = 'COST-012'",
        "UPDATE alert_configurations SET schedule_timezone = 'Mars/Base' "
        "WHERE alert_id = 'COST-016'",
        "UPDATE alert_configurations SET threshold_column = 'outlier_runs' "
        "WHERE alert_id = 'COST-017'",
        "INSERT INTO alert_configurations SELECT * FROM alert_configurations "
        "WHERE alert_id = 'COST-018'",
    ):
        project.sql(statement)
    found = findings(project)
    said = {key: " ".join(item["what"] for item in items) for key, items in found.items()}
    assert set(said) == {
        *("COST-001", "COST-002", "COST-003", "COST-004", "COST-005"),
        *("COST-007", "COST-012", "COST-016", "COST-017", "COST-018"),
    }
    assert "severity is 'LOUD'" in said["COST-001"]
    assert "CRITICAL" in said["COST-001"]
    assert "threshold_value_double is NULL" in said["COST-002"]
    assert "'nobody' is no destination_id" in said["COST-003"]
    assert "${catlog}" in said["COST-004"]
    assert "DELETE" in said["COST-005"]
    assert found["COST-007"][0]["error_class"].startswith("UNRESOLVED_COLUMN")
    assert "exactly one of day-of-month and day-of-week" in said["COST-012"]
    assert "'Mars/Base' is no time zone" in said["COST-016"]
    assert "outlier_run_count" in said["COST-017"]
    assert "stands in 2 rows" in said["COST-018"]
    # The DELETE was never run, and nothing of all this reached the workspace.
    assert project.sql("SELECT count(*) > 0 FROM fact_usage") == [(True,)]
    assert alerts_of(project) == set()


def test_on_invalid_fail_stops_before_anything_changes(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    project.set_config("onInvalid", "fail")
    project.sql("UPDATE alert_configurations SET severity = 'LOUD' WHERE alert_id = 'COST-001'")
    answer = project.deploy()
    assert answer.status == 1
    assert "LOUD" in answer.text
    assert alerts_of(project) == set()


def test_an_emptied_table_deletes_nothing(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    before = alerts_of(project)
    project.sql("DELETE FROM alert_configurations")
    answer = project.deploy()
    assert answer.status == 1
    assert "alert_configurations is empty" in answer.text
    assert "alerts destroy" in answer.text
    assert alerts_of(project) == before


def test_a_wrong_passphrase_is_said_and_the_state_stays(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    before = project.state_file.read_bytes()
    answer = project.alerts(
        *("up", "-s", "test", "--yes", "--engine", "embedded"),
        env={"PULUMI_CONFIG_PASSPHRASE": "wrong"},
    )
    assert answer.status == 1
    assert "passphrase" in answer.text.lower()
    assert project.state_file.read_bytes() == before


def test_a_stack_other_than_local_demands_a_passphrase(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    empty = project.directory / "none"
    answer = project.alerts(
        *("preview", "-s", "test", "--engine", "embedded"),
        env={"PULUMI_CONFIG_PASSPHRASE_FILE": str(empty), "PULUMI_CONFIG_PASSPHRASE": ""},
    )
    assert answer.status == 1
    assert "PULUMI_CONFIG_PASSPHRASE" in answer.text


def test_a_truncated_state_is_named_and_never_overwritten(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    whole = project.state_file.read_bytes()
    project.state_file.write_bytes(whole[: len(whole) // 2])
    answer = project.deploy()
    assert answer.status == 1
    assert "test.json" in answer.text
    assert project.state_file.read_bytes() == whole[: len(whole) // 2]


def test_a_locked_stack_names_the_holder_and_unlock(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    locks = project.directory / ".alerts/state/.pulumi/locks/organization/databricks-alerts/test"
    locks.mkdir(parents=True, exist_ok=True)
    lock = {
        "pid": 1,
        "username": "ada",
        "hostname": "elsewhere",
        "timestamp": "2026-11-23T10:00:00Z",
    }
    (locks / "0a.json").write_text(json.dumps(lock))
    answer = project.deploy()
    assert answer.status == 1
    assert "ada" in answer.text
    assert "elsewhere" in answer.text
    assert "alerts stack unlock" in answer.text
    assert project.alerts("stack", "unlock", "-s", "test").status == 0
    assert project.deploy().status == 0
