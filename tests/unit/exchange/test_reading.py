"""Files that other tools wrote, good and bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import INVENTORY, SETTINGS

from databricks_alerts import evaluation
from databricks_alerts.errors import AlertsError
from databricks_alerts.exchange.importing import READERS, Declared, declared
from databricks_alerts.local_workspace.alerts.definition import definition
from databricks_alerts.plan.adoption import find_adoptions
from databricks_alerts.plan.imported import Defaults
from databricks_alerts.snapshot import Snapshot

BODY: dict[str, Any] = {
    "display_name": "[INFO] one",
    "query_text": "SELECT 1 AS v\n-- two lines\n",
    "warehouse_id": "w",
    "parent_path": "/Workspace/Shared/a/team",
    "evaluation": {
        "source": {"name": "v", "aggregation": "SUM"},
        "comparison_operator": "GREATER_THAN",
        "threshold": {"value": {"double_value": 2}},
        "empty_result_state": "OK",
        "notification": {"notify_on_ok": True, "subscriptions": [{"user_email": "a@b.example"}]},
    },
    "schedule": {"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "UTC"},
    "custom_summary": "{{ALERT_NAME}}",
}
# As a state has it: every attribute, null where nothing was said, and what the provider computes.
STATE = {
    **BODY,
    "id": "an-id",
    "custom_description": None,
    "parameters": None,
    "run_as": None,
    "purge_on_delete": None,
    "provider_config": None,
    "owner_user_name": "me",
    "lifecycle_state": "ACTIVE",
    "effective_run_as": {"user_name": "me", "service_principal_name": None},
}


def told(kind: str, path: Path) -> Declared:
    return declared(list(READERS[kind](path)), INVENTORY, SETTINGS, tuple(evaluation.OPERATORS))


def rows_of(kind: str, path: Path) -> dict[str, Any]:
    found = told(kind, path)
    assert not found.refused, found.refused
    adoptions = find_adoptions(
        Snapshot(config_version=1, destinations_version=1, rules=(), destinations=()),
        INVENTORY.model_copy(update={"alerts": found.alerts}),
        SETTINGS,
        defaults=Defaults("me"),
        keys=found.keys,
    )
    assert all(item.row for item in adoptions), adoptions
    return {item.rule: item.row for item in adoptions}


def resource(address: str, kind: str = "databricks_alert_v2", **values: Any) -> dict[str, Any]:
    return {"mode": "managed", "type": kind, "address": address, "values": values}


def test_a_shown_state_and_a_stored_one_are_read_alike(tmp_path: Path) -> None:
    shown, stored = tmp_path / "shown.json", tmp_path / "terraform.tfstate"
    inner = resource('module.m["x"].databricks_alert_v2.many["a b"]', **STATE)
    inner["values"] = {**inner["values"], "display_name": "[INFO] two"}
    other = resource("databricks_job.j", "databricks_job", name="j")
    root = {
        "resources": [resource("databricks_alert_v2.one", **STATE), other],
        "child_modules": [{"resources": [inner]}],
    }
    shown.write_text(json.dumps({"format_version": "1.0", "values": {"root_module": root}}))
    instances = [
        {"type": "databricks_alert_v2", "name": "one", "instances": [{"attributes": STATE}]},
        {
            "type": "databricks_alert_v2",
            "name": "many",
            "instances": [{"index_key": "a b", "attributes": inner["values"]}],
        },
    ]
    resources = [{"mode": "managed", **item} for item in instances]
    stored.write_text(json.dumps({"version": 4, "resources": resources}))
    rows = rows_of("terraform", shown)
    assert rows == rows_of("terraform", stored)
    assert set(rows) == {"one", "many_a_b"}
    assert rows["one"]["alert_query_template"] == BODY["query_text"]
    assert rows["one"]["folder"] == "team"
    assert rows["one"]["threshold_value_double"] == 2
    assert rows["one"]["databricks_alert_id"] is None  # the workspace has no alert of that id


def test_a_bundle_with_its_includes_and_definitions(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    alert = {key: BODY[key] for key in ("custom_summary", "evaluation", "schedule", "query_text")}
    alert["evaluation"] = {**alert["evaluation"], "state": "OK"}
    alert["evaluation"]["source"] = {"name": "v", "display": "v"}
    alert["custom_description"] = "two\nlines"
    (tmp_path / "more" / "b.dbalert.json").write_bytes(definition(alert))
    (tmp_path / "more" / "b.yml").write_text(
        "resources: {alerts: {B-1: {display_name: '[CRITICAL] b', file_path: b.dbalert.json,\n"
        "  permissions: [{level: CAN_READ, group_name: users}]}}}\n"
    )
    (tmp_path / "databricks.yml").write_text(
        "bundle: {name: x}\ninclude: ['more/*.yml']\nresources:\n  alerts:\n    a: "
        + json.dumps(BODY)
    )
    rows = rows_of("bundle", tmp_path / "databricks.yml")
    assert set(rows) == {"a", "B-1"}
    assert (rows["B-1"]["severity"], rows["B-1"]["alert_name"]) == ("CRITICAL", "b")
    assert rows["B-1"]["alert_query_template"] == BODY["query_text"] + "\n"  # as the CLI has it
    assert rows["B-1"]["folder"] is None
    assert rows["B-1"]["custom_body_template"] == "two\nlines\n"

    [(key, row)] = rows_of("dbalert", tmp_path).items()
    assert row["custom_body_template"] == "two\nlines"
    assert (key, row["alert_name"], row["severity"]) == ("b", "b", "WARNING")


def test_what_the_cli_prints_has_the_file_in_it(tmp_path: Path) -> None:
    alert = {**BODY, "file_path": "alert.dbalert.json", "permissions": [], "id": "an-id"}
    path = tmp_path / "validated.json"
    path.write_text(json.dumps({"resources": {"alerts": {"a": alert, "b": None}}}))
    found = told("bundle", path)
    assert [item.display_name for item in found.alerts] == ["[INFO] one"]
    [(place, reason)] = found.refused
    assert place.endswith("resources.alerts.b")
    assert reason == "it is no mapping of an alert's fields"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("bundle", "a: [", "is not YAML"),
        ("bundle", "- 1", "is no bundle"),
        ("bundle", "resources: {alerts: [1]}", "resources.alerts is no mapping"),
        ("bundle", "include: more", "include is no list of patterns"),
        ("bundle", "resources: {alerts: {a: {file_path: absent.json}}}", "cannot read"),
        ("terraform", "resource {", "is not JSON"),
        ("terraform", "[]", "is no state of Terraform"),
        ("dbalert", "[]", "is no JSON object"),
        ("dbalert", '{"query_lines": "x"}', "query_lines is no list of lines"),
    ],
)
def test_a_file_that_is_none_is_an_error_with_its_name(
    tmp_path: Path, kind: str, text: str, said: str
) -> None:
    path = tmp_path / "file.tf"
    path.write_text(text)
    with pytest.raises(AlertsError) as error:
        told(kind, path)
    assert said in str(error.value)
    assert "file.tf" in str(error.value) or "absent.json" in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"query_text": "SELECT ${var.x}"}, "query_text: ${var.x} is a reference"),
        ({"display_name": None}, "display_name: it is missing"),
        ({"evaluation": 1}, "evaluation: it is no mapping"),
        ({"schedule": {"timezone_id": "UTC"}}, "schedule.quartz_cron_schedule: it is missing"),
        (
            {"evaluation": {**BODY["evaluation"], "comparison_operator": ">"}},
            "evaluation.comparison_operator: > is unknown",
        ),
        (
            {"evaluation": {**BODY["evaluation"], "notification": {"subscriptions": [{}]}}},
            "evaluation.notification.subscriptions: it is no list whose items",
        ),
        ({"parent_path": 1}, "parent_path: it is no text"),
    ],
)
def test_an_alert_that_is_none_is_refused_by_its_field(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    path = tmp_path / "databricks.yml"
    alerts = {"bad": {**BODY, **change}, "good": BODY}
    path.write_text(json.dumps({"resources": {"alerts": alerts}}))
    found = told("bundle", path)
    [(place, reason)] = found.refused
    assert place == f"{path}: resources.alerts.bad"
    assert reason.startswith(said)
    assert len(found.alerts) == 1


def test_a_legacy_alert_and_an_unknown_reference_are_named(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    root = {"resources": [resource("databricks_alert.old", "databricks_alert", id="1")]}
    path.write_text(json.dumps({"values": {"root_module": root}}))
    [(place, reason)] = told("terraform", path).refused
    assert place.endswith("databricks_alert.old")
    assert "databricks_alert_v2" in reason
    body = {**BODY, "warehouse_id": "${data.w.id}"}
    path.write_text(json.dumps({"resource": {"databricks_alert_v2": {"a": body}}}))
    [(_, reason)] = told("terraform", path).refused
    assert reason == "warehouse_id: it refers to something else; import the state instead"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
PATHS = [
    *(name for name in BODY if name != "warehouse_id"),
    "evaluation.source",
    "evaluation.source.name",
    "evaluation.source.aggregation",
    "evaluation.threshold",
    "evaluation.threshold.value",
    "evaluation.threshold.value.double_value",
    "evaluation.notification",
    "evaluation.notification.subscriptions",
    "schedule.timezone_id",
    "parameters",
    "run_as",
    "resources",
]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(PATHS), JSON)
def test_whatever_stands_in_a_field_is_a_row_or_a_reason(
    tmp_path: Path, path: str, value: Any
) -> None:
    body = json.loads(json.dumps(BODY))
    inner = body
    *parents, leaf = path.split(".")
    for name in parents:
        inner = inner[name]
    inner[leaf] = value
    file = tmp_path / "databricks.yml"
    file.write_text(json.dumps({"resources": {"alerts": {"a": body}}}))
    found = told("bundle", file)
    for item in find_adoptions(
        Snapshot(config_version=1, destinations_version=1, rules=(), destinations=()),
        INVENTORY.model_copy(update={"alerts": found.alerts}),
        SETTINGS,
        defaults=Defaults("me"),
        keys=found.keys,
    ):
        assert (item.row is None) == bool(item.reason)
