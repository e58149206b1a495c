"""Tables that the original framework made (before this project): migrated in place, rows kept."""

from __future__ import annotations

from unittest import mock

import pytest
from project import Project
from waiting import until

# Its columns, by the architecture's tables; what is missing here is what ours adds.
ORIGINAL = {
    "alert_configurations": """
        alert_id STRING NOT NULL, alert_name STRING NOT NULL, alert_description STRING,
        agent_domain STRING NOT NULL, severity STRING NOT NULL,
        alert_query_template STRING NOT NULL, query_source STRING, source_artifact_name STRING,
        threshold_column STRING NOT NULL, threshold_operator STRING NOT NULL,
        threshold_value_type STRING NOT NULL, threshold_value_double DOUBLE,
        threshold_value_string STRING, threshold_value_bool BOOLEAN,
        empty_result_state STRING NOT NULL, aggregation_type STRING,
        schedule_cron STRING NOT NULL, schedule_timezone STRING NOT NULL,
        pause_status STRING NOT NULL, is_enabled BOOLEAN NOT NULL,
        notification_channels ARRAY<STRING> NOT NULL, notify_on_ok BOOLEAN NOT NULL,
        retrigger_seconds INT, use_custom_template BOOLEAN NOT NULL,
        custom_subject_template STRING, custom_body_template STRING, owner STRING NOT NULL,
        created_by STRING NOT NULL, created_at TIMESTAMP NOT NULL, updated_by STRING,
        updated_at TIMESTAMP, tags MAP<STRING, STRING>, databricks_alert_id STRING,
        databricks_display_name STRING, last_synced_at TIMESTAMP, last_sync_status STRING,
        last_sync_error STRING""",
    "notification_destinations": """
        destination_id STRING NOT NULL, destination_name STRING NOT NULL,
        destination_type STRING NOT NULL, databricks_destination_id STRING, config_json STRING,
        owner STRING NOT NULL, is_enabled BOOLEAN NOT NULL, created_by STRING NOT NULL,
        created_at TIMESTAMP NOT NULL, updated_by STRING, updated_at TIMESTAMP,
        tags MAP<STRING, STRING>""",
    "alert_validation_results": """
        alert_id STRING NOT NULL, is_valid BOOLEAN NOT NULL, error_message STRING""",
    "alert_sync_metrics": """
        sync_run_id STRING NOT NULL, sync_started_at TIMESTAMP NOT NULL,
        sync_ended_at TIMESTAMP NOT NULL, total_alerts INT NOT NULL, success_count INT NOT NULL,
        error_count INT NOT NULL, created_count INT NOT NULL, updated_count INT NOT NULL,
        deleted_count INT NOT NULL, skipped_count INT NOT NULL, avg_api_latency_ms DOUBLE,
        max_api_latency_ms DOUBLE, min_api_latency_ms DOUBLE, p95_api_latency_ms DOUBLE,
        total_duration_seconds DOUBLE NOT NULL, dry_run BOOLEAN NOT NULL, catalog STRING NOT NULL,
        gold_schema STRING NOT NULL, error_summary STRING,
        record_created_timestamp TIMESTAMP NOT NULL""",
}
RULE = """
    INSERT INTO alert_configurations VALUES (
      'COST-001', 'Spend', 'Kept', 'COST', 'WARNING',
      'SELECT sum(amount) AS total FROM ${catalog}.${gold_schema}.spend', 'CUSTOM', NULL,
      'total', '>', 'DOUBLE', 100, NULL, NULL, 'OK', 'NONE', '0 0 8 * * ?', 'UTC', 'UNPAUSED', true,
      array('ada@local.test'), false, 0, false, NULL, NULL, 'ada', 'ada', current_timestamp(),
      NULL, NULL, map('team', 'finops'), 'an-id-of-long-ago', '[WARNING] Spend',
      current_timestamp(), 'UPDATED', NULL)"""


@pytest.fixture
def original(bare_project: Project) -> Project:
    """Four tables as the framework made them, with one rule and what it recorded of it."""
    bare_project.sql(f"CREATE SCHEMA main.{bare_project.schema}")
    for name, columns in ORIGINAL.items():
        bare_project.sql(
            f"CREATE TABLE {name} ({columns}, CONSTRAINT pk_{name} PRIMARY KEY "
            f"({columns.split()[0]}) NOT ENFORCED) USING DELTA CLUSTER BY AUTO "
            "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')"
        )
    bare_project.sql("CREATE TABLE spend AS SELECT CAST(5 AS DOUBLE) AS amount")
    bare_project.sql(RULE)
    bare_project.sql("INSERT INTO alert_validation_results VALUES ('COST-001', true, NULL)")
    bare_project.sql(
        "INSERT INTO alert_sync_metrics VALUES ('old', current_timestamp(), current_timestamp(), "
        "1, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1, 2, false, 'main', 'gold', NULL, current_timestamp())"
    )
    return bare_project


def _check(project: Project) -> None:
    assert project.sql(
        "SELECT alert_description, tags['team'], last_sync_status, last_sync_action, "
        "databricks_alert_id <> 'an-id-of-long-ago' FROM alert_configurations"
    ) == [("Kept", "finops", "SUCCESS", "CREATED", True)]
    assert project.sql(
        "SELECT sync_run_id = 'old', created_count, stack FROM alert_sync_metrics ORDER BY 1"
    ) == [(False, 1, "test"), (True, 0, None)]
    assert project.sql(
        "SELECT is_valid, validation_run_id IS NULL FROM alert_validation_results ORDER BY 2"
    ) == [(True, False), (True, True)]


def test_init_migrates_and_up_deploys(original: Project) -> None:
    answer = original.alerts("init", "-s", "test")
    assert answer.status == 0, answer.text
    assert "added to alert_configurations: last_sync_action" in answer.text
    assert "created table alert_history" in answer.text
    assert original.sql("SELECT count(*) FROM alert_configurations") == [(1,)]
    again = original.alerts("init", "-s", "test")
    assert "are up to date" in again.text
    answer = original.deploy()
    assert answer.status == 0, answer.text
    _check(original)
    assert original.alerts("doctor", "-s", "test").status == 0


def test_up_migrates_what_it_writes_to_by_itself(original: Project) -> None:
    answer = original.deploy()
    assert answer.status == 0, answer.text
    _check(original)


OTHER_TYPES = {
    "alert_configurations": {
        "severity STRING": "severity VARCHAR(20)",
        "threshold_value_double DOUBLE": "threshold_value_double DECIMAL(18,4)",
        "retrigger_seconds INT": "retrigger_seconds BIGINT",
        "notification_channels ARRAY<STRING>": "notification_channels ARRAY<VARCHAR(200)>",
        "created_at TIMESTAMP": "created_at TIMESTAMP_NTZ",
    },
    "alert_sync_metrics": {
        "total_alerts INT": "total_alerts BIGINT",
        "avg_api_latency_ms DOUBLE": "avg_api_latency_ms BIGINT",
        "total_duration_seconds DOUBLE": "total_duration_seconds DECIMAL(18,3)",
    },
}
# As the framework makes it, with the foreign key that it adds.
HISTORY = """
    evaluation_id STRING NOT NULL, alert_id STRING NOT NULL, alert_name STRING,
    agent_domain STRING, severity STRING, evaluation_timestamp TIMESTAMP NOT NULL,
    evaluation_date DATE NOT NULL, evaluation_status STRING NOT NULL, previous_status STRING,
    query_result_value_double DOUBLE, query_result_value_string STRING,
    threshold_operator STRING, threshold_value_type STRING, threshold_value_double DOUBLE,
    threshold_value_string STRING, threshold_value_bool BOOLEAN, query_duration_ms BIGINT,
    error_message STRING, notification_sent BOOLEAN, notification_channels_used ARRAY<STRING>,
    record_created_timestamp TIMESTAMP"""


@pytest.fixture
def typed_otherwise(bare_project: Project) -> Project:
    """The framework's tables with other types that hold the same values, and with its keys."""
    project = bare_project
    project.sql(f"CREATE SCHEMA main.{project.schema}")
    for name, columns in {**ORIGINAL, "alert_history": HISTORY}.items():
        listed = columns
        for ours, theirs in OTHER_TYPES.get(name, {}).items():
            assert ours in listed
            listed = listed.replace(ours, theirs)
        project.sql(f"CREATE TABLE {name} ({listed})")
    project.sql("ALTER TABLE alert_configurations ADD CONSTRAINT pk PRIMARY KEY (alert_id)")
    project.sql(
        "ALTER TABLE alert_history ADD CONSTRAINT fk FOREIGN KEY (alert_id) "
        "REFERENCES alert_configurations (alert_id) NOT ENFORCED"
    )
    project.sql("CREATE TABLE spend AS SELECT CAST(500 AS DOUBLE) AS amount")
    project.sql(RULE)
    return project


def test_types_that_hold_the_same_values_are_taken_as_they_are(typed_otherwise: Project) -> None:
    project = typed_otherwise
    answer = project.alerts("init", "-s", "test")
    assert answer.status == 0, answer.text
    assert project.sql("SELECT count(*) FROM information_schema.table_constraints") != [(0,)]
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert project.deploy().text.count("unchanged") == 1
    [(alert_id,)] = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    status = "databricks_alerts.cli.commands.workspace.process.status"
    with mock.patch(status, return_value=project.workspace):
        answer = project.alerts("workspace", "run", str(alert_id))
    assert answer.status == 0, answer.text
    rows = until(
        lambda: project.sql(
            "SELECT evaluation_status, query_duration_ms >= 0, typeof(query_duration_ms) "
            "FROM alert_history"
        )
    )
    assert rows == [("TRIGGERED", True, "bigint")]
    assert project.sql("SELECT count(*), max(total_alerts) FROM alert_sync_metrics") == [(1, 1)]


def test_types_that_cannot_hold_them_are_named_in_one_list_before_anything_is_done(
    bare_project: Project,
) -> None:
    project = bare_project
    project.sql(f"CREATE SCHEMA main.{project.schema}")
    project.sql("CREATE TABLE alert_configurations (alert_id BIGINT, is_enabled STRING)")
    project.sql("CREATE TABLE alert_history (evaluation_date TIMESTAMP)")
    answer = project.alerts("init", "-s", "test")
    assert answer.status != 0
    for told in (
        "alert_configurations, column alert_id: its type is BIGINT, it should be STRING",
        "alert_configurations, column is_enabled: its type is STRING, it should be BOOLEAN",
        "alert_history, column evaluation_date: its type is TIMESTAMP, it should be DATE",
        "nothing was changed",
    ):
        assert told in " ".join(answer.text.split())
    assert project.sql(f"SHOW TABLES IN main.{project.schema}") == [
        (project.schema, "alert_configurations", False),
        (project.schema, "alert_history", False),
    ]
