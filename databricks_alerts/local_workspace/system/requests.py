"""Requests to this workspace as rows of system.access.audit.

Services and actions are called as in Databricks' "Audit log reference"; a request that it has no
action for is called by its method and path. Bodies, which hold secrets, are never looked at.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from databricks_alerts.local_workspace.ids import ACCOUNT_ID, ORG_ID
from databricks_alerts.local_workspace.system.journal import Journal

AUDIT = "access.audit"
_LONGEST = 1_000  # characters of a parameter

_ALERT = r"/api/2\.0/alerts"
_DESTINATION = r"/api/2\.0/notification-destinations"
_CATALOG = r"/api/2\.1/unity-catalog"
_SECRETS = r"/api/2\.0/secrets"
_ACTIONS = tuple(
    (method, re.compile(path), service, action)
    for method, path, service, action in (
        ("POST", _ALERT, "databrickssql", "createAlert"),
        ("PATCH", rf"{_ALERT}/(?P<alert_id>[^/]+)", "databrickssql", "updateAlert"),
        ("DELETE", rf"{_ALERT}/(?P<alert_id>[^/]+)", "databrickssql", "moveAlertToTrash"),
        ("POST", _DESTINATION, "databrickssql", "createNotificationDestination"),
        ("PATCH", rf"{_DESTINATION}/(?P<id>[^/]+)", "databrickssql",
         "updateNotificationDestination"),
        ("DELETE", rf"{_DESTINATION}/(?P<id>[^/]+)", "databrickssql",
         "deleteNotificationDestination"),
        ("POST", r"/api/2\.0/sql/statements/?", "databrickssql", "executeAdhocQuery"),
        ("POST", rf"{_SECRETS}/scopes/create", "secrets", "createScope"),
        ("POST", rf"{_SECRETS}/scopes/delete", "secrets", "deleteScope"),
        ("GET", rf"{_SECRETS}/scopes/list", "secrets", "listScopes"),
        ("POST", rf"{_SECRETS}/put", "secrets", "putSecret"),
        ("POST", rf"{_SECRETS}/delete", "secrets", "deleteSecret"),
        ("GET", rf"{_SECRETS}/get", "secrets", "getSecret"),
        ("GET", rf"{_SECRETS}/list", "secrets", "listSecrets"),
        ("POST", rf"{_SECRETS}/acls/put", "secrets", "putAcl"),
        ("POST", rf"{_SECRETS}/acls/delete", "secrets", "deleteAcl"),
        ("GET", rf"{_CATALOG}/tables/(?P<full_name_arg>[^/]+)", "unityCatalog", "getTable"),
        ("GET", rf"{_CATALOG}/schemas/(?P<full_name_arg>[^/]+)", "unityCatalog", "getSchema"),
        ("GET", rf"{_CATALOG}/catalogs/(?P<name_arg>[^/]+)", "unityCatalog", "getCatalog"),
        ("GET", rf"{_CATALOG}/permissions/(?P<securable_type>[^/]+)/(?P<securable_full_name>.+)",
         "unityCatalog", "getPermissions"),
        ("PATCH", rf"{_CATALOG}/permissions/(?P<securable_type>[^/]+)/(?P<securable_full_name>.+)",
         "unityCatalog", "updatePermissions"),
    )
)  # fmt: skip
_VERSION = re.compile(r"\d+(\.\d+)*|api|local")


@dataclass(frozen=True)
class Request:
    """One answered request; `user` is empty where nobody knows whose it is."""

    method: str
    path: str
    query: str
    user: str
    status: int
    address: str
    agent: str


def record(journal: Journal, request: Request, moment: dt.datetime) -> None:
    """Keep it until somebody reads the audit log."""
    service, action, params = _named(request)
    failed = request.status >= 400
    row = {
        "account_id": ACCOUNT_ID,
        "workspace_id": ORG_ID,
        "version": "2.0",
        "event_time": int(moment.timestamp() * 1_000_000),
        "event_date": int(moment.timestamp()) // 86_400,
        "source_ip_address": request.address,
        "user_agent": request.agent,
        "user_identity": {"email": request.user or None},
        "service_name": service,
        "action_name": action,
        "request_id": str(uuid.uuid4()),
        "request_params": params,
        "response": {
            "status_code": request.status,
            "error_message": _phrase(request.status) if failed else None,
        },
        "audit_level": "WORKSPACE_LEVEL",
        "event_id": str(uuid.uuid4()),
        "identity_metadata": {"run_by": request.user or None, "run_as": request.user or None},
    }
    journal.add(AUDIT, row)


def _named(request: Request) -> tuple[str, str, dict[str, str]]:
    """Service, action and parameters."""
    params = {key: value[:_LONGEST] for key, value in parse_qsl(request.query)}
    if request.status == HTTPStatus.UNAUTHORIZED:
        return "accounts", "tokenLogin", {"authenticationMethod": "BEARER_TOKEN"}
    for method, path, service, action in _ACTIONS:
        found = path.fullmatch(request.path) if method == request.method else None
        if found:
            return service, action, params | found.groupdict()
    words = [word for word in re.split(r"[/_-]+", request.path) if word]
    named = [word.capitalize() for word in words[:6] if not _VERSION.fullmatch(word)]
    action = request.method.lower() + "".join(named)
    return "workspace", action[:100], params | {"path": request.path[:_LONGEST]}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"
