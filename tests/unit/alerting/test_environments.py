"""What a stack's settings make of its rows, and what can be wrong with them."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from test_all_findings_at_once import DESTINATION, RULE, Warehouse

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.lint import lint, of_snapshot
from databricks_alerts.rules.environment import told
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.settings import Settings
from databricks_alerts.snapshot import Snapshot, read_snapshot
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation import ValidationReport, validate
from databricks_alerts.validation.fingerprint import Schemas, fingerprint

BASE = {"catalog": "main", "goldSchema": "gold", "warehouseId": "w", "parentPath": "/a"}


def stack(**given: Any) -> Settings:
    """Settings from the texts that Pulumi hands over."""
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in {**BASE, **given}.items()
    }
    full = {f"databricks-alerts:{name}": text for name, text in texts.items()}
    return Settings.from_config(full, "dev")


def problems(**given: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        stack(**given)
    assert caught.value.exit_status == 2
    return str(caught.value)


def snapshot_of(settings: Settings, *rules: dict[str, Any]) -> Snapshot:
    return read_snapshot(_warehouse(*rules), settings)


def report_of(settings: Settings, *rules: dict[str, Any]) -> ValidationReport:
    return validate(snapshot_of(settings, *rules), settings, _warehouse(*rules))


def _warehouse(*rules: dict[str, Any]) -> SqlWarehouse:
    return cast(SqlWarehouse, Warehouse(rules or (RULE,), [DESTINATION]))


def only(findings: list[Finding] | tuple[Finding, ...]) -> Finding:
    (found,) = findings
    return found


# --- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"overrides": {"R": {"treshold": 5}}}, "overrides.R.treshold is no field that a stack can "
         "override; did you mean threshold?"),
        ({"overrides": {"R": {"owner": "x"}}}, "a stack overrides threshold, schedule"),
        ({"overrides": {"R": {}}}, "overrides.R is {}: it overrides nothing"),
        ({"overrides": {"R": 5}}, "overrides.R is 5; write threshold"),
        ({"overrides": {"R": {"severity": "LOUD"}}}, "overrides.R.severity is 'LOUD'"),
        ({"overrides": {"R": {"threshold": [1]}}}, "overrides.R.threshold is [1]: give one number"),
        ({"overrides": {"R": {"enabled": "maybe"}}}, "overrides.R.enabled is 'maybe'"),
        ({"variables": {"catalog": "x"}}, "catalog is built in"),
        ({"variables": {"a-b": 1}}, "'a-b' is no name"),
        ({"variables": {"a": [1]}}, "a is [1]; give one number"),
        ({"variables": {"a": None}}, "a is None; give one number"),
        ({"variables": {"a": 10**40}}, "a has more than 38 digits"),
        ({"variables": '{"a": NaN}'}, "a is no finite number"),
        ({"channels": "ops"}, "channels is 'ops': write a list"),
        ({"channels": [""]}, "channels.0 is ''"),
        ({"namePrefix": "a\nb"}, "namePrefix is 'a\\nb': it must stand on one line"),
        ({"paused": "perhaps"}, "paused is 'perhaps'"),
        ({"pausd": "true"}, "pausd is not a setting; did you mean paused?"),
    ],
)  # fmt: skip
def test_a_bad_setting_is_named_with_what_is_right(given: dict[str, Any], said: str) -> None:
    assert said in problems(**given)


def test_one_wrong_setting_is_told_once() -> None:
    assert len(problems(overrides={"R": {"threshold": [1]}}).splitlines()) == 2


def test_types_of_yaml_stay() -> None:
    made = stack(variables={"a": 5, "b": 0.5, "c": "5", "d": True})
    assert [type(value) for value in made.variables.values()] == [int, float, str, bool]


def test_settings_survive_the_way_to_the_program() -> None:
    made = stack(variables={"a": 5, "b": 5.0, "c": True}, overrides={"R": {"threshold": 1.0}})
    again = Settings.model_validate_json(made.model_dump_json())
    assert again == made
    assert [type(value) for value in again.variables.values()] == [int, float, bool]


# --- overrides ----------------------------------------------------------------------------------


def test_overrides_stand_in_for_the_row() -> None:
    overrides = {"threshold": 7, "schedule": "0 0 9 * * ?", "severity": "INFO", "enabled": True}
    settings = stack(overrides={"R": overrides})
    found = snapshot_of(settings, {**RULE, "is_enabled": False})
    (rule,) = found.rules
    assert (rule.threshold, rule.schedule_cron, rule.is_enabled) == (7.0, "0 0 9 * * ?", True)
    assert rule.display_name == "[INFO] Rule"
    before = {item.field: (item.before, item.after) for item in found.environment.changes}
    assert before == {
        "threshold": (1.0, 7),
        "schedule": ("0 0 8 * * ?", "0 0 9 * * ?"),
        "severity": ("WARNING", "INFO"),
        "enabled": (False, True),
    }


@pytest.mark.parametrize(
    ("value", "kind"), [(7, "DOUBLE"), (0.5, "DOUBLE"), ("x", "STRING"), (True, "BOOLEAN")]
)
def test_a_threshold_has_the_type_of_its_literal(value: Any, kind: str) -> None:
    (rule,) = snapshot_of(stack(overrides={"R": {"threshold": value}})).rules
    assert (rule.threshold_value_type, rule.threshold) == (kind, value)


def test_an_override_mends_a_broken_row_and_can_break_a_good_one() -> None:
    row = {**RULE, "schedule_cron": None}
    assert report_of(stack(overrides={"R": {"schedule": "0 0 9 * * ?"}}), row).findings == []
    found = only(report_of(stack(overrides={"R": {"schedule": "0 0 9 * * 1"}})).findings)
    assert found.where == "databricks-alerts:overrides.R.schedule"


def test_a_threshold_that_the_column_does_not_take_names_the_override() -> None:
    found = only(report_of(stack(overrides={"R": {"threshold": "x"}})).findings)
    assert found.check == "threshold"
    assert "databricks-alerts:overrides.R.threshold" in found.remedy


def test_an_operator_without_a_threshold_takes_none_from_a_stack() -> None:
    row = {**RULE, "threshold_operator": "IS NULL", "threshold_value_double": None}
    found = only(report_of(stack(overrides={"R": {"threshold": 1}}), row).findings)
    assert "IS NULL, which takes none" in found.what
    assert found.where == "databricks-alerts:overrides.R.threshold"


def test_overrides_of_rules_that_are_not_there_name_the_nearest_all_at_once() -> None:
    settings = stack(overrides={"COST-01": {"enabled": False}, "zzz": {"enabled": False}})
    with pytest.raises(ConfigurationError) as caught:
        snapshot_of(settings, {**RULE, "alert_id": "COST-001"})
    text = str(caught.value)
    assert "overrides.COST-01: alert_configurations has no such alert_id" in text
    assert "did you mean COST-001?" in text
    assert "overrides.zzz" in text


# --- all rules ----------------------------------------------------------------------------------


def test_a_stack_without_such_settings_leaves_rows_as_they_are() -> None:
    assert snapshot_of(stack()).rules[0].pause_status == RULE["pause_status"]
    assert told(stack(), snapshot_of(stack()).environment, snapshot_of(stack()).rules) == []


def test_prefix_pause_and_channels_are_those_of_the_stack() -> None:
    settings = stack(paused="true", namePrefix="[dev] ", channels=["a@b.co", "A@B.CO", "hook"])
    found = snapshot_of(settings, {**RULE, "pause_status": "UNPAUSED"})
    (rule,) = found.rules
    assert [(item.setting, item.before, item.after) for item in found.environment.changes] == [
        ("databricks-alerts:paused", "UNPAUSED", "PAUSED"),
        ("databricks-alerts:namePrefix", "", "[dev] "),
        ("databricks-alerts:channels", ["hook"], ["a@b.co", "A@B.CO", "hook"]),
    ]
    assert rule.display_name == "[dev] [WARNING] Rule"
    assert rule.pause_status == "PAUSED"
    assert rule.notification_channels == ("a@b.co", "hook")  # each recipient once


def test_a_rule_that_tells_nobody_stays_silent_and_no_channels_silence_all() -> None:
    (rule,) = snapshot_of(stack(channels=["hook"]), {**RULE, "notification_channels": []}).rules
    assert rule.notification_channels == ()
    assert snapshot_of(stack(channels=[])).rules[0].notification_channels == ()


def test_a_channel_that_is_not_there_is_the_settings_fault() -> None:
    found = only(report_of(stack(channels=["hok"])).findings)
    assert found.where == "databricks-alerts:channels"
    assert "did you mean 'hook'?" in found.what


def test_a_column_called_name_prefix_counts_for_nothing() -> None:
    (rule,) = snapshot_of(stack(), {**RULE, "name_prefix": "x"}).rules
    assert rule.display_name == "[WARNING] Rule"


# --- variables ----------------------------------------------------------------------------------

QUERY = "SELECT 1 AS value WHERE 1 < ${budget}"
MESSAGE = {"use_custom_template": True, "custom_subject_template": "over $${budget}"}


def test_variables_fill_queries_and_messages() -> None:
    settings = stack(variables={"budget": 5000})
    row = {**RULE, **MESSAGE, "alert_query_template": QUERY}
    report = report_of(settings, row)
    assert (report.findings, report.setting_findings) == ([], ())
    assert report.rules[0].query == "SELECT 1 AS value WHERE 1 < 5000"
    assert snapshot_of(settings, row).rules[0].custom_subject_template == "over $5000"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"alert_query_template": QUERY}, "alert_query_template"),
        (MESSAGE, "alert_configurations.custom_subject_template"),
    ],
)
def test_a_missing_variable_is_a_finding_with_column_and_remedy(
    row: dict[str, Any], column: str
) -> None:
    found = only(report_of(stack(variables={"budgte": 1}), {**RULE, **row}).findings)
    assert (found.key, found.where) == ("R", column)
    assert found.what == "the placeholder ${budget} is not known; did you mean ${budgte}?"
    assert found.remedy.startswith("set databricks-alerts:variables.budget in the stack's settings")


def test_an_unused_variable_is_a_finding_that_holds_no_rule_up() -> None:
    report = report_of(stack(variables={"budgte": 1, "zone": "UTC"}), {
        **RULE, "alert_query_template": "SELECT 1 AS value -- ${zone}",
    })  # fmt: skip
    assert report.findings == []
    found = only(report.setting_findings)
    assert (found.key, found.where) == ("budgte", "databricks-alerts:variables.budgte")
    assert found.remedy


def test_what_a_disabled_or_broken_rule_uses_is_used() -> None:
    settings = stack(variables={"a": 1, "b": 2})
    one = {**RULE, "alert_query_template": "SELECT ${a} AS value", "is_enabled": False}
    two = {**RULE, "alert_id": "S", "alert_query_template": "SELECT ${b} AS value", "severity": "?"}
    assert report_of(settings, one, two).setting_findings == ()


def test_a_template_that_is_not_deployed_needs_no_variables() -> None:
    row = {**RULE, **MESSAGE, "use_custom_template": False}
    assert report_of(stack(), row).findings == []


# --- effects ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"variables": {"budget": 6000, "text": "a"}},
        {"variables": {"budget": 5000, "text": "b"}},
        {"variables": {"budget": 5000, "text": "a"}, "overrides": {"R": {"threshold": "x"}}},
    ],
)
def test_what_the_stack_says_is_part_of_the_fingerprint(given: dict[str, Any]) -> None:
    row = {**RULE, **MESSAGE, "custom_subject_template": "${text}", "alert_query_template": QUERY}

    def mark(settings: Settings) -> str:
        (rule,) = snapshot_of(settings, row).rules
        query = report_of(settings, row).rules[0].query
        return fingerprint(rule, query, frozenset(), Schemas())

    same = {"variables": {"budget": 5000, "text": "a"}}
    assert mark(stack(**same)) == mark(stack(**same))
    assert mark(stack(**same)) != mark(stack(**given))


def test_preview_names_everything_in_force() -> None:
    settings = stack(
        paused="true",
        namePrefix="[dev] ",
        channels=[],
        variables={"budget": 5},
        overrides={"R": {"threshold": 7}},
    )
    found = snapshot_of(settings)
    assert told(settings, found.environment, found.rules) == [
        "paused: 1 alert deployed that never run",
        "namePrefix: names begin with '[dev] '",
        "channels: notifications go to nobody instead",
        "variables: budget = 5",
        "overrides: R threshold 1.0 → 7",
    ]


def test_the_linter_sees_rules_as_the_stack_has_them() -> None:
    query = "SELECT x AS value FROM ${catalog}.t WHERE x > ${budget} ORDER BY x"
    row = {**RULE, "alert_query_template": query}
    loose = stack(variables={"budget": 0})
    strict = stack(variables={"budget": 5000}, overrides={"R": {"threshold": 100}})
    assert lint(of_snapshot(snapshot_of(loose, row), loose)) == []
    (found,) = lint(of_snapshot(snapshot_of(strict, row), strict))
    assert (found.code, found.place) == ("L002", "alert_configurations")
    silent = stack(variables={"budget": 5000}, overrides={"R": {"enabled": False}})
    assert of_snapshot(snapshot_of(silent, row), silent) == []
