"""What an alert is and what happens to it: no HTTP in here."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from databricks_alerts.local_workspace.alerts.fields import OUTPUT_ONLY, check
from databricks_alerts.local_workspace.errors import ApiError, invalid, missing, taken
from databricks_alerts.local_workspace.files.models import KIND as FILE
from databricks_alerts.local_workspace.folders.paths import normal
from databricks_alerts.local_workspace.identity.models import User
from databricks_alerts.local_workspace.store import Document, Store

KIND = "alert"
ACL = "acl"
_EXACT = 2**53  # of the whole numbers above it, a double has only some
LIMIT = 1000  # alerts a workspace holds, trashed ones included
MASKABLE = (
    "custom_description",
    "custom_summary",
    "custom_template_format",
    "display_name",
    "evaluation",
    "parameters",
    "parent_path",
    "query_text",
    "run_as",
    "run_as_user_name",
    "schedule",
    "warehouse_id",
)


class Alerts:
    """The alerts of a workspace. `timestamp` gives the time as the API writes it."""

    def __init__(self, store: Store, timestamp: Callable[[], str]) -> None:
        self._store = store
        self._timestamp = timestamp

    def create(
        self, user: User, body: dict[str, Any], is_folder: Callable[[str], bool]
    ) -> Document:
        """A new alert; `is_folder` tells whether the user sees a folder at a normal path.

        Raises ApiError for bad values, a missing folder, a taken name, a full workspace.
        """
        given = inputs(body)
        check(given)
        with self._store.transaction():
            alert = _completed(given, user)
            if not is_folder(alert["parent_path"]):
                raise missing(f"Path ({alert['parent_path'][:200]}) doesn't exist.")
            self._require_place()
            self._require_name(alert)
            moment = self._timestamp()
            alert |= {
                "id": str(uuid.uuid4()),
                "create_time": moment,
                "update_time": moment,
                "owner_user_name": user.name,
                "lifecycle_state": "ACTIVE",
            }
            alert["evaluation"]["state"] = "UNKNOWN"
            self._store.put(KIND, alert["id"], alert)
        return alert

    def get(self, key: str) -> Document:
        """One alert, trashed ones too. Raises ApiError 404."""
        alert = self._store.get(KIND, key)
        if alert is None:
            raise missing(f"Alert {key} does not exist.")
        return alert

    def find(self, key: str) -> Document | None:
        """One alert that is not trashed, or None."""
        alert = self._store.get(KIND, key)
        return alert if alert is not None and alert["lifecycle_state"] == "ACTIVE" else None

    def active(self) -> list[Document]:
        """Every alert that is not trashed, oldest first."""
        return [item for item in self._store.all(KIND) if item["lifecycle_state"] == "ACTIVE"]

    def update(self, user: User, key: str, body: dict[str, Any], mask: str) -> Document:
        """Take over the masked fields of `body`; a mask of `*` takes all. Raises ApiError."""
        with self._store.transaction():
            old = self.get(key)
            if old["lifecycle_state"] != "ACTIVE":
                raise missing(f"Alert {key} is in the trash.")
            paths = _mask(mask, body)
            wanted = _masked(inputs(old), body, paths)
            if normal(wanted.get("parent_path") or old["parent_path"]) != old["parent_path"]:
                raise invalid("parent_path can be set on create only.")
            check(wanted)
            alert = _completed(wanted, user, home=old["parent_path"])
            self._require_name(alert, key)
            kept = {name: old[name] for name in ("id", "create_time", "owner_user_name")}
            alert |= kept | {"update_time": self._timestamp(), "lifecycle_state": "ACTIVE"}
            for name in ("state", "last_evaluated_at"):
                if name in old["evaluation"]:
                    alert["evaluation"][name] = old["evaluation"][name]
            self._store.put(KIND, key, alert)
        return alert

    def delete(self, key: str, *, purge: bool) -> None:
        """Trash, or with `purge` delete for good. Raises ApiError 404."""
        with self._store.transaction():
            alert = self.get(key)
            if purge:
                self._store.delete(KIND, key)
                self._store.delete(ACL, f"alertsv2/{key}")
                return
            trashed = {**alert, "lifecycle_state": "DELETED", "update_time": self._timestamp()}
            self._store.put(KIND, key, trashed)

    def record_evaluation(self, key: str, state: str, moment: str) -> None:
        """Write the outcome of an evaluation into the alert; a deleted one takes none."""
        with self._store.transaction():
            alert = self._store.get(KIND, key)
            if alert is None or alert["lifecycle_state"] != "ACTIVE":
                return
            evaluation = {**alert["evaluation"], "state": state, "last_evaluated_at": moment}
            self._store.put(KIND, key, {**alert, "evaluation": evaluation})

    def _require_place(self) -> None:
        if len(self._store.all(KIND)) >= LIMIT:
            raise ApiError(
                429,
                "RESOURCE_EXHAUSTED",
                f"The workspace has reached its limit of {LIMIT} alerts, those in the trash "
                "included.",
            )

    def _require_name(self, alert: Document, key: str = "") -> None:
        home, name = alert["parent_path"], alert["display_name"]
        same = any(
            (other["parent_path"], other["display_name"]) == (home, name) and other["id"] != key
            for other in self.active()
        )
        if same or self._store.get(FILE, f"{home}/{name}.dbalert.json"):
            raise taken(f"Node named '{name}.dbalert.json' already exists in {home}.")


def inputs(alert: dict[str, Any]) -> dict[str, Any]:
    """What a client says of an alert, without what the server adds. A null says nothing."""
    kept: dict[str, Any] = _said(
        {name: value for name, value in alert.items() if name not in OUTPUT_ONLY}
    )
    evaluation = kept.get("evaluation")
    if isinstance(evaluation, dict):
        for name in ("state", "last_evaluated_at"):
            evaluation.pop(name, None)
        notification = evaluation.get("notification")
        if isinstance(notification, dict):
            for name in ("effective_notify_on_ok", "effective_retrigger_seconds"):
                notification.pop(name, None)
    return kept


def _said(value: Any) -> Any:
    """A copy without nulls, at any depth: in the API's JSON they stand for absent fields."""
    if isinstance(value, dict):
        return {name: _said(item) for name, item in value.items() if item is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value


def _completed(alert: dict[str, Any], user: User, home: str | None = None) -> dict[str, Any]:
    """The alert with the server's defaults and normal forms."""
    path = alert.get("parent_path") or home or f"/Workspace/Users/{user.name}"
    alert["parent_path"] = normal(path)
    alert["schedule"].setdefault("pause_status", "UNPAUSED")
    alert["evaluation"].setdefault("empty_result_state", "UNKNOWN")
    notification = alert["evaluation"].setdefault("notification", {})
    notification["effective_notify_on_ok"] = bool(notification.get("notify_on_ok", False))
    notification["effective_retrigger_seconds"] = int(notification.get("retrigger_seconds", 0))
    value = (alert["evaluation"].get("threshold") or {}).get("value") or {}
    if abs(value.get("double_value", 0)) > _EXACT:
        value["double_value"] = float(value["double_value"])
    run_as = alert.get("run_as")
    owner = "service_principal_name" if user.service_principal else "user_name"
    alert["effective_run_as"] = dict(run_as) if run_as else {owner: user.name}
    for parameter in alert.get("parameters", []):
        parameter.setdefault("type", "STRING")
    return alert


def _mask(mask: str, body: dict[str, Any]) -> list[str]:
    """The paths of an update_mask. Raises ApiError for an empty one or an unknown field."""
    if mask.strip() == "*":
        return list(MASKABLE)
    paths = [part.strip() for part in mask.split(",") if part.strip()]
    if not paths:
        raise invalid("update_mask is required.")
    for path in paths:
        if path.split(".", 1)[0] not in MASKABLE:
            raise invalid(f"update_mask: {path[:60]!r} is not a field that can be updated.")
    return paths


def _masked(old: dict[str, Any], body: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """`old` with the masked fields of `body`; a masked field that is absent is cleared."""
    known = inputs(body)
    for path in paths:
        target, source = old, known
        *parents, leaf = path.split(".")
        for name in parents:
            target = target.setdefault(name, {})
            inner = source.get(name)
            source = inner if isinstance(inner, dict) else {}
        if leaf in source:
            target[leaf] = source[leaf]
        elif path != "parent_path":
            target.pop(leaf, None)
    return old
