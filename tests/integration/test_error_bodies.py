"""Every API of the local workspace refuses in the one form that Databricks documents."""

from __future__ import annotations

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError

from databricks_alerts.local_workspace.process import Running

STATEMENTS = "/api/2.0/sql/statements"
REFUSED = [
    ("GET", "/api/2.0/alerts/none", None),
    ("POST", "/api/2.0/alerts", {}),
    ("PATCH", "/api/2.0/alerts/none?update_mask=display_name", {"display_name": "x"}),
    ("GET", "/api/2.0/notification-destinations/none", None),
    ("POST", "/api/2.0/notification-destinations", {"display_name": "x"}),
    ("GET", "/api/2.0/permissions/alertsv2/none", None),
    ("GET", "/api/2.0/secrets/get?scope=none&key=none", None),
    ("GET", "/api/2.0/sql/warehouses/none", None),
    ("GET", "/api/2.0/workspace/get-status?path=/none", None),
    ("POST", STATEMENTS, {"statement": "SELECT 1"}),
    ("POST", STATEMENTS, {"statement": "SELECT 1", "warehouse_id": "none"}),
    ("POST", STATEMENTS, {}),
    ("GET", f"{STATEMENTS}/none", None),
    ("POST", f"{STATEMENTS}/none/cancel", None),
    ("GET", f"{STATEMENTS}/none/result/chunks/0", None),
    ("GET", "/api/2.0/no-such-api", None),
    ("GET", "/api/2.1/unity-catalog/permissions/table/none", None),
]


@pytest.mark.parametrize(("method", "path", "body"), REFUSED)
def test_a_refusal_has_code_message_and_details(
    local_workspace: Running, method: str, path: str, body: dict[str, str] | None
) -> None:
    answer = httpx.request(
        method,
        local_workspace.url + path,
        json=body,
        headers={"Authorization": f"Bearer {local_workspace.token}"},
    )
    assert answer.status_code >= 400
    error = answer.json()
    assert set(error) == {"error_code", "message", "details"}, error
    (request,) = error["details"]
    assert request["@type"] == "type.googleapis.com/google.rpc.RequestInfo"
    assert request["request_id"]


def test_the_sdk_reads_the_details(local_workspace: Running) -> None:
    client = WorkspaceClient(host=local_workspace.url, token=local_workspace.token, auth_type="pat")
    with pytest.raises(DatabricksError) as caught:
        client.statement_execution.get_statement("none")
    found = caught.value.get_error_details()
    assert found.request_info is not None
    assert found.request_info.request_id
