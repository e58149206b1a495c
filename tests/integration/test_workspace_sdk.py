"""The real databricks-sdk against a running local workspace."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from functools import cache

import httpx
import pytest
from databricks import sql
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import (
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    Unauthenticated,
)
from databricks.sdk.service import catalog as uc
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.settings import Config as Destination
from databricks.sdk.service.settings import EmailConfig, GenericWebhookConfig
from databricks.sdk.service.sql import (
    AlertEvaluationState,
    AlertLifecycleState,
    AlertV2,
    AlertV2Evaluation,
    AlertV2Operand,
    AlertV2OperandColumn,
    AlertV2OperandValue,
    ComparisonOperator,
    CronSchedule,
    SchedulePauseStatus,
)

from databricks_alerts.local_workspace import client as local
from databricks_alerts.local_workspace.process import Running


@pytest.fixture(scope="module")
def admin(local_workspace: Running) -> WorkspaceClient:
    made = WorkspaceClient(profile="local", config_file=str(local_workspace.config_file))
    made.workspace.mkdirs("/Shared/sdk")
    return made


@pytest.fixture
def eve(local_workspace: Running) -> WorkspaceClient:
    """A user without any rights."""
    made = local.add_user(local_workspace, "eve@local.test")
    return WorkspaceClient(host=local_workspace.url, token=made["token"], auth_type="pat")


@pytest.fixture
def alert(admin: WorkspaceClient, request: pytest.FixtureRequest) -> Iterator[AlertV2]:
    made = admin.alerts_v2.create_alert(_alert(request.node.name))
    yield made
    admin.alerts_v2.trash_alert(str(made.id), purge=True)


def _alert(name: str) -> AlertV2:
    return AlertV2(
        display_name=name,
        query_text="SELECT 1 AS c",
        warehouse_id="0000000000000001",
        parent_path="/Shared/sdk",
        evaluation=AlertV2Evaluation(
            source=AlertV2OperandColumn(name="c"),
            comparison_operator=ComparisonOperator.GREATER_THAN,
            threshold=AlertV2Operand(value=AlertV2OperandValue(double_value=0.0)),
        ),
        schedule=CronSchedule(quartz_cron_schedule="0 0 8 * * ?", timezone_id="Europe/Berlin"),
    )


def test_an_alert_lives_through_all_verbs(admin: WorkspaceClient) -> None:
    made = admin.alerts_v2.create_alert(_alert("verbs"))
    assert made.evaluation.state == AlertEvaluationState.UNKNOWN
    assert made.schedule.pause_status == SchedulePauseStatus.UNPAUSED
    assert made.lifecycle_state == AlertLifecycleState.ACTIVE
    assert made.parent_path == "/Workspace/Shared/sdk"
    key = str(made.id)
    made.query_text = "SELECT 2 AS c"
    changed = admin.alerts_v2.update_alert(key, made, "query_text")
    assert changed.query_text == "SELECT 2 AS c"
    assert admin.alerts_v2.update_alert(key, made, "*").display_name == "verbs"
    with pytest.raises(ResourceAlreadyExists, match="verbs"):
        admin.alerts_v2.create_alert(_alert("verbs"))
    admin.alerts_v2.trash_alert(key)
    assert admin.alerts_v2.get_alert(key).lifecycle_state == AlertLifecycleState.DELETED
    assert key not in [item.id for item in admin.alerts_v2.list_alerts()]
    admin.alerts_v2.trash_alert(key, purge=True)
    with pytest.raises(NotFound):
        admin.alerts_v2.get_alert(key)


def test_many_alerts_are_listed_in_pages_each_once(admin: WorkspaceClient) -> None:
    have = len(list(admin.alerts_v2.list_alerts(page_size=100)))
    body = _alert("x").as_dict()
    made: list[str] = []
    try:
        # The SDK's client sends 15 requests a second; this is the same wire without its brake.
        for number in range(120):
            answer = _raw(admin, "POST", "/api/2.0/alerts", {**body, "display_name": f"n{number}"})
            made.append(answer["id"])
        found = [item.id for item in admin.alerts_v2.list_alerts(page_size=25)]
        assert len(found) == len(set(found)) == have + 120
        assert set(made) <= set(found)
    finally:
        for key in made:
            _raw(admin, "DELETE", f"/api/2.0/alerts/{key}?purge=true")


@cache
def _plain() -> httpx.Client:
    # One client, and no authorities: to read their certificates takes longer than a request.
    return httpx.Client(verify=False)


def _raw(admin: WorkspaceClient, method: str, path: str, body: object = None) -> dict[str, str]:
    headers = admin.config.authenticate()
    answer = _plain().request(method, f"{admin.config.host}{path}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    document: dict[str, str] = answer.json()
    return document


def test_destinations_keep_their_secrets(admin: WorkspaceClient, eve: WorkspaceClient) -> None:
    api = admin.notification_destinations
    config = Destination(generic_webhook=GenericWebhookConfig(url="http://127.0.0.1/s"))
    made = api.create(display_name="hook", config=config)
    assert made.config is not None
    assert made.config.generic_webhook is not None
    assert made.config.generic_webhook.url is None
    assert made.config.generic_webhook.url_set is True
    assert made.id in [item.id for item in api.list()]
    with pytest.raises(PermissionDenied):
        eve.notification_destinations.create(
            display_name="mine", config=Destination(email=EmailConfig(addresses=["e@x.y"]))
        )
    assert eve.notification_destinations.get(str(made.id)).config is None
    api.delete(str(made.id))
    with pytest.raises(NotFound):
        api.get(str(made.id))


def test_me_and_the_workspace_id_are_known(admin: WorkspaceClient) -> None:
    assert admin.current_user.me().user_name == "admin@local.test"
    assert admin.get_workspace_id() == 1000000000000001


def test_a_wrong_token_is_unauthenticated(local_workspace: Running) -> None:
    stranger = WorkspaceClient(host=local_workspace.url, token="wrong", auth_type="pat")
    with pytest.raises(Unauthenticated):
        stranger.current_user.me()


def test_a_machine_logs_in_by_oauth_for_rest_and_sql(local_workspace: Running) -> None:
    made = local.add_user(local_workspace, "robot", admin=True, service_principal=True)
    config = Config(
        host=local_workspace.url,
        client_id=made["client_id"],
        client_secret=made["client_secret"],
        auth_type="oauth-m2m",
    )
    assert WorkspaceClient(config=config).current_user.me().user_name == made["client_id"]
    path = f"/sql/1.0/warehouses/{local_workspace.warehouse_id}"
    with (
        sql.connect(
            server_hostname="127.0.0.1",
            http_path=path,
            credentials_provider=lambda: config.authenticate,
            _connection_uri=f"{local_workspace.url}{path}",
            enable_telemetry=False,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT current_user()")
        assert cursor.fetchone()[0] == made["client_id"]


def test_permissions_open_an_alert_to_a_user(
    admin: WorkspaceClient, eve: WorkspaceClient, alert: AlertV2
) -> None:
    key = str(alert.id)
    with pytest.raises(PermissionDenied):
        eve.alerts_v2.get_alert(key)
    request = AccessControlRequest(
        user_name="eve@local.test", permission_level=PermissionLevel.CAN_READ
    )
    admin.permissions.set("alertsv2", key, access_control_list=[request])
    assert eve.alerts_v2.get_alert(key).display_name == alert.display_name
    with pytest.raises(PermissionDenied):
        eve.alerts_v2.trash_alert(key)
    admin.permissions.set("alertsv2", key, access_control_list=[])
    with pytest.raises(PermissionDenied):
        eve.alerts_v2.get_alert(key)


def test_grants_made_by_rest_open_a_table_to_sql(
    admin: WorkspaceClient, eve: WorkspaceClient, local_workspace: Running
) -> None:
    def ask(who: WorkspaceClient, statement: str) -> str:
        answer = who.statement_execution.execute_statement(
            statement, local_workspace.warehouse_id, wait_timeout="30s"
        )
        assert answer.status is not None
        error = answer.status.error
        return str(error.message if error else answer.status.state)

    assert "SUCCEEDED" in ask(admin, "CREATE SCHEMA IF NOT EXISTS main.rest_grants")
    assert "SUCCEEDED" in ask(admin, "CREATE TABLE IF NOT EXISTS main.rest_grants.t (n INT)")
    query, name = "SELECT * FROM main.rest_grants.t", "main.rest_grants.t"
    assert "USE CATALOG" in ask(eve, query)
    for kind, full_name, privilege in (
        ("CATALOG", "main", uc.Privilege.USE_CATALOG),
        ("SCHEMA", "main.rest_grants", uc.Privilege.USE_SCHEMA),
        ("TABLE", name, uc.Privilege.SELECT),
    ):
        change = uc.PermissionsChange(principal="eve@local.test", add=[privilege])
        admin.grants.update(kind, full_name, changes=[change])
    assert "SUCCEEDED" in ask(eve, query)
    held = admin.grants.get("TABLE", name).privilege_assignments or []
    assert [(item.principal, item.privileges) for item in held] == [
        ("eve@local.test", [uc.Privilege.SELECT])
    ]
    found = eve.tables.get(name)
    assert [column.name for column in found.columns or []] == ["n"]
    more = uc.PermissionsChange(principal="eve@local.test", add=[uc.Privilege.MODIFY])
    with pytest.raises(PermissionDenied):
        eve.grants.update("TABLE", name, changes=[more])
    less = uc.PermissionsChange(principal="eve@local.test", remove=[uc.Privilege.SELECT])
    admin.grants.update("TABLE", name, changes=[less])
    assert "SELECT" in ask(eve, query)
    with pytest.raises(NotFound):
        admin.grants.get("TABLE", "main.rest_grants.nope")
    ask(admin, "DROP SCHEMA main.rest_grants CASCADE")


def test_secrets_and_folders(admin: WorkspaceClient) -> None:
    admin.secrets.create_scope("sdk")
    admin.secrets.put_secret("sdk", "url", string_value="http://x")
    value = str(admin.secrets.get_secret("sdk", "url").value)
    assert base64.b64decode(value) == b"http://x"
    admin.secrets.delete_scope("sdk")
    admin.workspace.mkdirs("/Shared/sdk-folder")
    assert "/Shared/sdk-folder" in [item.path for item in admin.workspace.list("/Shared")]
    admin.workspace.delete("/Shared/sdk-folder")


def test_the_sdk_waits_out_a_rate_limit_and_a_dropped_connection(
    admin: WorkspaceClient, local_workspace: Running
) -> None:
    path = "/api/2.0/preview/scim/v2/Me"
    try:
        for kind in ("rate_limit", "drop_before", "drop_after"):
            local.add_fault(local_workspace, kind, path=path, count=1, seconds=1)
            began = time.monotonic()
            assert admin.current_user.me().user_name == "admin@local.test"
            if kind == "rate_limit":
                assert time.monotonic() - began >= 1
        struck = [item["struck"] for item in local.faults(local_workspace)]
        assert struck == [1, 1, 1]
    finally:
        local.clear_faults(local_workspace)


def test_the_connector_waits_for_a_warehouse_that_starts(local_workspace: Running) -> None:
    path = f"/sql/1.0/warehouses/{local_workspace.warehouse_id}"
    local.add_fault(local_workspace, "warehouse_stopped", seconds=1.5)
    try:
        with (
            sql.connect(
                server_hostname="127.0.0.1",
                http_path=path,
                access_token=local_workspace.token,
                _connection_uri=f"{local_workspace.url}{path}",
                enable_telemetry=False,
                _retry_delay_max=5.0,  # its least; it waits as long for any Retry-After below
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT 1")
            assert cursor.fetchone()[0] == 1
    finally:
        local.clear_faults(local_workspace)
