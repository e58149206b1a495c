"""No secret stands in the clear: state, logs, plans, events, tables, reports, errors."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

from databricks.sdk import WorkspaceClient
from project import PASSPHRASE, Project

from databricks_alerts.engine.state.secrets import PassphraseSecrets, new_salt
from databricks_alerts.local_workspace import client as local

FROM_CONFIG = "T0/very-secret/hook é"
FROM_SCOPE = "pd-integration-key-0123456789"
FORMATS = ("json", "markdown", "junit", "sarif", "html")


def _forms(secret: str) -> list[str]:
    """How a secret could hide: plain, as JSON or a URL writes it, in base64."""
    return [
        secret,
        json.dumps(secret)[1:-1],
        quote(secret),
        base64.b64encode(secret.encode()).decode(),
    ]


def _leaks(texts: dict[str, str]) -> list[str]:
    return [
        name
        for name, text in texts.items()
        for secret in (FROM_CONFIG, FROM_SCOPE)
        for form in _forms(secret)
        if form in text
    ]


def _set_up(project: Project) -> None:
    scope = f"alerts-{project.schema}"
    admin = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    admin.secrets.create_scope(scope)
    admin.secrets.put_secret(scope, "pagerduty", string_value=FROM_SCOPE)
    hook = json.dumps({"url": "http://127.0.0.1:9/{{config/hook}}"})
    duty = json.dumps({"integration_key": f"{{{{secrets/{scope}/pagerduty}}}}"})
    for key, document in (("finops_slack", hook), ("oncall_pagerduty", duty)):
        kind = "PAGERDUTY" if "pagerduty" in key else "SLACK"
        project.sql(
            "INSERT INTO notification_destinations (destination_id, destination_name, "
            "destination_type, config_json, owner, is_enabled, created_by, created_at) VALUES "
            f"('{key}_{project.schema}', '{key} {project.schema}', '{kind}', '{document}', 'me', "
            "true, 'me', current_timestamp())"
        )
    project.sql(
        "DELETE FROM notification_destinations WHERE destination_id NOT LIKE "
        f"'%{project.schema}' AND destination_id NOT IN (SELECT explode(notification_channels) "
        "FROM alert_configurations)"
    )
    salt = new_salt(PASSPHRASE)
    secure = PassphraseSecrets(salt, PASSPHRASE).encrypt(FROM_CONFIG)
    with project.settings_file.open("a", encoding="utf-8") as file:
        file.write(f"  databricks-alerts-secrets:hook:\n    secure: {secure}\n")
        file.write(f"encryptionsalt: {salt}\n")


def test_no_run_leaves_a_secret_anywhere(project: Project, tmp_path: Path) -> None:
    project.keep_rules("COST-001")
    _set_up(project)
    reports = {name: tmp_path / f"gate.{name}" for name in FORMATS}
    formats = [f"--format={name}={path}" for name, path in reports.items()]
    told: dict[str, str] = {}

    told["gate"] = project.alerts("gate", "-s", "test", *formats).text
    told["preview"] = project.preview("--diff", "--out", "plan.json").text
    told["preview --json"] = project.preview("--json").text
    # The workspace fails while it is told the secrets.
    local.add_fault(
        project.workspace,
        "server_error",
        method="POST",
        path="/api/2.0/notification-destinations",
        status=500,
    )
    try:
        failed = project.deploy("--event-log", "failed.json")
    finally:
        local.clear_faults(project.workspace)
    assert failed.status != 0
    told["failed up"] = failed.text
    answer = project.deploy("--diff", "--event-log", "events.json")
    assert answer.status == 0, answer.text
    told["up"] = answer.text
    told["up --refresh"] = project.deploy("--refresh").text
    told["status"] = project.alerts("status", "-s", "test", "--json").text
    told["stack"] = project.alerts("stack", "export", "-s", "test").text
    told["doctor"] = project.alerts("doctor", "-s", "test").text

    names = ("alert_configurations", "notification_destinations", "alert_sync_metrics")
    for name in (*names, "alert_validation_results"):
        told[name] = str(project.sql(f"SELECT * FROM {name}"))
    files = [path for path in project.directory.rglob("*") if path.is_file()]
    assert project.state_file in files
    for path in [*files, *reports.values()]:
        if not path.is_symlink():
            told[str(path)] = path.read_text(errors="replace")
    assert all(path.exists() for path in reports.values())
    assert _leaks(told) == []

    destinations = WorkspaceClient(
        profile="local", config_file=str(project.workspace.config_file)
    ).notification_destinations.list()
    assert {f"oncall_pagerduty {project.schema}", f"finops_slack {project.schema}"} <= {
        item.display_name for item in destinations
    }
