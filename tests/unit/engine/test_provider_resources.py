"""What each resource type checks, compares, sends, reads and records."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provider_workspace import (
    ALERT,
    DESTINATION,
    GRANT,
    GRANTS,
    PERMISSIONS,
    URN,
    Workspace,
    alert,
    provider_for,
    serving,
    slack,
)

from databricks_alerts.engine.errors import UnsupportedError
from databricks_alerts.engine.providers import load_provider
from databricks_alerts.engine.providers.base import Diff, ProviderError
from databricks_alerts.engine.providers.databricks.provider import DatabricksProvider
from databricks_alerts.engine.providers.databricks.resources.alert_v2 import folder
from databricks_alerts.engine.values import UNKNOWN

OFFLINE = DatabricksProvider()


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with serving() as running:
        yield running


@pytest.fixture
def provider(workspace: Workspace) -> Iterator[DatabricksProvider]:
    made = provider_for(workspace)
    yield made
    made.close()


def set_at(inputs: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the inputs with a value at a dotted path; None takes it away."""
    result = copy.deepcopy(inputs)
    *parents, leaf = path.split(".")
    target = result
    for name in parents:
        target = target.setdefault(name, {})
    target.pop(leaf, None)
    if value is not None:
        target[leaf] = value
    return result


def failures(kind: str, inputs: dict[str, Any]) -> dict[str, str]:
    return {item.property: item.reason for item in OFFLINE.check(kind, URN, {}, inputs).failures}


def diff(old: dict[str, Any], new: dict[str, Any], kind: str = ALERT) -> Diff:
    return OFFLINE.diff(kind, URN, "id", old, {}, new, [])


def kinds(found: Diff) -> dict[str, str]:
    return {path: item.kind for path, item in found.detailed.items()}


def test_an_unknown_package_names_the_cli() -> None:
    with pytest.raises(UnsupportedError, match=r"package aws 6.0.0.*pulumi CLI"):
        load_provider("aws", "6.0.0")
    assert load_provider("databricks", "1.118.0").supports(ALERT)


def test_an_unknown_type_names_the_known_ones_and_the_cli() -> None:
    with pytest.raises(ProviderError, match=r"AlertV2.*pulumi CLI"):
        OFFLINE.check("databricks:index/job:Job", URN, {}, {})


@pytest.mark.parametrize(
    ("path", "value", "where", "why"),
    [
        ("queryText", None, "queryText", "is required"),
        ("displayName", "", "displayName", "must not be empty"),
        ("evaluation.comparisonOperator", ">", "evaluation.comparisonOperator", "must be one of"),
        ("evaluation.source.aggregation", "MODE", "evaluation.source.aggregation", "must be one"),
        ("schedule.pauseStatus", "HALT", "schedule.pauseStatus", "must be one of"),
        ("evaluation.emptyResultState", "X", "evaluation.emptyResultState", "must be one of"),
        ("schedule", "daily", "schedule", "must be an object, not a string"),
        ("evaluation.threshold.value", {}, "evaluation.threshold.value", "exactly one of"),
        ("evaluation.threshold.column", {"name": "y"}, "evaluation.threshold", "exactly one of"),
        ("evaluation.state", "OK", "evaluation.state", "is set by the workspace"),
        ("querytext", "SELECT", "querytext", "is not a property"),
        ("parameters", [{"name": "p"}, {"name": 3}], "parameters[1].name", "must be a string"),
        ("purgeOnDelete", "yes", "purgeOnDelete", "must be true or false"),
    ],
)
def test_a_wrong_alert_is_refused_by_path(path: str, value: Any, where: str, why: str) -> None:
    found = failures(ALERT, set_at(alert(), path, value))
    assert why in found[where]


def test_unknown_values_pass_the_check_of_a_preview() -> None:
    subscriptions = [{"destinationId": UNKNOWN}]
    inputs = set_at(alert(), "evaluation.notification.subscriptions", subscriptions)
    assert failures(ALERT, inputs) == {}


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({}, "config"),
        ({"slack": {"url": "https://x"}, "email": {"addresses": ["a@b"]}}, "config"),
        ({"slack": {}}, "config.slack"),
        ({"email": {"addresses": []}}, "config.email"),
        ({"genericWebhook": {"username": "me"}}, "config.genericWebhook"),
        ({"pagerduty": {"key": "k"}}, "config.pagerduty.key"),
    ],
)
def test_a_destination_needs_exactly_one_complete_block(config: dict[str, Any], where: str) -> None:
    assert where in failures(DESTINATION, {"displayName": "d", "config": config})


def test_destinations_carry_the_bridges_defaults_key_in_inputs_only() -> None:
    checked = OFFLINE.check(DESTINATION, URN, {}, slack()).inputs
    assert checked["__defaults"] == []
    assert checked["config"]["slack"]["__defaults"] == []
    assert "__defaults" not in OFFLINE.create(DESTINATION, URN, checked, None, True)[1]
    assert not diff(slack(), checked, DESTINATION).changes


def test_a_change_is_reported_by_its_path() -> None:
    new = set_at(alert(customSummary="s"), "evaluation.threshold.value.doubleValue", 5)
    found = diff(alert(), new)
    assert kinds(found) == {
        "evaluation.threshold.value.doubleValue": "update",
        "customSummary": "add",
    }
    assert found.changed_keys == ["evaluation", "customSummary"]
    assert found.replace_keys == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("parentPath", "/Workspace/Shared/alerts/"),
        ("schedule.pauseStatus", "UNPAUSED"),
        ("evaluation.notification", {"notifyOnOk": False, "retriggerSeconds": 0}),
        ("evaluation.emptyResultState", "UNKNOWN"),
        ("customDescription", ""),
        ("parameters", []),
    ],
)
def test_what_the_workspace_assumes_or_normalises_is_no_change(path: str, value: Any) -> None:
    assert not diff(alert(), set_at(alert(), path, value)).changes
    assert not diff(set_at(alert(), path, value), alert()).changes


@pytest.mark.parametrize("zero", [("doubleValue", 0), ("boolValue", False), ("stringValue", "")])
def test_zero_false_and_empty_thresholds_are_values(zero: tuple[str, Any]) -> None:
    new = set_at(alert(), "evaluation.threshold.value", {zero[0]: zero[1]})
    other = set_at(alert(), "evaluation.threshold.value", {zero[0]: zero[1] or "x"})
    if zero[0] != "doubleValue":
        assert diff(alert(), new).changes
    assert failures(ALERT, new) == {}
    if zero[0] == "stringValue":
        assert kinds(diff(new, other)) == {"evaluation.threshold.value.stringValue": "update"}


def test_another_folder_or_destination_type_replaces() -> None:
    moved = diff(alert(), alert(parentPath="/Shared/other"))
    assert moved.replace_keys == ["parentPath"]
    assert kinds(moved) == {"parentPath": "update-replace"}
    email = {"displayName": "d", "config": {"email": {"addresses": ["a@b.test"]}}}
    retyped = diff(slack(), email, DESTINATION)
    assert retyped.replace_keys == ["config"]
    assert kinds(retyped) == {"config.slack": "delete-replace", "config.email": "add-replace"}


def test_a_changed_secret_is_an_update() -> None:
    found = diff(slack(), slack(url="https://hooks.test/new"), DESTINATION)
    assert kinds(found) == {"config.slack.url": "update"}
    assert "config.slack.url" in OFFLINE.secret_outputs(DESTINATION)


@given(st.permutations([{"name": n, "value": n} for n in "abcd"]))
def test_the_order_of_parameters_is_no_change(parameters: list[dict[str, str]]) -> None:
    old = alert(parameters=[{"name": n, "value": n, "type": "STRING"} for n in "abcd"])
    assert not diff(old, alert(parameters=parameters)).changes


@given(st.lists(st.sampled_from(["a", "b c", "Workspace", "ü"]), min_size=1, max_size=4))
def test_folders_are_one_in_all_spellings(parts: list[str]) -> None:
    path = "/".join(parts)
    plain = folder(f"/Workspace/{path}")
    assert plain == folder(f"/Workspace//{path}/")
    if parts[0] != "Workspace":
        assert plain == folder(f"/{path}")


_PATHS = {
    "displayName": st.text(min_size=1),
    "queryText": st.text(min_size=1),
    "customSummary": st.text(),
    "schedule.pauseStatus": st.sampled_from(["PAUSED", "UNPAUSED"]),
    "evaluation.threshold.value.doubleValue": st.integers() | st.floats(allow_nan=False),
    "evaluation.notification.notifyOnOk": st.booleans(),
    "evaluation.notification.retriggerSeconds": st.integers(0, 9999),
    "runAs": st.builds(lambda name: {"userName": name}, st.text(min_size=1)),
}


@given(st.fixed_dictionaries({}, optional=_PATHS))  # type: ignore[arg-type]
def test_an_alert_compares_equal_to_itself_and_to_nothing_else(changes: dict[str, Any]) -> None:
    new = alert()
    for path, value in changes.items():
        new = set_at(new, path, value)
    assert not diff(new, copy.deepcopy(new)).changes
    forward, back = diff(alert(), new), diff(new, alert())
    assert forward.changes == back.changes
    assert set(forward.changed_keys) <= {path.split(".")[0] for path in changes}


def test_an_alert_lives_through_create_read_update_delete(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    inputs = provider.check(ALERT, URN, {}, alert()).inputs
    made, outputs = provider.create(ALERT, URN, inputs, None, False)
    assert outputs["parentPath"] == "/Shared/alerts"  # as written, though answered otherwise
    assert outputs["lifecycleState"] == "ACTIVE"
    assert outputs["effectiveRunAs"] == {"userName": "me@x.test"}
    assert "pauseStatus" not in outputs["schedule"]
    read = provider.read(ALERT, URN, made, inputs, outputs)
    assert (read.id, read.inputs, read.outputs) == (made, inputs, outputs)
    new = set_at(inputs, "evaluation.threshold.value.doubleValue", 200)
    provider.update(ALERT, URN, made, inputs, outputs, new, None, [], False)
    (patch,) = workspace.asked("PATCH")
    assert patch["update_mask"] == "evaluation"
    assert list(patch["body"]) == ["evaluation"]
    provider.delete(ALERT, URN, made, new, outputs, None)
    assert workspace.alerts[made]["lifecycle_state"] == "DELETED"
    assert provider.read(ALERT, URN, made, new, outputs).id == ""


def test_zero_and_false_are_sent(workspace: Workspace, provider: DatabricksProvider) -> None:
    provider.create(
        ALERT, URN, set_at(alert(), "evaluation.notification.notifyOnOk", False), None, False
    )
    sent = workspace.asked("POST")[0]["body"]["evaluation"]
    assert sent["threshold"] == {"value": {"double_value": 0}}
    assert sent["notification"] == {"notify_on_ok": False}


def test_purging_is_asked_for_by_the_input(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    inputs = alert(purgeOnDelete=True)
    made, outputs = provider.create(ALERT, URN, inputs, None, False)
    assert "purge_on_delete" not in workspace.asked("POST")[0]["body"]
    provider.delete(ALERT, URN, made, inputs, outputs, None)
    assert workspace.alerts == {}


def test_a_field_that_is_taken_away_is_cleared(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    old = alert(customSummary="s")
    made, outputs = provider.create(ALERT, URN, old, None, False)
    provider.update(ALERT, URN, made, old, outputs, alert(), None, [], False)
    assert workspace.asked("PATCH")[0]["update_mask"] == "custom_summary"
    assert "custom_summary" not in workspace.alerts[made]


def test_drift_in_the_workspace_shows_in_the_read_inputs(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    made, outputs = provider.create(ALERT, URN, alert(), None, False)
    workspace.alerts[made]["schedule"]["pause_status"] = "PAUSED"
    workspace.alerts[made]["custom_summary"] = "by hand"
    read = provider.read(ALERT, URN, made, alert(), outputs)
    found = provider.diff(ALERT, URN, made, read.inputs, read.outputs, alert(), [])
    assert kinds(found) == {"schedule.pauseStatus": "delete", "customSummary": "delete"}


def test_an_import_reads_what_a_program_would_write(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    made, _ = provider.create(ALERT, URN, alert(), None, False)
    read = provider.read(ALERT, URN, made, {}, {})
    assert read.inputs == alert(parentPath="/Workspace/Shared/alerts")
    assert not provider.diff(ALERT, URN, made, read.inputs, read.outputs, alert(), []).changes


def test_a_taken_name_with_a_number_is_no_drift(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    made, outputs = provider.create(ALERT, URN, alert("a.b"), None, False)
    workspace.alerts[made]["display_name"] = "a.b (1)"
    assert provider.read(ALERT, URN, made, alert("a.b"), outputs).inputs == alert("a.b")
    workspace.alerts[made]["display_name"] = "axb (1)"
    assert provider.read(ALERT, URN, made, alert("a.b"), outputs).inputs != alert("a.b")


def test_a_refresh_reads_pages_and_only_what_they_lack_singly(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    made = [provider.create(ALERT, URN, alert(f"a{n}"), None, False)[0] for n in range(250)]
    provider.delete(ALERT, URN, made[7], alert("a7"), {}, None)
    workspace.requests.clear()
    provider.prefetch(frozenset({ALERT, DESTINATION}))
    random.Random(1).shuffle(made)
    found = [provider.read(ALERT, URN, key, alert(), {}).id for key in made]
    assert found.count("") == 1
    assert len(workspace.requests) == 3 + 1
    assert provider.read(ALERT, URN, made[0], alert(), {}).id == made[0]
    assert len(workspace.requests) == 5  # what was served once is not served stale


def test_an_interrupted_create_is_found_unless_the_state_has_it(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    made, _ = provider_for(workspace).create(ALERT, URN, alert(), None, False)
    assert provider.find_created(ALERT, URN, alert("other"), frozenset()) is None
    assert provider.find_created(ALERT, URN, alert(), frozenset()) == made
    assert provider.find_created(ALERT, URN, alert(), frozenset({made})) is None


def test_a_destination_keeps_its_secrets_and_sends_the_whole_configuration(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    made, outputs = provider.create(DESTINATION, URN, slack(), None, False)
    assert outputs["config"]["slack"] == {"url": slack()["config"]["slack"]["url"], "urlSet": True}
    assert outputs["destinationType"] == "SLACK"
    read = provider.read(DESTINATION, URN, made, slack(), outputs)
    assert read.outputs == outputs
    assert not diff(read.inputs, slack(), DESTINATION).changes
    new = slack(url="https://hooks.test/new")
    provider.update(DESTINATION, URN, made, slack(), outputs, new, None, [], False)
    sent = {"display_name": "d", "config": {"slack": {"url": "https://hooks.test/new"}}}
    assert workspace.asked("PATCH")[0]["body"] == sent


def test_an_imported_destination_takes_the_programs_secret_without_replacement(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    made, _ = provider.create(DESTINATION, URN, slack(), None, False)
    read = provider.read(DESTINATION, URN, made, {}, {})
    assert kinds(diff(read.inputs, slack(), DESTINATION)) == {"config.slack.url": "add"}
    email = {"displayName": "d", "config": {"email": {"addresses": ["a@b"]}}}
    assert diff(read.inputs, email, DESTINATION).replace_keys == ["config"]


def test_permissions_keep_the_current_user_and_show_no_drift_for_it(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    inputs = {
        "alertV2Id": "a1",
        "accessControls": [{"userName": "Ann@x.test", "permissionLevel": "CAN_RUN"}],
    }
    made, outputs = provider.create(PERMISSIONS, URN, inputs, None, False)
    assert made == "/alertsv2/a1"
    assert outputs["objectType"] == "alertv2"
    acl = workspace.acl["/api/2.0/permissions/alertsv2/a1"]
    assert {"user_name": "me@x.test", "permission_level": "CAN_MANAGE"} in acl
    acl[0]["user_name"] = "ann@x.test"
    read = provider.read(PERMISSIONS, URN, made, inputs, outputs)
    assert not diff(read.inputs, inputs, PERMISSIONS).changes
    wrong = set_at(inputs, "accessControls", [{"userName": "a", "permissionLevel": "CAN_FLY"}])
    assert "accessControls[0].permissionLevel" in failures(PERMISSIONS, wrong)


def test_grants_are_changed_by_difference(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    path = "/api/2.1/unity-catalog/permissions/table/main.gold.t"
    workspace.grants[path] = {"old": ["SELECT"], "both": ["SELECT"]}
    inputs = {
        "table": "main.gold.t",
        "grants": [{"principal": "both", "privileges": ["select", "modify"]}],
    }
    made, outputs = provider.create(GRANTS, URN, inputs, None, False)
    assert made == "table/main.gold.t"
    assert workspace.asked("PATCH")[0]["body"]["changes"] == [
        {"principal": "both", "add": ["MODIFY"], "remove": []},
        {"principal": "old", "add": [], "remove": ["SELECT"]},
    ]
    read = provider.read(GRANTS, URN, made, inputs, outputs)
    assert not diff(read.inputs, inputs, GRANTS).changes
    provider.delete(GRANTS, URN, made, inputs, outputs, None)
    assert provider.read(GRANTS, URN, made, inputs, outputs).id == ""


def test_a_grant_leaves_other_principals_alone(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    path = "/api/2.1/unity-catalog/permissions/schema/main.gold"
    workspace.grants[path] = {"other": ["SELECT"]}
    inputs = {"schema": "main.gold", "principal": "me", "privileges": ["USE SCHEMA"]}
    made, outputs = provider.create(GRANT, URN, inputs, None, False)
    assert made == "schema/main.gold/me"
    assert not diff(provider.read(GRANT, URN, made, inputs, outputs).inputs, inputs, GRANT).changes
    provider.delete(GRANT, URN, made, inputs, outputs, None)
    assert workspace.grants[path] == {"other": ["SELECT"], "me": []}


def test_wrong_provider_settings_are_named() -> None:
    found = OFFLINE.check_config({"hots": "x", "rateLimit": "many", "skipVerify": "false"})
    assert [item.property for item in found.failures] == ["hots", "rateLimit"]


def test_the_sdk_is_whole_after_its_quick_import() -> None:
    program = (
        "import sys\n"
        "from databricks_alerts.engine.providers.databricks.sdk import config_class\n"
        "config_class()\n"
        "assert 'databricks.sdk.service.catalog' not in sys.modules\n"
        "import databricks.sdk.core\n"
        "from databricks.sdk.core import Config\n"
        "assert Config is config_class()\n"
        "from databricks.sdk import WorkspaceClient\n"
        "import databricks.sdk\n"
        "assert databricks.sdk.core.Config is Config\n"
        "assert databricks.sdk.WorkspaceClient is WorkspaceClient\n"
        "assert 'databricks.sdk.service.catalog' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
